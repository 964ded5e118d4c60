//! Reading along, for people: an ordered consumer that acknowledges nothing and changes nothing.

use crate::{Bus, from_message};
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use events::{AppName, Envelope, EventType, subject};
use futures_util::{Stream, StreamExt};

/// What to read.
#[derive(Debug, Clone, Default)]
pub struct Tail {
    /// Only of this app.
    pub app: Option<AppName>,
    /// Only these types; empty means all.
    pub types: Vec<EventType>,
    /// The first sequence wanted; 0 means the last `count`.
    pub from_sequence: u64,
    /// How many past events, when no sequence is given.
    pub count: u64,
}

/// An event and its place in the stream.
#[derive(Debug, Clone)]
pub struct Heard {
    /// Its place.
    pub sequence: u64,
    /// How many are still to come of those that are there now.
    pub pending: u64,
    /// The event.
    pub envelope: Envelope,
}

/// Why nothing can be read.
#[derive(Debug, thiserror::Error)]
#[error("read the events: {0}")]
pub struct TailError(String);

impl Bus {
    /// How many events there are from `tail` on, and those events followed by every new one, for ever.
    pub async fn tail(
        &self,
        tail: Tail,
    ) -> Result<(u64, impl Stream<Item = Result<Heard, TailError>> + Send + use<>), TailError> {
        let failed = |error: &dyn std::fmt::Display| TailError(error.to_string());
        let mut stream =
            self.jetstream.get_stream(subject::EVENTS).await.map_err(|error| failed(&error))?;
        let state = stream.info().await.map_err(|error| failed(&error))?.state.clone();
        let start = match tail.from_sequence {
            0 => (state.last_sequence + 1).saturating_sub(tail.count),
            sequence => sequence,
        };
        let config = pull::OrderedConfig {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: start.max(1) },
            filter_subjects: filters(&tail),
            ..pull::OrderedConfig::default()
        };
        let consumer = stream.create_consumer(config).await.map_err(|error| failed(&error))?;
        let pending = consumer.cached_info().num_pending;
        let messages = consumer.messages().await.map_err(|error| failed(&error))?;
        let heard = messages.filter_map(|message| async move {
            let message = match message {
                Ok(message) => message,
                Err(error) => return Some(Err(TailError(error.to_string()))),
            };
            let (sequence, pending) =
                message.info().map(|info| (info.stream_sequence, info.pending)).ok()?;
            // What is not an event is for the consumers to put aside, not for readers.
            let read = from_message(&message.subject, message.headers.as_ref(), &message.payload);
            Some(Ok(Heard { sequence, pending, envelope: read.ok()? }))
        });
        Ok((pending, heard.boxed()))
    }
}

fn filters(tail: &Tail) -> Vec<String> {
    let app = tail.app.as_ref().map_or("*", AppName::as_str);
    if tail.types.is_empty() {
        return vec![format!("slipway.v1.{app}.>")];
    }
    tail.types.iter().map(|event_type| format!("slipway.v1.{app}.{event_type}")).collect()
}
