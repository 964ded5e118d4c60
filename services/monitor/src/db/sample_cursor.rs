//! `monitor.sample_cursor`: how far the stream of samples was counted.

use sqlx::{PgConnection, PgExecutor};

/// The last message that was counted of the stream with this name; 0 for a new one.
pub(crate) async fn get(executor: impl PgExecutor<'_>, stream: &str) -> Result<i64, sqlx::Error> {
    let found =
        sqlx::query_scalar!("select sequence from monitor.sample_cursor where stream = $1", stream)
            .fetch_optional(executor)
            .await?;
    Ok(found.unwrap_or_default())
}

/// Notes that it was counted up to `to`, and forgets other streams; false when somebody else counted since `from`.
pub(crate) async fn advance(
    connection: &mut PgConnection,
    stream: &str,
    (from, to): (i64, i64),
) -> Result<bool, sqlx::Error> {
    sqlx::query!("delete from monitor.sample_cursor where stream <> $1", stream)
        .execute(&mut *connection)
        .await?;
    let done = sqlx::query!(
        "insert into monitor.sample_cursor as known (stream, sequence) values ($1, $3)
         on conflict (stream) do update set sequence = excluded.sequence where known.sequence = $2",
        stream,
        from,
        to,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
