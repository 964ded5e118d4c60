//! Parked messages that a person handed back: handled as if they had just come, without the bus.

use crate::consume::{ConsumeError, Consumer};
use crate::handlers::PANICS;
use crate::headers::from_kept;
use crate::{Verdict, span};
use events::EventId;
use pg::parked::{self, Due};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// Pause between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Seconds until a message that cannot be handled now is tried again.
const LATER: f64 = 10.0;

/// Handles what is handed back until `cancel`.
pub(crate) async fn run(consumer: &Consumer, cancel: &CancellationToken) {
    loop {
        match next(consumer).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => {
                tracing::debug!(error = service::chain(&error), "parked messages wait");
            }
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Handles the next message; false when there is none.
async fn next(consumer: &Consumer) -> Result<bool, ConsumeError> {
    let mut connection = consumer.pool.acquire().await.map_err(ConsumeError::Park)?;
    let due = parked::take(&mut connection, consumer.bus.service).await;
    drop(connection);
    let Some(due) = due.map_err(ConsumeError::Park)? else { return Ok(false) };
    let (event, verdict) = handle(consumer, &due).await;
    let (service, number) = (consumer.bus.service, due.id);
    tracing::info!(service, number, subject = due.subject, ?verdict, "a parked event came again");
    settle(consumer, &due, event, verdict).await?;
    Ok(true)
}

async fn handle(consumer: &Consumer, due: &Due) -> (Option<EventId>, Verdict) {
    match from_kept(&due.subject, &due.headers, &due.body) {
        Err(error) => (None, Verdict::park(&error)),
        Ok(envelope) => {
            let (id, span) = (envelope.id, span::of(&envelope));
            // Who handed it back wants to see what is wrong with it, not a few more tries.
            let handled = consumer.handlers.handle(envelope, PANICS).instrument(span);
            (Some(id), handled.await)
        }
    }
}

async fn settle(
    consumer: &Consumer,
    due: &Due,
    event: Option<EventId>,
    verdict: Verdict,
) -> Result<(), ConsumeError> {
    if let Some(event) = event.filter(|_| !matches!(verdict, Verdict::Retry(_))) {
        consumer.handled(event).await?;
    }
    let mut connection = consumer.pool.acquire().await.map_err(ConsumeError::Park)?;
    let settled = match verdict {
        Verdict::Done => parked::forget(&mut connection, due.id).await.map(drop),
        Verdict::Park(reason) => parked::still(&mut connection, due.id, &reason, None).await,
        Verdict::Retry(reason) => {
            parked::still(&mut connection, due.id, &reason, Some(LATER)).await
        }
    };
    settled.map_err(ConsumeError::Park)
}
