//! Wakes who follows a log when something was added. Only a hint: followers read the table, and look now
//! and then by themselves, because the build may run in another process.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How long a follower waits for a hint.
const LOOK: Duration = Duration::from_secs(1);

/// Tells every follower in this process of every new line.
#[derive(Debug, Clone)]
pub struct Hints(Arc<watch::Sender<u64>>);

/// Waits for hints.
#[derive(Debug)]
pub struct Follower(watch::Receiver<u64>);

impl Default for Hints {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Hints {
    /// Something was added to some log.
    pub fn give(&self) {
        self.0.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// A follower, who is told of what comes from now on.
    pub fn follow(&self) -> Follower {
        Follower(self.0.subscribe())
    }
}

impl Follower {
    /// Waits until something may have been added.
    pub async fn wait(&mut self) {
        // An error means that the process is ending, an elapsed time that it is time to look.
        if let Ok(Err(_ending)) = tokio::time::timeout(LOOK, self.0.changed()).await {
            tokio::time::sleep(LOOK).await;
        }
    }
}
