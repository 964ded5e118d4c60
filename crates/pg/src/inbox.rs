//! Events that were handled. Recorded in the transaction of what they caused, so that a duplicate,
//! however late, changes nothing.

use events::EventId;
use sqlx::PgConnection;

/// Records that `consumer` handles `event`; false when it did before, and then nothing may follow.
pub async fn first_time(
    connection: &mut PgConnection,
    consumer: &str,
    event: EventId,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "insert into bus.inbox (consumer, event_id) values ($1, $2) on conflict do nothing",
        consumer,
        event.uuid(),
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether `consumer` handled `event` before; then it is counted that the event came again.
pub async fn absorb(
    connection: &mut PgConnection,
    consumer: &str,
    event: EventId,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update bus.inbox set again = again + 1 where consumer = $1 and event_id = $2",
        consumer,
        event.uuid(),
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
