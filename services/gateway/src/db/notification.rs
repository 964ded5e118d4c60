//! Table `notification`: what each sink is told. Times are the database's.

use super::parsed;
use crate::notify::{Kind, Message, Notification, Sink};
use events::{EventId, SecretName};
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor, PgPool};
use std::time::Duration;
use uuid::Uuid;

/// What is the same is said once in so many seconds, with a count.
const WINDOW: f64 = 600.0;
/// Seconds that a claim is valid: longer than the longest attempt.
const CLAIM: f64 = 60.0;
/// Seconds between two notifications of one sink; Slack takes one a second.
const GAP: f64 = 1.0;

/// Adds a notification for a sink whose row the caller has locked. What is the same as one that waits and was
/// never tried is counted with it; what is the same as one of a moment ago waits until the window is over.
pub(crate) async fn add(
    connection: &mut PgConnection,
    sink: &str,
    event: EventId,
    message: &Message,
) -> Result<(), sqlx::Error> {
    let counted = sqlx::query!(
        "update gateway.notification set times = times + 1, message = $4
         where id = (select id from gateway.notification
                     where app = $1 and sink = $2 and fingerprint = $3 and state = 'waiting'
                       and attempts = 0
                     order by created_at desc limit 1)",
        message.app.as_str(),
        sink,
        message.fingerprint,
        Json(message) as _,
    )
    .execute(&mut *connection)
    .await?;
    if counted.rows_affected() == 1 {
        return Ok(());
    }
    sqlx::query!(
        "insert into gateway.notification
            (id, app, sink, event, environment, fingerprint, message, wake_at)
         select $1::uuid, $2, $3, $4::uuid, $5, $6, $7::jsonb,
                greatest(clock_timestamp(), max(created_at) + make_interval(secs => $8))
         from gateway.notification where app = $2 and sink = $3 and fingerprint = $6
         on conflict (app, sink, event) do nothing",
        service::new_id(),
        message.app.as_str(),
        sink,
        event.uuid(),
        message.environment(),
        message.fingerprint,
        Json(message) as _,
        WINDOW,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A notification to be sent now, to a sink that nobody else sends to.
#[derive(Debug)]
pub(crate) struct Claim {
    pub sink: Sink,
    /// What it is called where it is known.
    pub sink_name: String,
    pub notification: Notification,
    /// With this one.
    pub attempts: i32,
}

struct Row {
    id: Uuid,
    app: String,
    event: Uuid,
    environment: String,
    message: Json<Message>,
    times: i32,
    attempts: i32,
    kind: String,
    address: String,
    signed_with: Option<String>,
    sink: String,
}

impl TryFrom<Row> for Claim {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let kind = Kind::parse(&row.kind)
            .ok_or_else(|| sqlx::Error::Decode(format!("there is no sink {}", row.kind).into()))?;
        let signed_with = row.signed_with.as_deref().map(parsed::<SecretName>).transpose()?;
        Ok(Self {
            sink: Sink { kind, address: row.address, signed_with },
            sink_name: row.sink,
            notification: Notification {
                id: row.id,
                app: parsed(&row.app)?,
                event: EventId::new(row.event),
                environment: row.environment,
                message: row.message.0,
                times: row.times,
            },
            attempts: row.attempts,
        })
    }
}

/// Claims the notification that is due first, with its sink.
pub(crate) async fn claim(executor: impl PgExecutor<'_>) -> Result<Option<Claim>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"with due as (
             select notification.id, sink.app, sink.name
             from gateway.notification join gateway.sink
               on sink.app = notification.app and sink.name = notification.sink
             where notification.state = 'waiting' and notification.wake_at <= clock_timestamp()
               and sink.not_before <= clock_timestamp() and sink.disabled_at is null
             order by notification.wake_at, notification.id limit 1
             for update of notification, sink skip locked
           ), claimed as (
             update gateway.sink
             set not_before = clock_timestamp() + make_interval(secs => $1),
                 last_attempt_at = clock_timestamp()
             from due where sink.app = due.app and sink.name = due.name
             returning due.id, sink.kind, sink.address, sink.signed_with
           )
           update gateway.notification
           set attempts = attempts + 1, wake_at = clock_timestamp() + make_interval(secs => $1)
           from claimed where notification.id = claimed.id
           returning notification.id, app, event, environment, message as "message: Json<Message>", times,
                     attempts, kind as "kind!", address as "address!", signed_with, notification.sink"#,
        CLAIM,
    )
    .fetch_optional(executor)
    .await?
    .map(Claim::try_from)
    .transpose()
}

/// Seconds until something is due; nothing when nothing waits.
pub(crate) async fn due_in(executor: impl PgExecutor<'_>) -> Result<Option<f64>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select extract(epoch from
                  min(greatest(notification.wake_at, sink.not_before)) - clock_timestamp())::float8
           from gateway.notification join gateway.sink
             on sink.app = notification.app and sink.name = notification.sink
           where notification.state = 'waiting' and sink.disabled_at is null"#,
    )
    .fetch_one(executor)
    .await
}

/// It arrived with attempt number `attempts`.
pub(crate) async fn sent(pool: &PgPool, id: Uuid, attempts: i32) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with ended as (
           update gateway.notification
           set state = 'sent', last_error = '', ended_at = clock_timestamp()
           where id = $1 and attempts = $2 and state = 'waiting' returning app, sink
         )
         update gateway.sink
         set last_success_at = clock_timestamp(), last_error = '',
             not_before = clock_timestamp() + make_interval(secs => $3)
         from ended where sink.app = ended.app and sink.name = ended.sink",
        id,
        attempts,
        GAP,
    )
    .execute(pool)
    .await
    .map(drop)
}

/// How an attempt failed.
#[derive(Debug)]
pub(crate) struct Failure<'a> {
    pub error: &'a str,
    /// Until the next attempt; without, it was the last.
    pub pause: Option<Duration>,
    /// How long the sink wants to hear nothing.
    pub sink_pause: Option<Duration>,
    /// The receiver was asked; else it is as if it had not been tried.
    pub is_attempt: bool,
}

/// Attempt number `attempts` failed.
pub(crate) async fn failed(
    pool: &PgPool,
    id: Uuid,
    attempts: i32,
    failure: &Failure<'_>,
) -> Result<(), sqlx::Error> {
    let gap = failure.sink_pause.map_or(GAP, |pause| pause.as_secs_f64().max(GAP));
    sqlx::query!(
        "with tried as (
           update gateway.notification
           set last_error = $3,
               state = case when $4::float8 is null then 'failed' else 'waiting' end,
               ended_at = case when $4::float8 is null then clock_timestamp() end,
               wake_at = clock_timestamp() + make_interval(secs => coalesce($4, 0)),
               attempts = case when $6 then attempts else attempts - 1 end
           where id = $1 and attempts = $2 and state = 'waiting' returning app, sink
         )
         update gateway.sink
         set last_error = $3, not_before = clock_timestamp() + make_interval(secs => $5)
         from tried where sink.app = tried.app and sink.name = tried.sink",
        id,
        attempts,
        failure.error,
        failure.pause.map(|pause| pause.as_secs_f64()),
        gap,
        failure.is_attempt,
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Deletes notifications that ended more than `days` ago, at most `batch`; how many.
pub(crate) async fn delete_old(
    executor: impl PgExecutor<'_>,
    days: i32,
    batch: i64,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "delete from gateway.notification where id in (
           select id from gateway.notification
           where ended_at < now() - make_interval(days => $1) limit $2)",
        days,
        batch,
    )
    .execute(executor)
    .await?;
    Ok(done.rows_affected())
}

#[cfg(test)]
mod tests;
