//! What a program that ran to its end cost: processor time, and the most memory that it held at once.

use anyhow::{Context, Result, ensure};
use std::ffi::OsStr;
use std::path::Path;
use tokio::process::Command;

/// Tells the peak of memory; Debian's package `time`.
const TIME: &str = "/usr/bin/time";

/// What it cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// Of all its threads, user and system.
    pub(crate) seconds: f64,
    pub(crate) mib: f64,
}

/// Runs a program `times` times and gives the mean time and the largest peak, and what it printed last. It
/// may end with 1, and must print something.
pub(crate) async fn of<I: AsRef<OsStr>>(
    program: &Path,
    arguments: &[I],
    times: u32,
) -> Result<(Cost, String)> {
    let peak = tempfile::NamedTempFile::new().context("making a file")?;
    let (mut mib, mut printed) = (0.0_f64, String::new());
    let before = ended_seconds()?;
    for _ in 0..times {
        let mut command = Command::new(TIME);
        command.args(["--quiet", "--format=%M", "--output"]).arg(peak.path());
        let output = command.arg(program).args(arguments).output().await;
        let output = output.with_context(|| format!("running {}", program.display()))?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        let is_done = output.status.code().is_some_and(|code| code <= 1);
        let is_done = is_done && !output.stdout.is_empty();
        ensure!(is_done, "{}: {}: {complaint}", program.display(), output.status);
        let kib = std::fs::read_to_string(peak.path()).context("reading the peak of memory")?;
        let kib: f64 = kib.trim().parse().context("the peak of memory is a number")?;
        mib = mib.max(kib / 1024.0);
        printed = String::from_utf8_lossy(&output.stdout).into_owned();
    }
    let seconds = (ended_seconds()? - before) / f64::from(times);
    Ok((Cost { seconds, mib }, printed))
}

/// Processor time of all programs that this one started and that have ended.
fn ended_seconds() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").context("reading processor times")?;
    of_ended(&stat).context("there are processor times")
}

/// Hundredths of a second; the kernel adds up in nanoseconds before it rounds.
fn of_ended(stat: &str) -> Option<f64> {
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let ticks: Option<f64> = fields.get(13..15)?.iter().map(|it| it.parse::<f64>().ok()).sum();
    Some(ticks? / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_says_of_ended_programs_is_understood() {
        let stat = "42 (a) b) S 1 42 42 0 -1 4194560 1 2 0 0 7 5 30 1 20 0 9 0 100 1 1";
        assert_eq!(of_ended(stat), Some(0.31));
    }
}
