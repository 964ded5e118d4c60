//! From the outbox to the bus. Wakes at once after a commit in this process or when the connection is there
//! again, and looks by itself now and then for what a crash or another process left, and for what the broker
//! lost. What can never be published is put aside; it does not hold up the rest.

use crate::{Bus, PublishError, revive};
use events::{Envelope, EventId};
use pg::outbox::Waiting;
use service::fail_point::Injected;
use sqlx::{PgConnection, PgPool};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Events claimed at once.
const BATCH: i64 = 100;
/// Pause between two looks without a wake-up: for what another process left.
const IDLE: Duration = Duration::from_secs(5);
/// First and longest pause after failures.
const FAILED: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// Least time between two looks for events that nobody handled: every idle look is one.
const REVIVE_EVERY: Duration = Duration::from_secs(4);
/// Time between two clean-ups of schema `bus`.
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
    let mut failing = FAILED.0;
    let mut swept = Instant::now();
    let mut revived: Option<Instant> = None;
    let mut link = bus.connects.link();
    loop {
        let pause = match publish_waiting(&pool, &bus, service).await {
            Ok(0) => IDLE,
            Ok(_) => {
                failing = FAILED.0;
                continue;
            }
            Err(error) => {
                tracing::warn!(service, error = service::chain(&error), "the outbox waits");
                failing = (failing * 2).min(FAILED.1);
                failing
            }
        };
        if revived.is_none_or(|at| at.elapsed() > REVIVE_EVERY) {
            revived = Some(Instant::now());
            revive::lost(&pool, &bus).await;
        }
        if swept.elapsed() > SWEEP_EVERY {
            swept = Instant::now();
            sweep(&pool, service).await;
        }
        tokio::select! {
            () = cancel.cancelled() => break,
            () = link.replaced() => {
                failing = FAILED.0;
                revived = None;
            }
            () = wake.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    // What was decided while stopping is said by this last look, or by the next start.
    if let Err(error) = publish_waiting(&pool, &bus, service).await {
        tracing::warn!(service, error = service::chain(&error), "the outbox keeps its events");
    }
}

/// Publishes one batch; returns how many events it held.
async fn publish_waiting(pool: &PgPool, bus: &Bus, service: &str) -> Result<usize, RelayError> {
    let mut transaction = pool.begin().await?;
    let waiting = pg::outbox::claim(&mut transaction, service, BATCH).await?;
    let mut done: Vec<EventId> = Vec::with_capacity(waiting.len());
    let mut failed = None;
    for event in &waiting {
        match publish(bus, event).await {
            Ok(envelope) => {
                bus.counts.add("published");
                said(service, &envelope, "published").await.map_err(sqlx::Error::from)?;
            }
            Err(error) if error.is_final() => {
                put_aside(&mut transaction, service, event, &service::chain(&error)).await?;
                bus.counts.add("parked");
            }
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
        done.push(event.id);
    }
    if !done.is_empty() {
        pg::outbox::mark_published(&mut transaction, &done).await?;
    }
    transaction.commit().await?;
    failed.map_or(Ok(done.len()), |error| Err(error.into()))
}

async fn publish(bus: &Bus, event: &Waiting) -> Result<Envelope, PublishError> {
    let unreadable = |source| PublishError::Unreadable { subject: event.subject.clone(), source };
    let envelope = event.envelope().map_err(unreadable)?;
    bus.publish(&envelope).await?;
    Ok(envelope)
}

async fn put_aside(
    connection: &mut PgConnection,
    service: &str,
    event: &Waiting,
    reason: &str,
) -> Result<(), sqlx::Error> {
    tracing::error!(service, subject = event.subject, reason, "an event is parked");
    let body = event.written.to_string();
    let message = pg::parked::Message {
        stream_sequence: 0,
        subject: &event.subject,
        headers: &serde_json::json!({}),
        event_id: Some(event.id),
        outgoing: true,
        body: body.as_bytes(),
    };
    pg::parked::park(connection, service, &message, reason).await
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

async fn sweep(pool: &PgPool, service: &'static str) {
    let swept = async { pg::retention::sweep(&mut *pool.acquire().await?).await }.await;
    match swept {
        Ok(0) => {}
        Ok(rows) => tracing::info!(service, rows, "old rows of the bus are gone"),
        Err(error) => tracing::warn!(service, %error, "old rows of the bus stay for now"),
    }
}
