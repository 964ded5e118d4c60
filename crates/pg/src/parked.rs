//! Messages nobody can handle, or publish: kept whole, shown to people, never retried by themselves. Who
//! put one aside handles it again when a person says so, without the bus: the row is all that is needed.

use chrono::{DateTime, Utc};
use events::EventId;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// Bytes kept of a reason or a subject.
const LONGEST_TEXT: usize = 2_000;
/// Seconds after which a message is handed out again when whoever took it was not heard of.
const TAKEN: f64 = 60.0;

/// A message that was put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// Its number.
    pub id: i64,
    /// Who put it aside.
    pub consumer: String,
    /// Where it stood in the stream; 0 when it never came there.
    pub stream_sequence: i64,
    /// Its subject.
    pub subject: String,
    /// Why it was put aside.
    pub reason: String,
    /// The event, when that much could be read.
    pub event_id: Option<Uuid>,
    /// It could not be published.
    pub outgoing: bool,
    /// Bytes of its body.
    pub size_bytes: i64,
    /// When it was put aside.
    pub put_aside_at: DateTime<Utc>,
    /// A person wants it handled again, not before this.
    pub retry_at: Option<DateTime<Utc>>,
}

/// What to put aside.
#[derive(Debug)]
pub struct Message<'a> {
    /// Where it stood in the stream; 0 when it never came there.
    pub stream_sequence: i64,
    /// Its subject.
    pub subject: &'a str,
    /// Its headers, as an object of texts.
    pub headers: &'a Value,
    /// The event, when that much could be read.
    pub event_id: Option<EventId>,
    /// It could not be published.
    pub outgoing: bool,
    /// Its bytes.
    pub body: &'a [u8],
}

/// Puts a message aside; doing so twice keeps one, with the last reason.
pub async fn park(
    connection: &mut PgConnection,
    consumer: &str,
    message: &Message<'_>,
    reason: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into bus.parked
             (consumer, stream_sequence, subject, reason, headers, event_id, outgoing, body)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (consumer, stream_sequence, subject, md5(body),
                      coalesce(event_id, '00000000-0000-0000-0000-000000000000'))
         do update set reason = excluded.reason, retry_at = null",
        consumer,
        message.stream_sequence,
        kept(message.subject),
        kept(reason),
        without_nul(message.headers),
        message.event_id.map(EventId::uuid),
        message.outgoing,
        message.body,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The newest messages before `before`; only of `apps` when those are given.
pub async fn list(
    connection: &mut PgConnection,
    apps: Option<&[String]>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Parked>, sqlx::Error> {
    sqlx::query_as!(
        Parked,
        r#"select id, consumer, stream_sequence, subject, reason, event_id, outgoing,
                  octet_length(body)::bigint as "size_bytes!", parked_at as put_aside_at, retry_at
           from bus.parked
           where ($1::text[] is null or split_part(subject, '.', 3) = any($1))
             and ($2::bigint is null or id < $2)
           order by id desc limit $3"#,
        apps,
        before,
        limit,
    )
    .fetch_all(connection)
    .await
}

/// How many messages each consumer put aside.
pub async fn count(connection: &mut PgConnection) -> Result<Vec<(String, i64)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select consumer, count(*) as "count!" from bus.parked group by consumer order by consumer"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.consumer, row.count)).collect())
}

/// What became of a wish to handle a message again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wished {
    /// Who put it aside handles it again.
    Again(Parked),
    /// An earlier program kept it without its headers: it can only be forgotten.
    Incomplete,
    /// There is no such message.
    Unknown,
}

/// Hands a message back: to its consumer, which forgets that it was done with it, or to the outbox.
pub async fn retry(connection: &mut PgConnection, id: i64) -> Result<Wished, sqlx::Error> {
    let row = sqlx::query_as!(
        Parked,
        r#"update bus.parked set retry_at = clock_timestamp()
           where id = $1 and headers is not null
           returning id, consumer, stream_sequence, subject, reason, event_id, outgoing,
                     octet_length(body)::bigint as "size_bytes!", parked_at as put_aside_at, retry_at"#,
        id,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(parked) = row else {
        let there = sqlx::query_scalar!("select 1 from bus.parked where id = $1", id);
        let there = there.fetch_optional(connection).await?.is_some();
        return Ok(if there { Wished::Incomplete } else { Wished::Unknown });
    };
    if parked.outgoing {
        sqlx::query!("update bus.outbox set published_at = null where id = $1", parked.event_id)
            .execute(&mut *connection)
            .await?;
        forget(connection, id).await?;
    } else {
        sqlx::query!(
            "delete from bus.inbox where consumer = $1 and event_id = $2",
            parked.consumer,
            parked.event_id,
        )
        .execute(connection)
        .await?;
    }
    Ok(Wished::Again(parked))
}

/// Forgets a message; false when there is none.
pub async fn forget(connection: &mut PgConnection, id: i64) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!("delete from bus.parked where id = $1", id).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// A message to handle again.
#[derive(Debug)]
pub struct Due {
    /// Its number.
    pub id: i64,
    /// Its subject.
    pub subject: String,
    /// Its headers, as an object of texts.
    pub headers: Value,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// The next message of `consumer` to handle again. Whoever is given one has a minute until it is given again.
pub async fn take(
    connection: &mut PgConnection,
    consumer: &str,
) -> Result<Option<Due>, sqlx::Error> {
    sqlx::query_as!(
        Due,
        r#"update bus.parked set retry_at = clock_timestamp() + make_interval(secs => $2)
           where id = (select id from bus.parked
                       where consumer = $1 and retry_at <= clock_timestamp() and not outgoing
                       order by retry_at limit 1 for update skip locked)
           returning id, subject, coalesce(headers, '{}') as "headers!", body"#,
        consumer,
        TAKEN,
    )
    .fetch_optional(connection)
    .await
}

/// Notes why a message could not be handled again: for ever, or until `seconds` from now.
pub async fn still(
    connection: &mut PgConnection,
    id: i64,
    reason: &str,
    seconds: Option<f64>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update bus.parked set reason = $2, retry_at = clock_timestamp() + make_interval(secs => $3)
         where id = $1",
        id,
        kept(reason),
        seconds,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// `text` as a row can hold it: without NUL, and not too long.
fn kept(text: &str) -> String {
    let text = text.replace('\0', "\u{fffd}");
    let end = (0..=text.len().min(LONGEST_TEXT)).rev().find(|end| text.is_char_boundary(*end));
    text[..end.unwrap_or_default()].to_owned()
}

/// An object of texts as a row can hold it.
fn without_nul(headers: &Value) -> Value {
    let texts = headers.as_object().into_iter().flatten();
    let texts = texts.map(|(name, value)| {
        let value = value.as_str().unwrap_or_default().replace('\0', "\u{fffd}");
        (name.replace('\0', "\u{fffd}"), Value::String(value))
    });
    Value::Object(texts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_row_cannot_hold_is_replaced_or_cut() {
        assert_eq!(kept("a\0b"), "a\u{fffd}b");
        assert_eq!(kept(&"ä".repeat(2_000)).len(), 2_000);
        assert_eq!(kept(&format!("x{}", "ä".repeat(2_000))).len(), 1_999);
        assert_eq!(
            without_nul(&json!({"a\0": "b\0", "n": 1})),
            json!({"a\u{fffd}": "b\u{fffd}", "n": ""})
        );
    }
}
