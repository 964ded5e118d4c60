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
