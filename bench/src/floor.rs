//! The least a new version costs without any platform: build, push, create, start, ask until it answers.

use crate::engine::{Engine, tar};
use crate::sample::median_time;
use anyhow::{Context, Result};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use testkit::Http;
use tokio::time::Instant;

/// From one question to the next.
const PAUSE: Duration = Duration::from_millis(5);
/// A container that says nothing for so long never will.
const PATIENCE: Duration = Duration::from_secs(30);
/// Where the example listens, and what it answers when it is ready.
const PORT: u16 = 8000;
const READY: &str = "/ready";

/// What the parts of one round took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Took {
    pub(crate) build: Duration,
    pub(crate) push: Duration,
    /// The container is made and started.
    pub(crate) start: Duration,
    /// Until the first 200.
    pub(crate) ready: Duration,
}

impl Took {
    /// All of it.
    pub(crate) fn total(&self) -> Duration {
        self.build + self.push + self.start + self.ready
    }

    /// The middle of each part by itself.
    pub(crate) fn median(rounds: &[Self]) -> Self {
        let middle = |part: fn(&Self) -> Duration| median_time(rounds.iter().map(part));
        Self {
            build: middle(|took| took.build),
            push: middle(|took| took.push),
            start: middle(|took| took.start),
            ready: middle(|took| took.ready),
        }
    }
}

/// Builds `folder` as `repository:tag` and runs it until it answers.
pub(crate) async fn round(
    engine: &Engine,
    folder: &Path,
    (repository, tag, target): (&str, &str, &str),
) -> Result<Took> {
    let mut lap = Lap(Instant::now());
    engine.build(tar(folder).await?, &format!("{repository}:{tag}"), target).await?;
    let build = lap.next();
    engine.push(repository, tag).await?;
    let push = lap.next();
    let container = engine.create(&format!("{repository}:{tag}")).await?;
    engine.start(&container).await?;
    let start = lap.next();
    let address = SocketAddr::new(engine.address(&container).await?, PORT);
    answers(address).await.context("the bare container")?;
    let ready = lap.next();
    engine.remove(&container).await?;
    Ok(Took { build, push, start, ready })
}

/// Waits for the first 200.
pub(crate) async fn answers(address: SocketAddr) -> Result<()> {
    let http = Http::new(address, "localhost");
    let until_it_answers = async {
        while !http.get(READY).await.is_ok_and(|answer| answer.status == 200) {
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::time::timeout(PATIENCE, until_it_answers).await.context("it is never ready")
}

struct Lap(Instant);

impl Lap {
    fn next(&mut self) -> Duration {
        let before = std::mem::replace(&mut self.0, Instant::now());
        before.elapsed()
    }
}
