//! From the outbox to the bus. Wakes at once after a commit in this process, and looks by itself now and
//! then for what a crash or another process left, and for what the broker lost.

use crate::{Bus, PublishError};
use async_nats::datetime::DateTime;
use events::{Envelope, EventId, subject};
use service::fail_point::Injected;
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Events claimed at once.
const BATCH: i64 = 100;
/// Pause between two looks without a wake-up.
const IDLE: Duration = Duration::from_secs(1);
/// Longest pause after failures.
const LONGEST: Duration = Duration::from_secs(5);
/// Time between two looks for events that nobody handled.
const REVIVE_EVERY: Duration = Duration::from_secs(5);
/// An event that a subscriber has not handled this long after it was published is published again; the
/// broker drops it as a duplicate when it still has it.
const UNHANDLED: Duration = Duration::from_mins(2);
/// Looks between two clean-ups of schema `bus`.
const SWEEP_EVERY: Duration = Duration::from_mins(10);

#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error("claim or mark events in the outbox")]
    Outbox(#[from] sqlx::Error),
    #[error("publish an event of the outbox")]
    Publish(#[from] PublishError),
}

/// Publishes what `service` enqueues until `cancel`; call `wake.notify_one()` after a commit.
pub async fn run(
    pool: PgPool,
    bus: Bus,
    service: &'static str,
    wake: Arc<Notify>,
    cancel: CancellationToken,
) {
    let mut pause = IDLE;
    let mut swept = tokio::time::Instant::now();
    let mut revived = tokio::time::Instant::now();
    let mut stream = None;
    loop {
        match publish_waiting(&pool, &bus, service).await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(service, error = %error_chain(&error), "the outbox waits");
                pause = (pause * 2).min(LONGEST);
            }
        }
        if revived.elapsed() > REVIVE_EVERY {
            revived = tokio::time::Instant::now();
            revive(&pool, &bus, &mut stream).await;
        }
        if swept.elapsed() > SWEEP_EVERY {
            swept = tokio::time::Instant::now();
            sweep(&pool, service).await;
        }
        tokio::select! {
            () = cancel.cancelled() => break,
            () = wake.notified() => pause = IDLE,
            () = tokio::time::sleep(pause) => {}
        }
    }
    // What was decided while stopping is said by this last look, or by the next start.
    if let Err(error) = publish_waiting(&pool, &bus, service).await {
        tracing::warn!(service, error = %error_chain(&error), "the outbox keeps its events");
    }
}

/// Publishes one batch; returns how many events it held.
async fn publish_waiting(pool: &PgPool, bus: &Bus, service: &str) -> Result<usize, RelayError> {
    let mut transaction = pool.begin().await?;
    let waiting = pg::outbox::claim(&mut transaction, service, BATCH).await?;
    let mut published: Vec<EventId> = Vec::with_capacity(waiting.len());
    let mut failed = None;
    for envelope in &waiting {
        if let Err(error) = bus.publish(envelope).await {
            failed = Some(error);
            break;
        }
        said(service, envelope, "published").await.map_err(sqlx::Error::from)?;
        published.push(envelope.id);
    }
    if !published.is_empty() {
        pg::outbox::mark_published(&mut transaction, &published).await?;
    }
    transaction.commit().await?;
    failed.map_or(Ok(published.len()), |error| Err(error.into()))
}

/// A place where a test can make `service` fail, named after the event and the state it tells of.
pub(crate) async fn said(service: &str, envelope: &Envelope, point: &str) -> Result<(), Injected> {
    let name = || {
        let state =
            envelope.data["state"].as_str().map(|state| format!(".{state}")).unwrap_or_default();
        format!("{service}.{}{state}.{point}", envelope.event_type)
    };
    service::fail_point::reach(name).await
}

/// Publishes again what nobody handled: after a while, and at once when the stream is another one than
/// before, because its store was lost.
async fn revive(pool: &PgPool, bus: &Bus, stream: &mut Option<DateTime>) {
    let created = match bus.jetstream.get_stream(subject::EVENTS).await {
        Ok(found) => Some(found.cached_info().created),
        Err(_) => return,
    };
    let is_another = stream.is_some() && *stream != created;
    let age = if is_another { Duration::ZERO } else { UNHANDLED };
    let revived =
        async { pg::outbox::revive(&mut *pool.acquire().await?, bus.service, age).await }.await;
    match revived {
        Ok(0) => *stream = created,
        Ok(events) => {
            tracing::warn!(
                service = bus.service,
                events,
                "events that nobody handled are published again"
            );
            *stream = created;
        }
        Err(error) => {
            tracing::warn!(service = bus.service, %error, "lost events wait for the next look");
        }
    }
}

async fn sweep(pool: &PgPool, service: &'static str) {
    let swept = async { pg::retention::sweep(&mut *pool.acquire().await?).await }.await;
    match swept {
        Ok(0) => {}
        Ok(rows) => tracing::info!(service, rows, "old rows of the bus are gone"),
        Err(error) => tracing::warn!(service, %error, "old rows of the bus stay for now"),
    }
}

fn error_chain(error: &RelayError) -> String {
    match crate::Verdict::retry(error) {
        crate::Verdict::Retry(text) | crate::Verdict::Park(text) => text,
        crate::Verdict::Done => String::new(),
    }
}
