//! From the bus to handlers: one durable pull consumer per service, one handler per event type. The loop
//! alone acknowledges; on any error it drops what it has, looks at the consumer again and starts anew.

use crate::{Bus, Malformed, Verdict, from_message, span};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull};
use async_nats::jetstream::{AckKind, Message};
use events::{Envelope, EventId, EventType, subject};
use futures_util::{FutureExt, StreamExt, future::BoxFuture};
use service::fail_point::Injected;
use sqlx::PgPool;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// Messages asked for at once; small, so that a dropped batch costs little.
const BATCH: usize = 16;
/// How long one request for messages stays open.
const EXPIRES: Duration = Duration::from_secs(20);
/// A message not acknowledged within this comes again.
const ACK_WAIT: Duration = Duration::from_secs(30);
/// First and longest pause before a message that failed comes again.
const RETRY: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(30));
/// Deliveries after which a message that makes its handler panic is put aside.
const PANICS: i64 = 3;

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

    async fn handle(&self, envelope: Envelope) -> Option<Verdict> {
        let Some(handler) = self.0.get(&envelope.event_type) else { return Some(Verdict::Done) };
        AssertUnwindSafe(handler(envelope)).catch_unwind().await.ok()
    }
}

#[derive(Debug, thiserror::Error)]
enum ConsumeError {
    #[error("set up the consumer: {0}")]
    Setup(String),
    #[error("receive a message: {0}")]
    Receive(String),
    #[error("put a message aside")]
    Park(#[source] sqlx::Error),
    #[error("record that an event is handled")]
    Record(#[source] sqlx::Error),
}

struct Consumer {
    bus: Bus,
    pool: PgPool,
    handlers: Handlers,
}

/// Feeds `handlers` with the events of the bus until `cancel`.
pub async fn run(bus: Bus, pool: PgPool, handlers: Handlers, cancel: CancellationToken) {
    if handlers.0.is_empty() {
        cancel.cancelled().await;
        return;
    }
    let service = bus.service;
    let consumer = Consumer { bus, pool, handlers };
    let mut subscribed = false;
    let mut pause = Duration::from_millis(100);
    while !cancel.is_cancelled() {
        if !subscribed {
            subscribed = consumer.subscribe().await;
        }
        match consumer.batches(&cancel).await {
            Ok(()) => pause = Duration::from_millis(100),
            Err(error) => {
                tracing::warn!(service, %error, "the consumer starts anew");
                tokio::select! {
                    () = cancel.cancelled() => {}
                    () = tokio::time::sleep(pause) => {}
                }
                pause = (pause * 2).min(Duration::from_secs(5));
            }
        }
    }
}

impl Consumer {
    /// Says what is reacted to, so that what is lost on the way comes again; true when it is written.
    async fn subscribe(&self) -> bool {
        let written = async {
            let mut connection = self.pool.acquire().await?;
            pg::outbox::subscribe(&mut connection, self.bus.service, &self.handlers.types()).await
        };
        let written = written.await;
        if let Err(error) = &written {
            tracing::warn!(service = self.bus.service, %error, "the subscription is not written yet");
        }
        written.is_ok()
    }

    /// Records that the event is handled; a handler that did so itself is not in the way.
    async fn handled(&self, event: EventId) -> Result<(), ConsumeError> {
        let mut connection = self.pool.acquire().await.map_err(ConsumeError::Record)?;
        let first = pg::inbox::first_time(&mut connection, self.bus.service, event).await;
        first.map(drop).map_err(ConsumeError::Record)
    }

    async fn batches(&self, cancel: &CancellationToken) -> Result<(), ConsumeError> {
        let receive = |error: &dyn std::fmt::Display| ConsumeError::Receive(error.to_string());
        let consumer = self.ensure().await?;
        loop {
            let mut batch = consumer
                .batch()
                .max_messages(BATCH)
                .expires(EXPIRES)
                .heartbeat(EXPIRES / 4)
                .messages()
                .await
                .map_err(|error| receive(&error))?;
            loop {
                let next = tokio::select! {
                    () = cancel.cancelled() => return Ok(()),
                    next = batch.next() => next,
                };
                match next {
                    None => break,
                    Some(Ok(message)) => self.handle(message).await?,
                    Some(Err(error)) => return Err(receive(&error)),
                }
            }
        }
    }

    /// Looks first and creates only what is not there: a create with other settings would change a live one.
    async fn ensure(&self) -> Result<PullConsumer, ConsumeError> {
        let setup = |error: &dyn std::fmt::Display| ConsumeError::Setup(error.to_string());
        self.bus.ensure_streams().await.map_err(|error| setup(&error))?;
        let stream =
            self.bus.jetstream.get_stream(subject::EVENTS).await.map_err(|error| setup(&error))?;
        let filters: Vec<String> =
            self.handlers.0.keys().map(|event_type| subject::every_app(*event_type)).collect();
        if let Ok(found) = stream.get_consumer::<pull::Config>(self.bus.service).await
            && found.cached_info().config.filter_subjects == filters
        {
            return Ok(found);
        }
        let config = pull::Config {
            durable_name: Some(self.bus.service.to_owned()),
            ack_policy: AckPolicy::Explicit,
            ack_wait: ACK_WAIT,
            deliver_policy: DeliverPolicy::All,
            filter_subjects: filters,
            max_ack_pending: 256,
            ..pull::Config::default()
        };
        stream.create_consumer(config).await.map_err(|error| setup(&error))
    }

    async fn handle(&self, message: Message) -> Result<(), ConsumeError> {
        let read = from_message(&message.subject, message.headers.as_ref(), &message.payload);
        let span = read.as_ref().map_or_else(|_| tracing::Span::none(), span::of);
        self.settle(message, read).instrument(span).await
    }

    /// Calls the handler and does what it decided.
    async fn settle(
        &self,
        message: Message,
        read: Result<Envelope, Malformed>,
    ) -> Result<(), ConsumeError> {
        let (sequence, deliveries) = message
            .info()
            .map(|info| (info.stream_sequence, info.delivered))
            .map_err(|error| ConsumeError::Receive(error.to_string()))?;
        let told = read.as_ref().ok().cloned();
        let verdict = match read {
            Err(error) => Verdict::park(&error),
            Ok(envelope) => self.call(envelope, deliveries).await,
        };
        let ack = match verdict {
            Verdict::Done => AckKind::Ack,
            Verdict::Retry(reason) => {
                tracing::warn!(messaging.destination.name = %message.subject, reason, deliveries, "an event comes again");
                AckKind::Nak(Some(retry_pause(deliveries)))
            }
            Verdict::Park(reason) => {
                self.park(&message, sequence, &reason).await?;
                AckKind::Term
            }
        };
        if let Some(envelope) = told.as_ref().filter(|_| !matches!(ack, AckKind::Nak(_))) {
            self.handled(envelope.id).await?;
        }
        if let Some(envelope) = &told {
            let lost = |error: Injected| ConsumeError::Receive(error.to_string());
            crate::relay::said(self.bus.service, envelope, "handled").await.map_err(lost)?;
        }
        // A lost acknowledgement brings the message again, and the inbox absorbs it.
        message.ack_with(ack).await.map_err(|error| ConsumeError::Receive(error.to_string()))
    }

    async fn call(&self, envelope: Envelope, deliveries: i64) -> Verdict {
        match self.handlers.handle(envelope).await {
            Some(verdict) => verdict,
            None if deliveries >= PANICS => Verdict::Park("the handler panics".to_owned()),
            None => Verdict::Retry("the handler panicked".to_owned()),
        }
    }

    async fn park(
        &self,
        message: &Message,
        sequence: u64,
        reason: &str,
    ) -> Result<(), ConsumeError> {
        let service = self.bus.service;
        tracing::error!(service, subject = %message.subject, sequence, reason, "an event is put aside");
        let parked = pg::parked::Message {
            stream_sequence: i64::try_from(sequence).unwrap_or(i64::MAX),
            subject: &message.subject,
            body: &message.payload,
        };
        let mut connection = self.pool.acquire().await.map_err(ConsumeError::Park)?;
        pg::parked::park(&mut connection, service, &parked, reason)
            .await
            .map_err(ConsumeError::Park)
    }
}

fn retry_pause(deliveries: i64) -> Duration {
    let doublings = u32::try_from(deliveries.clamp(1, 16) - 1).unwrap_or(0);
    (RETRY.0 * 2_u32.pow(doublings)).min(RETRY.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit() {
        let pauses: Vec<u128> = [1, 2, 3, 8, 100].map(|n| retry_pause(n).as_millis()).into();
        assert_eq!(pauses, [200, 400, 800, 25_600, 30_000]);
    }
}
