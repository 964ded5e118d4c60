//! The load: `wrk` on one thread.

use super::peers::Peer;
use anyhow::{Context, Result, ensure};
use std::fmt;
use std::path::Path;
use tokio::process::Command;

/// What one measurement gave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// Processor time of the proxy per request.
    pub(crate) cpu_us: f64,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { per_second, p50_ms, p99_ms, cpu_us } = self;
        write!(
            f,
            "{per_second:>9.0} requests/s   p50 {p50_ms:.3} ms   p99 {p99_ms:.3} ms   processor {cpu_us:.1} us"
        )
    }
}

/// Loads `peer`; `script` tells what is asked where that is no plain GET.
pub(crate) async fn run(
    peer: &Peer,
    connections: u32,
    seconds: u32,
    script: Option<&Path>,
) -> Result<Figures> {
    let before = peer.processor_seconds();
    let figures = load(peer.port, connections, seconds, script).await?;
    let requests = figures.per_second * f64::from(seconds);
    Ok(Figures { cpu_us: (peer.processor_seconds() - before) * 1e6 / requests, ..figures })
}

async fn load(port: u16, connections: u32, seconds: u32, script: Option<&Path>) -> Result<Figures> {
    let output = Command::new("wrk")
        .args(["-t1", "--latency", &format!("-c{connections}"), &format!("-d{seconds}s")])
        .args(script.into_iter().flat_map(|script| ["-s".as_ref(), script.as_os_str()]))
        .arg(format!("http://127.0.0.1:{port}/"))
        .output()
        .await
        .context("running wrk: is it installed?")?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "wrk failed: {}", String::from_utf8_lossy(&output.stderr));
    ensure!(
        !text.contains("Non-2xx") && !text.contains("Socket errors"),
        "failed requests:\n{text}"
    );
    parse(&text).with_context(|| format!("wrk said something else than usual:\n{text}"))
}

fn parse(text: &str) -> Option<Figures> {
    let after = |label: &str| text.lines().find_map(|line| line.trim().strip_prefix(label));
    Some(Figures {
        per_second: after("Requests/sec:")?.trim().parse().ok()?,
        p50_ms: milliseconds(after("50%")?)?,
        p99_ms: milliseconds(after("99%")?)?,
        cpu_us: 0.0,
    })
}

fn milliseconds(text: &str) -> Option<f64> {
    let text = text.trim();
    let units = [("us", 0.001), ("ms", 1.0), ("s", 1000.0)];
    let (number, factor) =
        units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
    Some(number.parse::<f64>().ok()? * factor)
}

/// The middle of each figure by itself.
pub(crate) fn median(all: &[Figures]) -> Figures {
    let middle = |of: fn(&Figures) -> f64| {
        let mut values: Vec<f64> = all.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    };
    Figures {
        per_second: middle(|figures| figures.per_second),
        p50_ms: middle(|figures| figures.p50_ms),
        p99_ms: middle(|figures| figures.p99_ms),
        cpu_us: middle(|figures| figures.cpu_us),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wrk_says_is_understood() {
        let said = "  Latency Distribution\n     50%  332.00us\n     99%    1.20ms\nRequests/sec:  98400.12\n";
        let figures = parse(said).expect("understood");
        assert_eq!(
            figures.to_string(),
            "    98400 requests/s   p50 0.332 ms   p99 1.200 ms   processor 0.0 us"
        );
    }
}
