//! When to stop, and when to stop waiting for what does not stop.

use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How long a service may take to stop; origin: the 30 s that open connections get, and time to flush.
pub(crate) const PATIENCE: Duration = Duration::from_secs(45);

/// Tells a service to stop.
#[derive(Debug, Clone, Default)]
pub struct Shutdown(CancellationToken);

impl Shutdown {
    /// Cancelled by SIGTERM or SIGINT.
    pub fn token(&self) -> CancellationToken {
        self.0.clone()
    }
}

/// The signals that end a process.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From here on signals no longer end the process by themselves.
    pub(crate) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Cancels at the first signal; returns when patience has ended, at the second one or in time.
    pub(crate) async fn until_patience_ends(mut self, shutdown: &Shutdown) {
        self.next().await;
        tracing::info!("stopping");
        shutdown.0.cancel();
        let in_time = tokio::time::timeout(PATIENCE, self.next()).await.is_ok();
        let why = if in_time { "second signal" } else { "patience has ended" };
        tracing::error!(why, "abandoning what has not stopped");
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
