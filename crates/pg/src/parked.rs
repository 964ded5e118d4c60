//! Messages nobody can handle: kept whole, shown to people, never retried by themselves.

use sqlx::PgConnection;

/// A message that was put aside.
#[derive(Debug, Clone)]
pub struct Parked {
    /// Where it stood in the stream.
    pub stream_sequence: i64,
    /// Its subject.
    pub subject: String,
    /// Why it was put aside.
    pub reason: String,
}

/// What to put aside.
#[derive(Debug)]
pub struct Message<'a> {
    /// Where it stood in the stream.
    pub stream_sequence: i64,
    /// Its subject.
    pub subject: &'a str,
    /// Its bytes.
    pub body: &'a [u8],
}

/// Puts a message aside; doing so twice keeps one.
pub async fn park(
    connection: &mut PgConnection,
    consumer: &str,
    message: &Message<'_>,
    reason: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into bus.parked (consumer, stream_sequence, subject, reason, body)
         values ($1, $2, $3, $4, $5) on conflict do nothing",
        consumer,
        message.stream_sequence,
        message.subject,
        reason,
        message.body,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The newest messages `consumer` put aside.
pub async fn list(
    connection: &mut PgConnection,
    consumer: &str,
    limit: i64,
) -> Result<Vec<Parked>, sqlx::Error> {
    sqlx::query_as!(
        Parked,
        "select stream_sequence, subject, reason from bus.parked
         where consumer = $1 order by id desc limit $2",
        consumer,
        limit,
    )
    .fetch_all(connection)
    .await
}
