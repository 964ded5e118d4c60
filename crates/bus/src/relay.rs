//! From the outbox to the bus. Wakes at once after a commit in this process, and looks by itself now and
//! then for what a crash or another process left.

use crate::{Bus, PublishError};
use events::EventId;
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
/// Looks between two clean-ups of schema `bus`.
const SWEEP_EVERY: Duration = Duration::from_secs(600);

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
    loop {
        match publish_waiting(&pool, &bus, service).await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(service, error = %error_chain(&error), "the outbox waits");
                pause = (pause * 2).min(LONGEST);
            }
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
        published.push(envelope.id);
    }
    if !published.is_empty() {
        pg::outbox::mark_published(&mut transaction, &published).await?;
    }
    transaction.commit().await?;
    failed.map_or(Ok(published.len()), |error| Err(error.into()))
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
