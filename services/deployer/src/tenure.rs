//! How long a lease is surely held, by the clock of this process, which goes on while the process stands still.
//! Who wakes up later than that sends nothing: the engine cannot know that another driver took over meanwhile.

use crate::db::claim::LEASE;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use tokio::time::Instant;

/// The time that a driver surely has.
#[derive(Debug)]
pub(crate) struct Tenure {
    began: Instant,
    /// Milliseconds from the beginning to the last time that the lease was asked for and given.
    renewed: AtomicU64,
}

impl Tenure {
    /// The lease was asked for at `sent`, and given.
    pub(crate) fn since(sent: Instant) -> Self {
        Self { began: sent, renewed: AtomicU64::new(0) }
    }

    /// The same once more.
    pub(crate) fn renew(&self, sent: Instant) {
        let millis = sent.duration_since(self.began).as_millis();
        self.renewed.store(u64::try_from(millis).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        let renewed = std::time::Duration::from_millis(self.renewed.load(Ordering::Relaxed));
        self.began.elapsed().saturating_sub(renewed) >= LEASE
    }

    /// What `doing` comes to; nothing when it would go on after the lease may have ended.
    pub(crate) async fn within<T>(&self, doing: impl Future<Output = T>) -> Option<T> {
        let mut doing = pin!(doing);
        poll_fn(
            |cx| {
                if self.is_over() { Poll::Ready(None) } else { doing.as_mut().poll(cx).map(Some) }
            },
        )
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long_ago() -> Instant {
        Instant::now().checked_sub(LEASE).expect("the machine runs longer than a lease")
    }

    #[tokio::test]
    async fn who_stood_still_past_the_lease_does_nothing_more() {
        let mut done = false;
        assert_eq!(Tenure::since(long_ago()).within(async { done = true }).await, None);
        assert!(!done);
    }

    #[tokio::test]
    async fn a_lease_that_was_renewed_lasts() {
        let tenure = Tenure::since(long_ago());
        tenure.renew(Instant::now());
        assert_eq!(tenure.within(async { "done" }).await, Some("done"));
    }
}
