//! Events that are decided but not yet said. A row is written in the transaction of the decision; the
//! relay publishes it and marks it. A crash in between publishes twice, which the inbox absorbs. What was
//! published and then lost, whatever the broker forgot, is found by its missing inbox row and published again.

use chrono::{DateTime, Utc};
use events::{Envelope, EventId, EventType, subject};
use serde::Deserialize;
use sqlx::PgConnection;
use std::time::Duration;

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

/// An event that waits.
#[derive(Debug)]
pub struct Waiting {
    /// Its id.
    pub id: EventId,
    /// Its subject.
    pub subject: String,
    /// The envelope, as it was written.
    pub written: serde_json::Value,
}

impl Waiting {
    /// The envelope; a program of another version may have written what this one cannot read.
    pub fn envelope(&self) -> Result<Envelope, serde_json::Error> {
        Envelope::deserialize(&self.written)
    }
}

/// The oldest events of `service` that wait, at most `limit`, locked for the caller's transaction;
/// another relay skips them.
pub async fn claim(
    connection: &mut PgConnection,
    service: &str,
    limit: i64,
) -> Result<Vec<Waiting>, sqlx::Error> {
    let rows = sqlx::query!(
        "select id, subject, envelope from bus.outbox
         where service = $1 and published_at is null
         order by position limit $2 for update skip locked",
        service,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let waiting = rows.into_iter().map(|row| Waiting {
        id: EventId::new(row.id),
        subject: row.subject,
        written: row.envelope,
    });
    Ok(waiting.collect())
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

/// Says that `consumer` reacts to exactly these types.
pub async fn subscribe(
    connection: &mut PgConnection,
    consumer: &str,
    types: &[EventType],
) -> Result<(), sqlx::Error> {
    let types: Vec<String> = types.iter().map(ToString::to_string).collect();
    sqlx::query!(
        "with gone as (delete from bus.subscription where consumer = $1 and event_type <> all($2))
         insert into bus.subscription (consumer, event_type)
         select $1, wanted from unnest($2::text[]) wanted on conflict do nothing",
        consumer,
        &types,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes events of `service` wait again that were published longer than `age` ago and that a subscriber has
/// not handled; returns how many. Looks back as far as published rows are kept. What could not be published
/// is for people.
pub async fn revive(
    connection: &mut PgConnection,
    service: &str,
    age: Duration,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "update bus.outbox o set published_at = null
         where o.service = $1 and o.published_at < clock_timestamp() - make_interval(secs => $2)
           and exists (select 1 from bus.subscription s
                       where s.event_type = o.envelope ->> 'event_type'
                         and not exists (select 1 from bus.inbox i
                                         where i.consumer = s.consumer and i.event_id = o.id))
           and not exists (select 1 from bus.parked p where p.outgoing and p.event_id = o.id)",
        service,
        age.as_secs_f64(),
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Notes that `service` publishes to the stream made at `created`; true when that is another one than before.
pub async fn is_another_stream(
    connection: &mut PgConnection,
    service: &str,
    created: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let row = sqlx::query!(
        r#"with before as (select created_at from bus.stream where service = $1),
                now as (insert into bus.stream (service, created_at) values ($1, $2)
                        on conflict (service) do update set created_at = excluded.created_at)
           select exists (select from before where created_at <> $2) as "is_another!""#,
        service,
        created,
    )
    .fetch_one(connection)
    .await?;
    Ok(row.is_another)
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
