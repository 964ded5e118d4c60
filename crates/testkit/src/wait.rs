//! Waiting for a condition instead of sleeping.

use std::time::Duration;
use tokio::time::Instant;

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// What `look` finds, as soon as it finds something; panics after `within`, naming `what`.
pub async fn eventually<T>(
    what: &str,
    within: Duration,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let deadline = Instant::now() + within;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {} s for {what}", within.as_secs());
        tokio::time::sleep(PAUSE).await;
    }
}
