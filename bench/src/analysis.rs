//! How often judges of releases are right, and how soon: ours, one like Kayenta's and one like Flagger's look at the
//! same simulated requests.

mod flagger;
mod judge;
mod kayenta;
mod traffic;

use crate::sample::median;
use crate::table::Line;
use anyhow::{Result, ensure};
use clap::Args;
use flagger::Flagger;
use judge::{Judge, Ours};
use kayenta::Kayenta;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc;
use traffic::{LOOK_SECONDS, Scenario, Traffic};

/// How to simulate.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Releases of each kind at each traffic.
    #[arg(long, default_value_t = 200)]
    runs: u32,
    /// Part of the traffic that the candidate gets.
    #[arg(long, default_value_t = 0.1)]
    share: f64,
    /// Minutes until a person is asked.
    #[arg(long, default_value_t = 60)]
    minutes: u32,
}

const JUDGES: [&str; 3] = ["ours", "as Kayenta", "as Flagger"];
/// Ours once more, where there is no difference, looking on for an hour whether or not the candidate passed.
const LOOKING_ON: usize = JUDGES.len();
/// All requests to both releases: name and how many a second.
const TRAFFIC: [(&str, f64); 6] = [
    ("10 /min", 10.0 / 60.0),
    ("100 /min", 100.0 / 60.0),
    ("1000 /min", 1000.0 / 60.0),
    ("100 /s", 100.0),
    ("1000 /s", 1000.0),
    ("10000 /s", 10_000.0),
];
/// In the first two there is no difference.
const SCENARIOS: [Scenario; 6] = [
    Scenario { name: "0.6 % both", errors: (0.006, 0.006), slower: 1.0 },
    Scenario { name: "2 % both", errors: (0.02, 0.02), slower: 1.0 },
    Scenario { name: "0.6 -> 1.2 %", errors: (0.006, 0.012), slower: 1.0 },
    Scenario { name: "2 -> 4 %", errors: (0.02, 0.04), slower: 1.0 },
    Scenario { name: "0.6 -> 6 %", errors: (0.006, 0.06), slower: 1.0 },
    Scenario { name: "p95 +30 %", errors: (0.006, 0.006), slower: 1.3 },
];
const NO_DIFFERENCE: usize = 2;

/// What one judge said of one release, and after how many seconds.
type Said = Option<(bool, f64)>;

/// What one judge said of all releases of a kind.
#[derive(Debug, Clone, Default)]
struct Record {
    back: u32,
    passed: u32,
    runs: u32,
    seconds: Vec<f64>,
}

/// By judge.
type Cell = [Record; JUDGES.len() + 1];

/// Simulates and prints.
#[expect(clippy::unused_async, reason = "as all benchmarks are started")]
pub(crate) async fn run(options: Options) -> Result<Vec<Line>> {
    ensure!(options.runs > 0 && options.minutes > 0, "there must be something to look at");
    ensure!(options.share > 0.0 && options.share < 1.0, "--share is between 0 and 1");
    let cells = simulate(&options);
    print(&cells);
    Ok(lines(&cells))
}

