//! The table event type -> handler of one service. Whatever a handler does, there is a verdict: one that
//! panics or does not end cannot take the service along.

use crate::Verdict;
use events::{Envelope, EventType};
use futures_util::{FutureExt, future::BoxFuture};
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

/// Tries after which a message that makes its handler panic is put aside.
pub(crate) const PANICS: i64 = 3;
/// A handler that takes longer is given up and tried again. Handlers ask and write, they do not work.
const LONGEST: Duration = Duration::from_mins(1);

type Handler = Arc<dyn Fn(Envelope) -> BoxFuture<'static, Verdict> + Send + Sync>;

/// The table event type -> handler of one service.
#[derive(Clone, Default)]
pub struct Handlers(BTreeMap<EventType, Handler>);

impl std::fmt::Debug for Handlers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Handlers {
    /// No handlers yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with `handler` for events of `event_type`.
    #[must_use]
    pub fn on<F, Fut>(mut self, event_type: EventType, handler: F) -> Self
    where
        F: Fn(Envelope) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Verdict> + Send + 'static,
    {
        self.0.insert(event_type, Arc::new(move |envelope| handler(envelope).boxed()));
        self
    }

    /// What is reacted to, in the order of the flow.
    pub fn types(&self) -> Vec<EventType> {
        self.0.keys().copied().collect()
    }

    /// What the handler of its type says of `envelope`, which it is given for the `delivery`th time.
    pub(crate) async fn handle(&self, envelope: Envelope, delivery: i64) -> Verdict {
        let Some(handler) = self.0.get(&envelope.event_type) else { return Verdict::Done };
        // A handler may panic before there is a future of it.
        let handled = AssertUnwindSafe(async { handler(envelope).await }).catch_unwind();
        match tokio::time::timeout(LONGEST, handled).await {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(_)) if delivery >= PANICS => Verdict::Park("the handler panics".to_owned()),
            Ok(Err(_)) => Verdict::Retry("the handler panicked".to_owned()),
            Err(_) => {
                let seconds = LONGEST.as_secs();
                Verdict::Retry(format!("the handler did not end within {seconds} s"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::{AppName, EventId};

    fn envelope() -> Envelope {
        Envelope {
            id: EventId::new(uuid::Uuid::from_u128(7)),
            event_type: EventType::ReleaseLive,
            source: "/slipway/deployer".to_owned(),
            app: AppName::parse("shop").unwrap(),
            at: chrono::DateTime::UNIX_EPOCH,
            traceparent: None,
            data: serde_json::json!({}),
        }
    }

    #[tokio::test]
    async fn a_handler_that_panics_is_tried_again_and_then_given_up() {
        let at_once = Handlers::new().on(EventType::ReleaseLive, |_| {
            assert!(std::hint::black_box(false), "before there is a future");
            std::future::ready(Verdict::Done)
        });
        let later = Handlers::new().on(EventType::ReleaseLive, |_| async {
            assert!(std::hint::black_box(false), "while it is polled");
            Verdict::Done
        });
        for handlers in [at_once, later] {
            let panicked = Verdict::Retry("the handler panicked".to_owned());
            assert_eq!(handlers.handle(envelope(), 1).await, panicked);
            let given_up = Verdict::Park("the handler panics".to_owned());
            assert_eq!(handlers.handle(envelope(), PANICS).await, given_up);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_handler_that_does_not_end_is_tried_again() {
        let hangs = Handlers::new().on(EventType::ReleaseLive, |_| std::future::pending());
        let given_up = Verdict::Retry("the handler did not end within 60 s".to_owned());
        assert_eq!(hangs.handle(envelope(), 1).await, given_up);
    }
}
