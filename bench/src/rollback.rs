//! From the command to go back until users are answered by the release before. Warm: its instances still run,
//! because the new one is in its bake. Cold: it was live, and the one before has been stopped.

use crate::platform::{BLUE_GREEN, Manifest, Platform, host};
use crate::sample::{median_time, milliseconds, ratio};
use crate::table::Line;
use anyhow::{Context, Result};
use clap::Args;
use proto::v1::release::State;
use std::time::Duration;
use testkit::{Http, Repo};
use tokio::time::Instant;

const APP: &str = "rollback";
const OLD: &str = "old";
const NEW: &str = "new";
/// Longer than a round lasts.
const BAKE: &str = "1h";
/// More than this is not at once.
const WANTED: Duration = Duration::from_millis(200);
/// The release before answers within this, or never.
const PATIENCE: Duration = Duration::from_secs(30);

/// How to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How often each is measured.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
}

/// A platform with both versions.
struct Stage {
    platform: Platform,
    old: String,
    new: String,
    users: Http,
}

/// Measures and prints.
pub(crate) async fn run(options: Options) -> Result<Vec<Line>> {
    let platform = Platform::start().await?;
    let (old, new) = (platform.image(OLD).await?, platform.image(NEW).await?);
    platform.register(APP, &Repo::init()).await?;
    let users = platform.world.users(&host(APP));
    let stage = Stage { platform, old, new, users };
    let (mut warm, mut cold) = (Vec::new(), Vec::new());
    for round in 0..=options.rounds {
        let (in_bake, after) = (stage.warm(round * 4).await?, stage.cold(round * 4 + 2).await?);
        // The first of each finds nothing warm: connections, caches, pages of programs.
        if round > 0 {
            println!("round {round}  warm {}  cold {}", milliseconds(in_bake), milliseconds(after));
            warm.push(in_bake);
            cold.push(after);
        }
    }
    let (warm, cold) = (median_time(warm), median_time(cold));
    let goal = format!("<= {}", milliseconds(WANTED));
    Ok(vec![
        Line::new("warm rollback: command to first answer of the old", milliseconds(warm))
            .beside(format!("cold {}", milliseconds(cold)), ratio(warm, cold))
            .goal(goal, warm <= WANTED),
    ])
}

impl Stage {
    async fn deploy(&self, image: &str, bake: &str, number: usize, state: State) -> Result<i64> {
        let manifest = Manifest { app: APP, strategy: BLUE_GREEN, bake, number };
        let number = self.platform.deploy(&manifest, image).await?;
        self.platform.until(APP, number, state).await?;
        Ok(number)
    }

    /// Back out of a bake.
    async fn warm(&self, number: usize) -> Result<Duration> {
        self.deploy(&self.old, "0s", number, State::Live).await?;
        let candidate = self.deploy(&self.new, BAKE, number + 1, State::Baking).await?;
        let took = self.go_back().await?.1;
        self.platform.until(APP, candidate, State::RolledBack).await?;
        Ok(took)
    }

    /// Back to a release that was replaced.
    async fn cold(&self, number: usize) -> Result<Duration> {
        self.deploy(&self.old, "0s", number, State::Live).await?;
        self.deploy(&self.new, "0s", number + 1, State::Live).await?;
        let (restoring, took) = self.go_back().await?;
        self.platform.until(APP, restoring, State::Live).await?;
        Ok(took)
    }

    /// The command; when the old one answers, as a user sees it who asks without a pause.
    async fn go_back(&self) -> Result<(i64, Duration)> {
        anyhow::ensure!(self.version().await? == NEW, "the new version does not answer");
        let sent = Instant::now();
        let until_old = async {
            while self.version().await? != OLD {}
            anyhow::Ok(sent.elapsed())
        };
        let answered = async {
            tokio::time::timeout(PATIENCE, until_old).await.context("the old one never answers")?
        };
        tokio::try_join!(self.platform.rollback(APP), answered)
    }

    async fn version(&self) -> Result<String> {
        let answer = self.users.get("/").await?.json();
        Ok(answer["version"].as_str().context("an answer without a version")?.to_owned())
    }
}