/// All cells: by traffic, then by scenario.
fn simulate(options: &Options) -> Vec<Cell> {
    let (next, (sender, receiver)) = (AtomicUsize::new(0), mpsc::channel());
    let all = TRAFFIC.len() * SCENARIOS.len();
    let work = || {
        let sender = sender.clone();
        // Those with most traffic take longest and come first.
        while let Some(cell) = all.checked_sub(next.fetch_add(1, Relaxed) + 1) {
            sender.send((cell, simulated(cell, options))).expect("it is read below");
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let mut cells = vec![Cell::default(); all];
    for (cell, records) in receiver.try_iter() {
        cells[cell] = records;
    }
    cells
}

fn simulated(cell: usize, options: &Options) -> Cell {
    let mut records = Cell::default();
    let (traffic, scenario) = (TRAFFIC[cell / SCENARIOS.len()], SCENARIOS[cell % SCENARIOS.len()]);
    for run in 0..options.runs {
        let seed = u64::from(run) << 16 | u64::try_from(cell).unwrap_or(0);
        let traffic = Traffic::new(scenario, traffic.1, options.share, seed);
        let said = released(traffic, cell % SCENARIOS.len() < NO_DIFFERENCE, options.minutes);
        for (record, said) in records.iter_mut().zip(said) {
            record.add(said);
        }
    }
    records
}

/// One release under the eyes of all.
fn released(mut traffic: Traffic, looks_on: bool, minutes: u32) -> Vec<Said> {
    let history = traffic.history();
    let mut judges: Vec<Box<dyn Judge>> = vec![
        Box::new(Ours::new(&history, true)),
        Box::new(Kayenta::default()),
        Box::new(Flagger::default()),
    ];
    if looks_on {
        judges.push(Box::new(Ours::new(&history, false)));
    }
    let mut said = vec![None; judges.len()];
    let mut seconds = 0.0;
    while seconds < f64::from(minutes) * 60.0 && said.iter().any(Option::is_none) {
        seconds += LOOK_SECONDS;
        let look = traffic.next();
        for (judge, said) in judges.iter_mut().zip(&mut said) {
            if said.is_none() {
                *said = judge.look(&look).map(|passes| (passes, seconds));
            }
        }
    }
    said
}

impl Record {
    fn add(&mut self, said: Said) {
        self.runs += 1;
        let Some((passes, seconds)) = said else { return };
        self.seconds.push(seconds);
        *if passes { &mut self.passed } else { &mut self.back } += 1;
    }

    fn percent(&self, of: u32) -> f64 {
        100.0 * f64::from(of) / f64::from(self.runs)
    }

    /// How many go back, how many pass, and the median time to either.
    fn text(&self) -> String {
        let (back, passed) = (self.percent(self.back), self.percent(self.passed));
        format!("{back:>5.1} {passed:>5.1} {:>6}", self.time())
    }

    fn time(&self) -> String {
        let seconds = median(self.seconds.clone());
        match seconds {
            none if none.is_nan() => "-".to_owned(),
            short if short < 120.0 => format!("{short:.0} s"),
            long => format!("{:.0} min", long / 60.0),
        }
    }
}

fn print(cells: &[Cell]) {
    println!(
        "of each kind: % sent back, % passed (the rest asks a person), median time to the verdict"
    );
    print!("{:<10}{:<11}", "traffic", "judge");
    for scenario in SCENARIOS {
        print!("  {:<18}", scenario.name);
    }
    println!();
    for ((name, _), row) in TRAFFIC.iter().zip(cells.chunks(SCENARIOS.len())) {
        for (number, judge) in JUDGES.iter().enumerate() {
            print!("{:<10}{judge:<11}", if number == 0 { name } else { "" });
            for cell in row {
                print!("  {}", cell[number].text());
            }
            println!();
        }
    }
}

/// The promise, and what is caught where there is enough traffic.
fn lines(cells: &[Cell]) -> Vec<Line> {
    let promised = 100.0 * stats::Level::FALSE_ROLLBACK.get();
    let worst = |judge: usize| {
        let rows = cells.chunks(SCENARIOS.len()).flat_map(|row| &row[..NO_DIFFERENCE]);
        rows.map(|cell| cell[judge].percent(cell[judge].back)).fold(0.0, f64::max)
    };
    let (ours, kayenta, flagger) = (worst(LOOKING_ON), worst(1), worst(2));
    let beside =
        format!("promised {promised:.0} %, as Kayenta {kayenta:.1} %, as Flagger {flagger:.1} %");
    let what = "false rollbacks in an hour of looking, at the worst traffic";
    let mut lines = vec![
        Line::new(what, format!("{ours:.1} %"))
            .beside(beside, ours / promised)
            .goal(format!("<= {promised:.0} %"), ours <= promised),
    ];
    // At 100 requests a second.
    let row = &cells[3 * SCENARIOS.len()..4 * SCENARIOS.len()];
    for (scenario, cell) in SCENARIOS.iter().zip(row).skip(NO_DIFFERENCE + 1) {
        let caught = |judge: usize| cell[judge].percent(cell[judge].back);
        let figure = |judge: usize| format!("{:.0} % in {}", caught(judge), cell[judge].time());
        let beside = format!("as Kayenta {}, as Flagger {}", figure(1), figure(2));
        let ratio = caught(0) / caught(1).max(f64::MIN_POSITIVE);
        let what = format!("caught at 100 /s: {}", scenario.name);
        lines.push(Line::new(what, figure(0)).beside(beside, ratio));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_caught_and_the_same_seed_says_the_same() {
        let options = Options { runs: 3, share: 0.1, minutes: 20 };
        let outage = 3 * SCENARIOS.len() + 4;
        let (one, again) = (simulated(outage, &options), simulated(outage, &options));
        assert_eq!((one[0].back, one[0].passed, one[0].runs), (3, 0, 3));
        assert_eq!(one[0].seconds, again[0].seconds);
        assert_eq!(one[0].text(), format!("100.0   0.0 {:>6}", one[0].time()));
    }
}
