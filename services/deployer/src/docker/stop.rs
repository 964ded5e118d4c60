//! Stopping an instance: its signal, time to finish, then SIGKILL; each timed.

use super::{Engine, EngineError, InstanceFacts};
use bollard::query_parameters::{KillContainerOptionsBuilder, WaitContainerOptionsBuilder};
use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::Instant;

/// The kernel needs a moment for a process that sleeps in it.
const KILL_WAIT: Duration = Duration::from_secs(30);

/// How often a container is looked at when the engine does not tell by itself.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// From the engine's word until its books say the same; and no busy loop when they do not.
const SETTLING: Duration = Duration::from_millis(10);

/// One thing done to stop an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// The signal that was sent.
    pub signal: String,
    /// When.
    pub sent_at: DateTime<Utc>,
    /// How long until the process ended, or until that was no longer waited for.
    pub took: Duration,
}

/// How an instance stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopReport {
    /// What was done, in order; nothing when it did not run.
    pub stages: Vec<Stage>,
    /// How its process ended.
    pub exit_code: Option<i32>,
    /// It did not end in its time and was killed.
    pub killed: bool,
}

impl Engine {
    /// Stops the container: its own stop signal or SIGTERM, `grace`, SIGKILL. It does not start again by
    /// itself. One that does not run, or is gone, is well.
    ///
    /// The engine does not start again what it signalled to stop, so that what runs is retired when it has ended: then
    /// it costs a note in the engine's books, before that as much as to start a process.
    pub async fn stop(&self, container: &str, grace: Duration) -> Result<StopReport, EngineError> {
        let report = self.halt(container, grace).await?;
        self.retire(container).await?;
        Ok(report)
    }

    /// The same for a container that is removed next: nothing is written to the engine's books, whose disk may be full.
    pub async fn halt(&self, container: &str, grace: Duration) -> Result<StopReport, EngineError> {
        let mut report = StopReport::default();
        let Some(facts) = self.find(container).await? else { return Ok(report) };
        let gentle = facts.stop_signal.as_deref().unwrap_or("SIGTERM");
        for (signal, patience) in [(gentle, grace), ("SIGKILL", KILL_WAIT)] {
            if !self.is_running(container).await? {
                break;
            }
            report.killed = signal == "SIGKILL";
            report.stages.push(self.signal_and_wait(container, signal, patience).await?);
        }
        report.exit_code = self.find(container).await?.and_then(|facts| facts.exit_code);
        Ok(report)
    }

    #[expect(clippy::disallowed_methods, reason = "it is recorded, nothing is decided by it")]
    async fn signal_and_wait(
        &self,
        container: &str,
        signal: &str,
        patience: Duration,
    ) -> Result<Stage, EngineError> {
        let (sent_at, since) = (Utc::now(), Instant::now());
        let options = KillContainerOptionsBuilder::new().signal(signal).build();
        let killed = self.docker.kill_container(container, Some(options));
        match self.call("signal container", container, killed).await {
            // It ended before the signal came, "is not running", and may be about to start again.
            Err(error) if matches!(error.status(), Some(404 | 409)) => {
                self.retire(container).await?;
            }
            sent => sent?,
        }
        let ended = self.until(container, |facts| !facts.running && !facts.restarting);
        // Whether it ended is asked afterwards; here only the time counts.
        drop(tokio::time::timeout(patience, ended).await);
        Ok(Stage { signal: signal.to_owned(), sent_at, took: since.elapsed() })
    }

    /// Returns when `done` holds of the container, or it is gone (`None`). The engine's word that it ended is
    /// a hint to look at once; it is looked at every second anyway.
    pub async fn until(
        &self,
        container: &str,
        done: impl Fn(&InstanceFacts) -> bool,
    ) -> Option<InstanceFacts> {
        loop {
            match self.find(container).await {
                Ok(None) => return None,
                Ok(Some(facts)) if done(&facts) => return Some(facts),
                Ok(Some(_)) => {}
                Err(_) => tokio::time::sleep(LOOK_AGAIN).await,
            }
            let options = WaitContainerOptionsBuilder::new().condition("not-running").build();
            let mut waiting = std::pin::pin!(self.docker.wait_container(container, Some(options)));
            if tokio::time::timeout(LOOK_AGAIN, waiting.next()).await.is_ok() {
                tokio::time::sleep(SETTLING).await;
            }
        }
    }

    async fn is_running(&self, container: &str) -> Result<bool, EngineError> {
        let facts = self.find(container).await?;
        Ok(facts.is_some_and(|facts| facts.running || facts.restarting))
    }
}
