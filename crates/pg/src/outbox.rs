//! Events that are decided but not yet said. A row is written in the transaction of the decision; the
//! relay publishes it and marks it. A crash in between publishes twice, which the inbox absorbs.

use events::{Envelope, EventId, subject};
use sqlx::PgConnection;

/// Writes `envelope` into the outbox of `service`, in the caller's transaction.
pub async fn enqueue(
    connection: &mut PgConnection,
    service: &'static str,
    envelope: &Envelope,
) -> Result<(), sqlx::Error> {
    let body = serde_json::to_value(envelope).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let done = sqlx::query!(
        "insert into bus.outbox (id, service, subject, envelope) values ($1, $2, $3, $4)",
        envelope.id.uuid(),
        service,
        subject::event(&envelope.app, envelope.event_type),
        body,
    )
    .execute(connection)
    .await?;
    crate::error::one_row("enqueue event", done.rows_affected())
}

/// The oldest events of `service` that wait, at most `limit`, locked for the caller's transaction;
/// another relay skips them.
pub async fn claim(
    connection: &mut PgConnection,
    service: &str,
    limit: i64,
) -> Result<Vec<Envelope>, sqlx::Error> {
    let rows = sqlx::query_scalar!(
        "select envelope from bus.outbox
         where service = $1 and published_at is null
         order by position limit $2 for update skip locked",
        service,
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| serde_json::from_value(row).map_err(|error| sqlx::Error::Decode(error.into())))
        .collect()
}

/// Marks events as published, in the transaction that claimed them.
pub async fn mark_published(
    connection: &mut PgConnection,
    published: &[EventId],
) -> Result<(), sqlx::Error> {
    let ids: Vec<_> = published.iter().map(|id| id.uuid()).collect();
    sqlx::query!("update bus.outbox set published_at = clock_timestamp() where id = any($1)", &ids)
        .execute(connection)
        .await?;
    Ok(())
}

/// How many events of `service` wait, and for how many seconds the oldest has.
pub async fn backlog(
    connection: &mut PgConnection,
    service: &str,
) -> Result<(i64, f64), sqlx::Error> {
    let row = sqlx::query!(
        r#"select count(*) as "count!",
                  coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)::float8 as "age!"
           from bus.outbox where service = $1 and published_at is null"#,
        service,
    )
    .fetch_one(connection)
    .await?;
    Ok((row.count, row.age))
}
