//! Reading along, for people: an ordered consumer that acknowledges nothing and changes nothing.

use crate::{Bus, from_message};
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use events::{AppName, Envelope, EventType, subject};
use futures_util::{Stream, StreamExt};

/// How much further back is looked each time when too few of the last events are wanted ones.
const WIDER: u64 = 8;

/// What to read.
#[derive(Debug, Clone, Default)]
pub struct Tail {
    /// Only of this app.
    pub app: Option<AppName>,
    /// Only these types; empty means all.
    pub types: Vec<EventType>,
    /// The first sequence wanted; 0 means the last `count`.
    pub from_sequence: u64,
    /// How many past events of these, when no sequence is given.
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

/// What is there already.
#[derive(Debug, Clone, Copy)]
pub struct Past {
    /// How many of the events that are wanted.
    pub count: u64,
    /// The first sequence after all events.
    pub end: u64,
}

/// Why nothing can be read.
#[derive(Debug, thiserror::Error)]
#[error("read the events: {0}")]
pub struct TailError(String);

impl Bus {
    /// What there is from `tail` on, and those events followed by every new one, for ever.
    pub async fn tail(
        &self,
        tail: Tail,
    ) -> Result<(Past, impl Stream<Item = Result<Heard, TailError>> + Send + use<>), TailError>
    {
        let failed = |error: &dyn std::fmt::Display| TailError(error.to_string());
        let mut stream =
            self.jetstream.get_stream(subject::EVENTS).await.map_err(|error| failed(&error))?;
        let state = stream.info().await.map_err(|error| failed(&error))?.state.clone();
        let (first, last) = (state.first_sequence.max(1), state.last_sequence);
        let mut window = tail.count;
        let (consumer, pending) = loop {
            let start = match tail.from_sequence {
                0 => (last + 1).saturating_sub(window).max(first),
                // A place past the end is one of a stream that was lost: waiting for it would be for ever.
                sequence => sequence.min(last + 1),
            };
            let config = pull::OrderedConfig {
                deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: start },
                filter_subjects: filters(&tail),
                ..pull::OrderedConfig::default()
            };
            let consumer = stream.create_consumer(config).await.map_err(|error| failed(&error))?;
            let pending = consumer.cached_info().num_pending;
            if tail.from_sequence > 0 || pending >= tail.count || start <= first {
                break (consumer, pending);
            }
            // Among the last few are too few of those that are wanted: look further back.
            let name = consumer.cached_info().name.clone();
            stream.delete_consumer(&name).await.map_err(|error| failed(&error))?;
            window = window.saturating_mul(WIDER);
        };
        let surplus = match tail.from_sequence {
            0 => pending.saturating_sub(tail.count),
            _ => 0,
        };
        let messages = consumer.messages().await.map_err(|error| failed(&error))?;
        let wanted = messages.skip(usize::try_from(surplus).unwrap_or(usize::MAX));
        let heard = wanted.filter_map(|message| async move {
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
        Ok((Past { count: pending - surplus, end: last + 1 }, heard.boxed()))
    }
}

fn filters(tail: &Tail) -> Vec<String> {
    let app = tail.app.as_ref().map_or("*", AppName::as_str);
    if tail.types.is_empty() {
        return vec![format!("slipway.v1.{app}.>")];
    }
    tail.types.iter().map(|event_type| format!("slipway.v1.{app}.{event_type}")).collect()
}
