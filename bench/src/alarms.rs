//! How often judges of data are right, on simulated days of the synthetic table: ours and Evidently's defaults, as
//! `--compat evidently` reproduces them, look at the same values. Days on which nothing changed, and days on which twelve
//! of twenty columns did.

mod day;

use crate::fraud::features;
use crate::table::Line;
use anyhow::{Result, ensure};
use clap::Args;
use day::{Day, JUDGES, Tally, look};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc;

/// How to simulate.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Days without a change, of each size.
    #[arg(long, default_value_t = 2000)]
    clean: usize,
    /// Days with all changes, of each size.
    #[arg(long, default_value_t = 200)]
    changed: usize,
}

/// Rows of the reference and of a day.
const SIZES: [(usize, usize); 6] = [
    (500, 500),
    (1_000, 1_000),
    (2_000, 2_000),
    (10_000, 2_000),
    (10_000, 10_000),
    (100_000, 100_000),
];
/// Of the largest tables so much fewer days are looked at.
const LARGE: usize = 50_000;
const FEWER: usize = 10;
/// The share of clean days of which the table may be called drifted, in percent.
const PROMISED: f64 = 5.0;
/// The size of which the summary tells what was found.
const USUAL: usize = 2;

/// What was said of the days of one size: without changes, and with them.
type Cell = [Tally; 2];

/// Simulates and prints.
#[expect(clippy::unused_async, reason = "as all benchmarks are started")]
pub(crate) async fn run(options: Options) -> Result<Vec<Line>> {
    ensure!(options.clean >= FEWER && options.changed >= FEWER, "that is too few days");
    let cells = simulate(&options);
    print_clean(&cells);
    print_changed(&cells);
    Ok(lines(&cells))
}

/// All days, those with most rows first.
fn days(options: &Options) -> Vec<Day> {
    let mut days = Vec::new();
    for (size, rows) in SIZES.into_iter().enumerate().rev() {
        let fewer = if rows.0 > LARGE { FEWER } else { 1 };
        for (after, count) in [(false, options.clean), (true, options.changed)] {
            days.extend((0..count / fewer).map(|number| Day { size, rows, after, number }));
        }
    }
    days
}

fn simulate(options: &Options) -> Vec<Cell> {
    let days = days(options);
    let (next, (sender, receiver)) = (AtomicUsize::new(0), mpsc::channel());
    let work = || {
        let (sender, features) = (sender.clone(), features());
        while let Some(day) = days.get(next.fetch_add(1, Relaxed)) {
            sender.send((day, look(day, &features))).expect("it is read below");
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let mut cells = vec![Cell::default(); SIZES.len()];
    for (day, said) in receiver.try_iter() {
        cells[day.size][usize::from(day.after)].add(&said);
    }
    cells
}

fn size((reference, day): (usize, usize)) -> String {
    format!("{reference} / {day}")
}

fn print_clean(cells: &[Cell]) {
    println!("days without a change: % of which the table, and any column, is called drifted");
    println!("{:<18}{:<11}{:>6}  table  column", "reference / day", "judge", "days");
    for (rows, [clean, _]) in SIZES.into_iter().zip(cells) {
        for (judge, name) in JUDGES.iter().enumerate() {
            let (table, column) = (clean.table(judge), clean.any(judge));
            println!("{:<18}{name:<11}{:>6}  {table:>5.1}  {column:>6.1}", size(rows), clean.days);
        }
    }
}

fn print_changed(cells: &[Cell]) {
    println!(
        "\ndays with all changes: % of which a column is called drifted, ours and Evidently's"
    );
    print!("{:<18}", "reference / day");
    for rows in SIZES {
        print!("{:>17}", size(rows));
    }
    println!();
    let row = |name: &str, of: &dyn Fn(&Tally, usize) -> f64| {
        print!("{name:<18}");
        for [_, changed] in cells {
            print!("{:>9.1}{:>8.1}", of(changed, 0), of(changed, 1));
        }
        println!();
    };
    for changes in [true, false] {
        println!("{}", if changes { "changed" } else { "not changed" });
        for (at, feature) in features().iter().enumerate() {
            if feature.changes == changes {
                row(&format!("  {}", feature.name), &|tally, judge| tally.column(judge, at));
            }
        }
    }
    row("table", &Tally::table);
}

fn lines(cells: &[Cell]) -> Vec<Line> {
    let worst =
        |of: &dyn Fn(&Tally) -> f64| cells.iter().map(|[clean, _]| of(clean)).fold(0.0, f64::max);
    let (ours, theirs) = (worst(&|clean| clean.table(0)), worst(&|clean| clean.any(1)));
    let found = |judge: usize| {
        let all = features();
        let changed = all.iter().enumerate().filter(|(_, feature)| feature.changes);
        let tally = &cells[USUAL][1];
        changed.map(|(at, _)| tally.column(judge, at) / 100.0).sum::<f64>()
    };
    let beside = format!("promised {PROMISED:.0} %; a column of Evidently's on {theirs:.0} %");
    let rows = size(SIZES[USUAL]);
    vec![
        Line::new("clean days with an alarm, at the worst size", format!("{ours:.1} %"))
            .beside(beside, ours / PROMISED)
            .goal(format!("<= {PROMISED:.0} %"), ours <= PROMISED),
        Line::new(format!("changes found of 12, {rows} rows"), format!("{:.1}", found(0)))
            .beside(format!("Evidently's defaults {:.1}", found(1)), found(0) / found(1)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_days_come_first_and_are_fewer() {
        let days = days(&Options { clean: 100, changed: 20 });
        assert_eq!((days[0].rows, days[0].number), (SIZES[5], 0));
        let of = |size| days.iter().filter(|day| day.size == size).count();
        assert_eq!((of(5), of(0)), (12, 120));
    }

    #[test]
    fn the_same_day_is_said_to_be_the_same() {
        let day = Day { size: 0, rows: (5000, 5000), after: true, number: 3 };
        let (one, again) = (look(&day, &features()), look(&day, &features()));
        assert_eq!(one, again);
        let mut tally = Tally::default();
        tally.add(&one);
        assert!((tally.column(0, 0) - 100.0).abs() < 1e-9 && tally.table(0) > 99.0, "{tally:?}");
    }
}
