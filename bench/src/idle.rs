//! What the five services cost while nothing happens: resident memory and processor time, with releases of many
//! apps live.

use crate::platform::{BLUE_GREEN, Manifest, Platform};
use crate::table::Line;
use anyhow::{Context, Result};
use clap::Args;
use proto::v1::release::State;
use std::time::Duration;
use testkit::Repo;

/// Programs of five services may hold this much together.
const WANTED_MIB: f64 = 200.0;
/// And use this much of one processor.
const WANTED_PERCENT: f64 = 2.0;
/// `/proc` counts processor time in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;

/// How to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Apps with a live release each.
    #[arg(long, default_value_t = 20)]
    apps: usize,
    /// Seconds until what the releases began has ended.
    #[arg(long, default_value_t = 20)]
    settle: u64,
    /// Seconds of the measurement.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// One process.
#[derive(Debug, Clone, Copy, Default)]
struct Sight {
    resident_kib: f64,
    threads: f64,
    /// Its own, and of what it started and collected.
    ticks: f64,
}

/// Measures and prints.
pub(crate) async fn run(options: Options) -> Result<Vec<Line>> {
    let platform = Platform::start().await?;
    let image = platform.image("idle").await?;
    let repo = Repo::init();
    repo.commit("Nothing");
    for number in 1..=options.apps {
        let app = format!("idle-{number}");
        platform.register(&app, &repo).await?;
        let manifest = Manifest { app: &app, strategy: BLUE_GREEN, bake: "0s", number };
        let release = platform.deploy(&manifest, &image).await?;
        platform.until(&app, release, State::Live).await?;
    }
    tokio::time::sleep(Duration::from_secs(options.settle)).await;
    let before = look(&platform)?;
    tokio::time::sleep(Duration::from_secs(options.seconds.into())).await;
    let after = look(&platform)?;
    let (mut resident, mut used) = (0.0, 0.0);
    for ((name, before), (_, after)) in before.iter().zip(&after) {
        let percent = (after.ticks - before.ticks) / f64::from(options.seconds);
        let mib = after.resident_kib / 1024.0;
        println!("{name:<9} {mib:>6.1} MiB  {:>3} threads  {percent:.2} %", after.threads);
        resident += mib;
        used += percent;
    }
    // Hundredths of a second in each second are percent.
    debug_assert!((TICKS_PER_SECOND - 100.0).abs() < f64::EPSILON);
    let live = format!("{} live releases, idle", options.apps);
    Ok(vec![
        Line::new(format!("resident memory, {live}"), format!("{resident:.0} MiB"))
            .beside(format!("limit {WANTED_MIB:.0} MiB"), resident / WANTED_MIB)
            .goal(format!("<= {WANTED_MIB:.0} MiB"), resident <= WANTED_MIB),
        Line::new(format!("of one processor, {live}"), format!("{used:.2} %"))
            .beside(format!("limit {WANTED_PERCENT:.0} %"), used / WANTED_PERCENT)
            .goal(format!("<= {WANTED_PERCENT:.0} %"), used <= WANTED_PERCENT),
    ])
}

fn look(platform: &Platform) -> Result<Vec<(&'static str, Sight)>> {
    let sight = |(name, pid)| Ok((name, sight(pid).with_context(|| format!("looking at {name}"))?));
    platform.world.processes().into_iter().map(sight).collect()
}

fn sight(pid: u32) -> Result<Sight> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let resident_kib = named(&status, "VmRSS:").context("no resident memory")?;
    let threads = named(&status, "Threads:").context("no threads")?;
    Ok(Sight { resident_kib, threads, ticks: ticks(&stat).context("no processor time")? })
}

fn named(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// User and system time, its own and of ended children.
fn ticks(stat: &str) -> Option<f64> {
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    fields.get(11..15)?.iter().map(|field| field.parse::<f64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_says_is_understood() {
        let stat = "42 (a) b) S 1 42 42 0 -1 4194560 1 2 0 0 7 5 30 1 20 0 9 0 100 1 1";
        assert_eq!(ticks(stat), Some(43.0));
        assert_eq!(named("Name:\tx\nVmRSS:\t   1234 kB\nThreads:\t9\n", "VmRSS:"), Some(1234.0));
    }
}
