//! From the bus to handlers: one durable pull consumer per service, one handler per event type. The loop
//! alone acknowledges; when anything is wrong it drops what it has, looks at the consumer again and starts
//! anew. It takes one message at a time, so that a killed service leaves one behind and not a batch.

use crate::headers::to_json;
use crate::link::Link;
use crate::{Bus, Handlers, Malformed, Verdict, again, from_message, span, unreadable};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull};
use async_nats::jetstream::{AckKind, Message};
use events::{Envelope, EventId, subject};
use futures_util::StreamExt;
use sqlx::PgPool;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// How long one request for a message stays open. A request that the server forgot is made anew 5 s later,
/// so nothing stalls for 10 s.
const EXPIRES: Duration = Duration::from_secs(4);
/// A message of which nothing was heard for so long comes again: as long as the lease of a release.
const ACK_WAIT: Duration = Duration::from_secs(6);
/// A handler that still works says so this often.
const BEAT: Duration = Duration::from_secs(2);
/// First and longest pause before a message that failed comes again.
const RETRY: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));
/// First and longest pause before the consumer is set up anew.
const ANEW: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// Messages that may wait for another try before no other is given out.
const MOST_PENDING: i64 = 256;

#[derive(Debug, thiserror::Error)]
pub(crate) enum ConsumeError {
    #[error("set up the consumer: {0}")]
    Setup(String),
    #[error("receive a message: {0}")]
    Receive(String),
    #[error("the connection was lost")]
    Lost,
    #[error("put a message aside")]
    Park(#[source] sqlx::Error),
    #[error("record that an event is handled")]
    Record(#[source] sqlx::Error),
}

pub(crate) struct Consumer {
    pub(crate) bus: Bus,
    pub(crate) pool: PgPool,
    pub(crate) handlers: Handlers,
}

/// Feeds `handlers` with the events of the bus, and with parked ones that people hand back, until `cancel`.
pub async fn run(bus: Bus, pool: PgPool, handlers: Handlers, cancel: CancellationToken) {
    if handlers.types().is_empty() {
        cancel.cancelled().await;
        return;
    }
    let consumer = Consumer { bus, pool, handlers };
    tokio::join!(consumer.listen(&cancel), again::run(&consumer, &cancel));
}

impl Consumer {
    async fn listen(&self, cancel: &CancellationToken) {
        let service = self.bus.service;
        let (mut subscribed, mut lost) = (false, false);
        let mut pause = ANEW.0;
        loop {
            if !subscribed {
                subscribed = self.subscribe().await;
            }
            let mut link = self.bus.connects.link();
            let error = match self.set_up(&mut link, lost).await {
                Ok(consumer) => {
                    pause = ANEW.0;
                    match self.follow(&consumer, &mut link, cancel).await {
                        Ok(()) => return,
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            };
            lost = matches!(error, ConsumeError::Lost | ConsumeError::Receive(_));
            tracing::warn!(service, error = service::chain(&error), "the consumer starts anew");
            tokio::select! {
                () = cancel.cancelled() => return,
                // A broker that is there again is not waited for.
                () = link.replaced() => {}
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(ANEW.1);
        }
    }

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

    async fn set_up(&self, link: &mut Link, lost: bool) -> Result<PullConsumer, ConsumeError> {
        let set_up = async {
            let consumer = self.ensure().await?;
            if lost {
                unreadable::put_aside(self, &consumer).await?;
            }
            Ok(consumer)
        };
        tokio::select! {
            made = set_up => made,
            () = link.replaced() => Err(ConsumeError::Lost),
        }
    }

    /// Looks first and creates only what is not there: a create with other settings would change a live one.
    async fn ensure(&self) -> Result<PullConsumer, ConsumeError> {
        let setup = |error: &dyn std::fmt::Display| ConsumeError::Setup(error.to_string());
        self.bus.ensure_streams().await.map_err(|error| setup(&error))?;
        let stream =
            self.bus.jetstream.get_stream(subject::EVENTS).await.map_err(|error| setup(&error))?;
        let types = self.handlers.types();
        let filters: Vec<String> = types.into_iter().map(subject::every_app).collect();
        if let Ok(found) = stream.get_consumer::<pull::Config>(self.bus.service).await {
            let config = &found.cached_info().config;
            if config.filter_subjects == filters && config.ack_wait == ACK_WAIT {
                return Ok(found);
            }
        }
        let config = pull::Config {
            durable_name: Some(self.bus.service.to_owned()),
            ack_policy: AckPolicy::Explicit,
            ack_wait: ACK_WAIT,
            deliver_policy: DeliverPolicy::All,
            filter_subjects: filters,
            max_ack_pending: MOST_PENDING,
            ..pull::Config::default()
        };
        stream.create_consumer(config).await.map_err(|error| setup(&error))
    }

    async fn follow(
        &self,
        consumer: &PullConsumer,
        link: &mut Link,
        cancel: &CancellationToken,
    ) -> Result<(), ConsumeError> {
        loop {
            let message = tokio::select! {
                () = cancel.cancelled() => return Ok(()),
                () = link.replaced() => return Err(ConsumeError::Lost),
                message = next(consumer) => message?,
            };
            if let Some(message) = message {
                self.handle(message).await?;
            }
        }
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
        let receive = |error: &dyn std::fmt::Display| ConsumeError::Receive(error.to_string());
        let deliveries = message.info().map_err(|error| receive(&error))?.delivered;
        let said = read.as_ref().ok().cloned();
        let verdict = self.verdict(&message, read, deliveries).await;
        let again = |error: ConsumeError| Verdict::Retry(service::chain(&error));
        let ack = match verdict.unwrap_or_else(again) {
            Verdict::Done => AckKind::Ack,
            Verdict::Park(_) => AckKind::Term,
            Verdict::Retry(reason) => {
                self.bus.counts.add("retried");
                tracing::warn!(messaging.destination.name = %message.subject, reason, deliveries, "an event comes again");
                AckKind::Nak(Some(retry_pause(deliveries)))
            }
        };
        if let Some(envelope) = &said {
            let reached = crate::relay::said(self.bus.service, envelope, "handled").await;
            reached.map_err(|error| receive(&error))?;
        }
        // A lost acknowledgement brings the message again, and the inbox absorbs it.
        message.ack_with(ack).await.map_err(|error| receive(&error))
    }

    /// What becomes of a message; what it says is written when this returns.
    async fn verdict(
        &self,
        message: &Message,
        read: Result<Envelope, Malformed>,
        deliveries: i64,
    ) -> Result<Verdict, ConsumeError> {
        let envelope = match read {
            Ok(envelope) => envelope,
            Err(error) => {
                let reason = service::chain(&error);
                self.park(message, None, &reason).await?;
                return Ok(Verdict::Park(reason));
            }
        };
        let id = envelope.id;
        if self.is_duplicate(id).await? {
            self.bus.counts.add("duplicate");
            return Ok(Verdict::Done);
        }
        let verdict = self.attend(message, envelope, deliveries).await;
        match &verdict {
            Verdict::Retry(_) => return Ok(verdict),
            Verdict::Done => self.bus.counts.add("handled"),
            Verdict::Park(reason) => self.park(message, Some(id), reason).await?,
        }
        self.handled(id).await?;
        Ok(verdict)
    }

    /// Calls the handler, and keeps the message while it works.
    async fn attend(&self, message: &Message, envelope: Envelope, deliveries: i64) -> Verdict {
        let keep = async {
            loop {
                tokio::time::sleep(BEAT).await;
                // If this is lost the message comes twice.
                drop(message.ack_with(AckKind::Progress).await);
            }
        };
        tokio::select! {
            verdict = self.handlers.handle(envelope, deliveries) => verdict,
            () = keep => Verdict::Done,
        }
    }

    async fn is_duplicate(&self, event: EventId) -> Result<bool, ConsumeError> {
        let mut connection = self.pool.acquire().await.map_err(ConsumeError::Record)?;
        let absorbed = pg::inbox::absorb(&mut connection, self.bus.service, event).await;
        absorbed.map_err(ConsumeError::Record)
    }

    /// Records that the event is handled; a handler that did so itself is not in the way.
    pub(crate) async fn handled(&self, event: EventId) -> Result<(), ConsumeError> {
        let mut connection = self.pool.acquire().await.map_err(ConsumeError::Record)?;
        let first = pg::inbox::first_time(&mut connection, self.bus.service, event).await;
        first.map(drop).map_err(ConsumeError::Record)
    }

    async fn park(
        &self,
        message: &Message,
        event_id: Option<EventId>,
        reason: &str,
    ) -> Result<(), ConsumeError> {
        let sequence = message.info().map_or(0, |info| info.stream_sequence);
        let parked = pg::parked::Message {
            stream_sequence: i64::try_from(sequence).unwrap_or(i64::MAX),
            subject: &message.subject,
            headers: &to_json(message.headers.as_ref()),
            event_id,
            outgoing: false,
            body: &message.payload,
        };
        self.put_aside(&parked, reason).await
    }

    /// Keeps a message for people.
    pub(crate) async fn put_aside(
        &self,
        message: &pg::parked::Message<'_>,
        reason: &str,
    ) -> Result<(), ConsumeError> {
        let (service, sequence) = (self.bus.service, message.stream_sequence);
        tracing::error!(service, subject = message.subject, sequence, reason, "an event is parked");
        self.bus.counts.add("parked");
        let mut connection = self.pool.acquire().await.map_err(ConsumeError::Park)?;
        let parked = pg::parked::park(&mut connection, service, message, reason).await;
        parked.map_err(ConsumeError::Park)
    }
}

/// The next message; nothing when none came for a while. Without heartbeats: the stream of the client is
/// not woken again after one.
async fn next(consumer: &PullConsumer) -> Result<Option<Message>, ConsumeError> {
    let receive = |error: &dyn std::fmt::Display| ConsumeError::Receive(error.to_string());
    let asked = consumer.batch().max_messages(1).expires(EXPIRES).messages().await;
    let mut batch = asked.map_err(|error| receive(&error))?;
    batch.next().await.transpose().map_err(|error| receive(&error))
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
        let pauses: Vec<u128> = [1, 2, 3, 6, 100].map(|n| retry_pause(n).as_millis()).into();
        assert_eq!(pauses, [200, 400, 800, 6_400, 10_000]);
    }
}
