//! From the first answer that a user should not have got until no user is sent to the release that gave it: a canary that
//! fails one of twenty requests, among users who ask at a pace, judged as the manifest's defaults say.

use crate::paced::{self, Answer, Pace, Question};
use crate::platform::{BLUE_GREEN, Manifest, Platform, host, instant};
use crate::sample::{median_time, seconds};
use crate::table::Line;
use anyhow::{Context, Result, ensure};
use clap::Args;
use proto::v1::Release;
use proto::v1::release::State;
use serde_json::json;
use std::time::{Duration, SystemTime};
use testkit::Repo;
use tokio::sync::mpsc::UnboundedReceiver;

const APP: &str = "regression";
/// Longer than this is too long.
const WANTED: Duration = Duration::from_secs(10);
/// Users ask no longer than this in a round.
const PATIENCE: Duration = Duration::from_mins(4);
/// The state in which traffic goes back, and then the candidate is removed.
const BACK: &str = "rolling_back";
/// One of so many requests fails.
const ONE_OF: u32 = 20;

/// How to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How often it is measured with each share.
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// Requests a second to both releases.
    #[arg(long, default_value_t = 200.0)]
    rate: f64,
    /// Connections of the load.
    #[arg(long, default_value_t = 16)]
    connections: u32,
    /// The first share of the canary, in percent.
    #[arg(long, value_delimiter = ',', default_values_t = [10, 50])]
    shares: Vec<u32>,
}

/// A platform with a release that is live, and one that fails.
struct Stage {
    platform: Platform,
    image: String,
    pace: Pace,
}

/// Measures and prints.
pub(crate) async fn run(options: Options) -> Result<Vec<Line>> {
    let platform = Platform::start().await?;
    let good = platform.image("good").await?;
    let fails = json!({ "version": "bad", "error_after_s": 0, "error_every": ONE_OF });
    let image = platform.chameleon("bad", &fails).await?;
    platform.register(APP, &Repo::init()).await?;
    let manifest = Manifest { app: APP, strategy: BLUE_GREEN, bake: "0s", number: 0 };
    let first = platform.deploy(&manifest, &good).await?;
    platform.until(APP, first, State::Live).await?;
    let pace = Pace { connections: options.connections, rate: options.rate, time: PATIENCE };
    let stage = Stage { platform, image, pace };
    let (mut lines, mut number) = (Vec::new(), 0);
    for share in options.shares {
        let mut all = Vec::new();
        for round in 1..=options.rounds {
            number += 1;
            let took = stage.round(share, number).await?;
            println!("{share:>3} %  round {round}  back after {}", seconds(took));
            all.push(took);
        }
        lines.push(judge(share, &all));
    }
    Ok(lines)
}

impl Stage {
    async fn round(&self, share: u32, number: usize) -> Result<Duration> {
        let address = self.platform.world.traffic();
        let mut answers = paced::ask(address, &Question::get(&host(APP)), self.pace);
        let strategy = format!("{{ canary: {{ steps: [{share}, 100], hold: 5m }} }}");
        let manifest = Manifest { app: APP, strategy: &strategy, bake: "0s", number };
        let candidate = self.platform.deploy(&manifest, &self.image).await?;
        let release = self.platform.until(APP, candidate, State::RolledBack).await?;
        let reason = release.failure.as_ref().map(|failure| failure.reason.as_str());
        ensure!(reason == Some("ANALYSIS_FAILED"), "it went back for {reason:?}");
        let first = first_failure(&mut answers)?;
        Ok(gone(&release)?.duration_since(first)?)
    }
}

/// When users were first told that something failed; until now.
fn first_failure(answers: &mut UnboundedReceiver<Result<Answer>>) -> Result<SystemTime> {
    let mut first: Option<SystemTime> = None;
    while let Ok(answer) = answers.try_recv() {
        let Answer { status, at, .. } = answer?;
        if status.is_server_error() {
            first = Some(first.map_or(at, |first| first.min(at)));
        }
    }
    first.context("no user noticed anything")
}

/// When all users were back at the stable release: the first of the two halves of going back.
fn gone(release: &Release) -> Result<SystemTime> {
    let back = release.steps.iter().find(|step| step.step == BACK);
    instant(back.context("it does not say when traffic was back")?.end_time.as_ref())
}

fn judge(share: u32, all: &[Duration]) -> Line {
    let median = median_time(all.iter().copied());
    let range = (all.iter().min().copied(), all.iter().max().copied());
    let (least, most) = (range.0.unwrap_or_default(), range.1.unwrap_or_default());
    Line::new(format!("first bad answer to rollback, {share} % canary"), seconds(median))
        .beside(
            format!("limit {}; {} to {}", seconds(WANTED), seconds(least), seconds(most)),
            median.as_secs_f64() / WANTED.as_secs_f64(),
        )
        .goal(format!("<= {}", seconds(WANTED)), median <= WANTED)
}
