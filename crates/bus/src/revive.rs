//! What was published and never handled is published again: after a while, and at once when the stream is
//! another one than before, because its store was lost.

use crate::Bus;
use chrono::DateTime;
use events::subject;
use sqlx::PgPool;
use std::time::Duration;

/// An event that a subscriber has not handled this long after it was published is published again; the
/// broker drops it as a duplicate when it still has it.
const UNHANDLED: Duration = Duration::from_mins(2);

/// Makes the outbox wait with what was lost. What cannot be known now is looked at again soon.
pub(crate) async fn lost(pool: &PgPool, bus: &Bus) {
    let service = bus.service;
    // A server that is away has its own alarm.
    let Ok(stream) = bus.jetstream.get_stream(subject::EVENTS).await else { return };
    let created = stream.cached_info().created.unix_timestamp_nanos() / 1_000;
    let created = i64::try_from(created).ok().and_then(DateTime::from_timestamp_micros);
    let revived = async {
        let mut transaction = pool.begin().await?;
        let created = created.unwrap_or_default();
        let other = pg::outbox::is_another_stream(&mut transaction, service, created).await?;
        let age = if other { Duration::ZERO } else { UNHANDLED };
        let revived = pg::outbox::revive(&mut transaction, service, age).await?;
        transaction.commit().await?;
        Ok::<_, sqlx::Error>(revived)
    };
    match revived.await {
        Ok(0) => {}
        Ok(events) => {
            tracing::warn!(service, events, "events that nobody handled are published again");
        }
        Err(error) => tracing::warn!(service, %error, "lost events wait for the next look"),
    }
}
