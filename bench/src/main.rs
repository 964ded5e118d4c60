//! Benchmarks against peers and limits. Every number is compared with something measured in the same run.
#![expect(clippy::print_stdout, reason = "figures are for people who wait for them")]

mod alarms;
mod analysis;
mod capture;
mod chance;
mod cost;
mod drift;
mod engine;
mod floor;
mod fraud;
mod idle;
mod merge;
mod paced;
mod platform;
mod regression;
mod release;
mod rollback;
mod router;
mod sample;
mod shadow;
mod switch;
mod table;
mod webhook;
mod weights;

use anyhow::{Result, anyhow, ensure};
use clap::{Parser, Subcommand};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use table::Line;

#[derive(Parser)]
struct Arguments {
    /// Everything, one after the other, when nothing is named.
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand)]
enum What {
    /// Webhooks accepted durably against plain Postgres.
    Webhook(webhook::Options),
    /// Requests per second and latency against nginx, `HAProxy` and Caddy.
    Router(router::Options),
    /// From an accepted push to live, against the bare engine.
    Release(release::Options),
    /// A hundred blue-green releases under load.
    Switch(switch::Options),
    /// From the command to go back to the first answer of the old release.
    Rollback(rollback::Options),
    /// Memory and processor time while nothing happens.
    Idle(idle::Options),
    /// What copies of requests cost those that are copied.
    Shadow(shadow::Options),
    /// How often judges of releases are right, and how soon, on simulated requests.
    Analysis(analysis::Options),
    /// Whether a canary gets the share of requests that it was given.
    Weights(weights::Options),
    /// From the first bad answer of a canary until it is gone.
    Regression(regression::Options),
    /// `slipway drift data` against Evidently: processor time and memory.
    Drift(drift::Options),
    /// How often judges of data are right, on simulated days.
    Alarms(alarms::Options),
    /// What capturing requests costs those that are captured.
    Capture(capture::Options),
    /// A day of captured traffic, added up from its hours.
    Merge(merge::Options),
}

/// What runs when nothing is named, with the usual options.
const ALL: [&str; 14] = [
    "webhook",
    "router",
    "release",
    "switch",
    "rollback",
    "idle",
    "shadow",
    "analysis",
    "weights",
    "regression",
    "drift",
    "alarms",
    "capture",
    "merge",
];

#[tokio::main]
async fn main() -> Result<()> {
    let wanted = match Arguments::parse().what {
        Some(what) => vec![what],
        None => ALL.iter().map(|name| usual(name)).collect::<Result<_>>()?,
    };
    let (mut lines, mut broken) = (Vec::new(), Vec::new());
    for what in wanted {
        let name = what.name();
        println!("\n== {name}");
        // What panics must not take the figures of others with it.
        match AssertUnwindSafe(what.run()).catch_unwind().await {
            Ok(Ok(measured)) => lines.extend(measured),
            Ok(Err(error)) => broken.push(format!("{name}: {error:#}")),
            Err(_) => broken.push(format!("{name} panicked")),
        }
    }
    print!("\n{}", table::table(&lines));
    ensure!(broken.is_empty(), "not measured: {}", broken.join("; "));
    Ok(())
}

/// The benchmark called `name` with its usual options.
fn usual(name: &str) -> Result<What> {
    let what = Arguments::try_parse_from(["bench", name])?.what;
    what.ok_or_else(|| anyhow!("there is no benchmark {name}"))
}

impl What {
    fn name(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Router(_) => "router",
            Self::Release(_) => "release",
            Self::Switch(_) => "switch",
            Self::Rollback(_) => "rollback",
            Self::Idle(_) => "idle",
            Self::Shadow(_) => "shadow",
            Self::Analysis(_) => "analysis",
            Self::Weights(_) => "weights",
            Self::Regression(_) => "regression",
            Self::Drift(_) => "drift",
            Self::Alarms(_) => "alarms",
            Self::Capture(_) => "capture",
            Self::Merge(_) => "merge",
        }
    }

    async fn run(self) -> Result<Vec<Line>> {
        match self {
            Self::Webhook(options) => webhook::run(options).await,
            Self::Router(options) => router::run(options).await,
            Self::Release(options) => release::run(options).await,
            Self::Switch(options) => switch::run(options).await,
            Self::Rollback(options) => rollback::run(options).await,
            Self::Idle(options) => idle::run(options).await,
            Self::Shadow(options) => shadow::run(options).await,
            Self::Analysis(options) => analysis::run(options).await,
            Self::Weights(options) => weights::run(options).await,
            Self::Regression(options) => regression::run(options).await,
            Self::Drift(options) => drift::run(options).await,
            Self::Alarms(options) => alarms::run(options).await,
            Self::Capture(options) => capture::run(options).await,
            Self::Merge(options) => merge::run(options).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_runs_by_itself_is_known_by_its_name() {
        for name in ALL {
            assert_eq!(usual(name).unwrap().name(), name);
        }
    }
}
