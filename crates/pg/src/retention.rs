//! Bounds of schema `bus`: what is older than any message can still arrive is deleted, a batch at a time.

use sqlx::PgConnection;

/// Days that inbox rows are kept: longer than the stream keeps messages (30 days).
pub const INBOX_DAYS: i32 = 35;
/// Hours that published outbox rows are kept, for a look back.
pub const OUTBOX_HOURS: i32 = 48;
/// Days that answers to requests are kept.
pub const REQUEST_DAYS: i32 = 2;
/// Days that parked messages are kept.
pub const PARKED_DAYS: i32 = 90;
/// Parked messages kept of each consumer; the oldest go first. A message has at most 256 KiB.
pub const PARKED_ROWS: i64 = 1_000;
const BATCH: i64 = 5_000;

/// Deletes at most one batch of each kind; returns how many rows went.
pub async fn sweep(connection: &mut PgConnection) -> Result<u64, sqlx::Error> {
    let outbox = sqlx::query!(
        "delete from bus.outbox where id in (select id from bus.outbox
         where published_at < now() - make_interval(hours => $1) limit $2)",
        OUTBOX_HOURS,
        BATCH,
    )
    .execute(&mut *connection)
    .await?;
    let inbox = sqlx::query!(
        "delete from bus.inbox where (consumer, event_id) in (select consumer, event_id from bus.inbox
         where received_at < now() - make_interval(days => $1) limit $2)",
        INBOX_DAYS,
        BATCH,
    )
    .execute(&mut *connection)
    .await?;
    let request = sqlx::query!(
        "delete from bus.request where (service, request_id) in (select service, request_id
         from bus.request where created_at < now() - make_interval(days => $1) limit $2)",
        REQUEST_DAYS,
        BATCH,
    )
    .execute(&mut *connection)
    .await?;
    let parked = sqlx::query!(
        "delete from bus.parked where parked_at < now() - make_interval(days => $1)
            or id in (select id from (
                select id, row_number() over (partition by consumer order by id desc) as place
                from bus.parked) places where place > $2::bigint)",
        PARKED_DAYS,
        PARKED_ROWS,
    )
    .execute(&mut *connection)
    .await?;
    Ok([outbox, inbox, request, parked]
        .iter()
        .map(sqlx::postgres::PgQueryResult::rows_affected)
        .sum())
}
