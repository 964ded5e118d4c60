//! What a daily verdict on captured traffic begins with: the counts of 24 hours of a hundred columns, added up. Beside it,
//! counting the requests of the day anew.

use crate::chance::Chance;
use crate::fraud::{Feature, features};
use crate::sample::{median_time, milliseconds, ratio};
use crate::table::Line;
use anyhow::{Context, Result};
use clap::Args;
use drift::{Column, Outline, Summary};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;
use tokio::time::Instant;

/// More than this is noticed.
const WANTED: Duration = Duration::from_millis(20);
const HOURS: usize = 24;

/// How to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Columns.
    #[arg(long, default_value_t = 100)]
    columns: usize,
    /// Requests that were captured in an hour.
    #[arg(long, default_value_t = 5000)]
    requests: usize,
    /// How often it is measured.
    #[arg(long, default_value_t = 51)]
    rounds: usize,
}

/// Counts by column, as they are kept.
type Counts = BTreeMap<String, Summary>;

/// A column, how it is counted, and what was captured of it by hour.
struct Captured {
    name: String,
    outline: Outline,
    hours: Vec<Column>,
}

/// Measures and prints.
#[expect(clippy::unused_async, reason = "as all benchmarks are started")]
pub(crate) async fn run(options: Options) -> Result<Vec<Line>> {
    let captured = captured(&options);
    let hours: Vec<Counts> = (0..HOURS).map(|hour| counts(&captured, hour)).collect();
    let kept = hours.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>();
    let kept = kept.context("writing counts")?;
    let [mut merged, mut read, mut anew] = [const { Vec::new() }; 3];
    for _ in 0..options.rounds {
        merged.push(timed(|| merge(&hours)));
        read.push(timed(|| {
            let hours = kept.iter().map(|text| serde_json::from_str::<Counts>(text));
            let hours: Vec<Counts> = hours.collect::<Result<_, _>>().expect("it was written above");
            merge(&hours)
        }));
    }
    // One is enough of what takes longest.
    anew.push(timed(|| merge(&(0..HOURS).map(|hour| counts(&captured, hour)).collect::<Vec<_>>())));
    let bytes = kept.iter().map(String::len).sum::<usize>() / 1024;
    let (merged, read, anew) = (median_time(merged), median_time(read), median_time(anew));
    let requests = options.requests * HOURS;
    let beside = format!("counting {requests} requests anew {}", milliseconds(anew));
    let what = format!("{HOURS} hours x {} columns", options.columns);
    Ok(vec![
        Line::new(format!("counts added up, {what}"), milliseconds(merged))
            .beside(&beside, ratio(merged, anew))
            .goal(format!("<= {}", milliseconds(WANTED)), merged <= WANTED),
        Line::new(format!("the same with reading {bytes} KiB of JSON"), milliseconds(read))
            .beside(beside, ratio(read, anew)),
    ])
}

fn captured(options: &Options) -> Vec<Captured> {
    let (features, mut chance) = (features(), Chance::new(1));
    let of = |(number, feature): (usize, &Feature)| {
        let reference = feature.column(options.requests, false, &mut chance);
        let hours = (0..HOURS).map(|_| feature.column(options.requests, false, &mut chance));
        let hours = hours.collect();
        let name = format!("{}_{number}", feature.name);
        Captured { name, outline: Outline::of(&reference), hours }
    };
    features.iter().cycle().take(options.columns).enumerate().map(of).collect()
}

fn counts(captured: &[Captured], hour: usize) -> Counts {
    let of = |it: &Captured| (it.name.clone(), Summary::of(&it.outline, &it.hours[hour]));
    captured.iter().map(of).collect()
}

/// As the monitor does it.
fn merge(hours: &[Counts]) -> Counts {
    let mut all = Counts::new();
    for (name, summary) in hours.iter().flatten() {
        match all.get_mut(name) {
            Some(known) => known.merge(summary),
            None => drop(all.insert(name.clone(), summary.clone())),
        }
    }
    all
}

fn timed(work: impl FnOnce() -> Counts) -> Duration {
    let began = Instant::now();
    black_box(work());
    began.elapsed()
}
