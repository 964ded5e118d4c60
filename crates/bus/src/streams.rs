//! The streams, and the check that the server really keeps them as asked: an older one drops what it does
//! not know without a word.

use crate::{Bus, ConnectError};
use async_nats::jetstream::stream::{Config, DiscardPolicy, PersistenceMode, StorageType};
use events::subject;
use std::time::Duration;

/// Bytes of the largest event, headers included.
pub(crate) const LARGEST: usize = 256 * 1024;

const DAY: Duration = Duration::from_hours(24);

/// Events: an audit of 30 days that is never cut to make room; publishing fails first and the outbox waits.
fn events_stream() -> Config {
    Config {
        name: subject::EVENTS.to_owned(),
        subjects: vec![subject::EVENTS_FILTER.to_owned()],
        storage: StorageType::File,
        discard: DiscardPolicy::New,
        max_age: 30 * DAY,
        max_bytes: 2 * 1024 * 1024 * 1024,
        max_message_size: i32::try_from(LARGEST).unwrap_or(i32::MAX),
        duplicate_window: Duration::from_mins(2),
        ..Config::default()
    }
}

/// Live build logs: a convenience with bounds; what is kept for good stands in the builder's tables.
fn logs_stream() -> Config {
    Config {
        name: subject::LOGS.to_owned(),
        subjects: vec![subject::LOGS_FILTER.to_owned()],
        storage: StorageType::File,
        discard: DiscardPolicy::Old,
        max_age: DAY,
        max_bytes: 256 * 1024 * 1024,
        persist_mode: Some(PersistenceMode::Async),
        ..Config::default()
    }
}

/// Captured traffic: what is not counted within days is forgotten, and the oldest makes room.
fn samples_stream() -> Config {
    Config {
        name: subject::SAMPLES.to_owned(),
        subjects: vec![subject::SAMPLES_FILTER.to_owned()],
        storage: StorageType::File,
        discard: DiscardPolicy::Old,
        max_age: 3 * DAY,
        max_bytes: 256 * 1024 * 1024,
        persist_mode: Some(PersistenceMode::Async),
        ..Config::default()
    }
}

impl Bus {
    pub(crate) async fn ensure_streams(&self) -> Result<(), ConnectError> {
        self.ensure(subject::EVENTS, events_stream()).await?;
        self.ensure(subject::LOGS, logs_stream()).await?;
        self.ensure(subject::SAMPLES, samples_stream()).await
    }

    async fn ensure(&self, stream: &'static str, wanted: Config) -> Result<(), ConnectError> {
        let failed = |reason: String| ConnectError::Stream { stream, reason };
        let made = self
            .jetstream
            .get_or_create_stream(wanted.clone())
            .await
            .map_err(|error| failed(error.to_string()))?;
        let got = &made.cached_info().config;
        let same = got.storage == wanted.storage
            && got.discard == wanted.discard
            && got.max_age == wanted.max_age
            && got.subjects == wanted.subjects
            && (wanted.persist_mode.is_none() || got.persist_mode == wanted.persist_mode);
        if same { Ok(()) } else { Err(failed(format!("the server keeps it as {got:?}"))) }
    }
}
