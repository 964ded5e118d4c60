//! Waiting for a condition instead of sleeping.

use std::time::Duration;
use tokio::time::Instant;

/// Pause between two looks: short at first, and longer the longer it takes, so that who waits leaves the machine to who
/// works.
const PAUSE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(150));
/// A pause is this part of the time that has passed.
const SHARE: u32 = 20;

/// What `look` finds, as soon as it finds something; panics after `within`, naming `what`.
pub async fn eventually<T>(
    what: &str,
    within: Duration,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        let waited = start.elapsed();
        assert!(waited < within, "waited {} s for {what}", within.as_secs());
        tokio::time::sleep((waited / SHARE).clamp(PAUSE.0, PAUSE.1)).await;
    }
}

/// The same for programs that are started and stopped outside of any task: the thread waits until `is_so`; panics after
/// `within`, naming `what`.
#[expect(clippy::disallowed_methods, reason = "there is no task that it could stop")]
pub fn awaited(within: Duration, what: impl Fn() -> String, mut is_so: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !is_so() {
        assert!(start.elapsed() < within, "waited {} s: {}", within.as_secs(), what());
        std::thread::sleep(PAUSE.0);
    }
}
