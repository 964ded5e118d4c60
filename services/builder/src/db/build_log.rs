//! Table `builder.build_log`: the lines of a build, numbered from 0.

use events::BuildId;
use sqlx::PgExecutor;

/// Days for which the log of a build that ended is kept.
pub const KEPT_DAYS: i32 = 30;

/// The number the next line gets, and how many bytes the lines before it have.
pub async fn extent(
    executor: impl PgExecutor<'_>,
    build: BuildId,
) -> Result<(i64, i64), sqlx::Error> {
    let found = sqlx::query!(
        r#"select coalesce(max(line) + 1, 0) as "next!",
                  coalesce(sum(octet_length(text) + 1), 0)::bigint as "bytes!"
           from builder.build_log where build = $1"#,
        build.uuid(),
    );
    let found = found.fetch_one(executor).await?;
    Ok((found.next, found.bytes))
}

/// Adds lines, the first of which gets the number `first`.
pub async fn append(
    executor: impl PgExecutor<'_>,
    build: BuildId,
    first: i64,
    lines: &[String],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into builder.build_log (build, line, text)
         select $1, $2 + position - 1, text
         from unnest($3::text[]) with ordinality as given (text, position)
         on conflict (build, line) do nothing",
        build.uuid(),
        first,
        lines,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// At most `limit` lines from `offset` on.
pub async fn read(
    executor: impl PgExecutor<'_>,
    build: BuildId,
    offset: i64,
    limit: i64,
) -> Result<Vec<(i64, String)>, sqlx::Error> {
    let rows = sqlx::query!(
        "select line, text from builder.build_log where build = $1 and line >= $2 order by line limit $3",
        build.uuid(),
        offset,
        limit,
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(|row| (row.line, row.text)).collect())
}

/// Deletes the lines of builds that ended more than `days` ago; returns how many.
pub async fn delete_older(executor: impl PgExecutor<'_>, days: i32) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "delete from builder.build_log using builder.build
         where build.id = build_log.build and build.ended_at < clock_timestamp() - make_interval(days => $1)",
        days,
    );
    Ok(done.execute(executor).await?.rows_affected())
}

/// What the logs of an app take.
#[derive(Debug)]
pub struct Size {
    /// The app.
    pub app: String,
    /// They are older than logs are kept.
    pub old: bool,
    /// How many builds they are of.
    pub builds: i64,
    /// Their lines.
    pub bytes: i64,
}

/// What logs take, of each app the young and the old ones.
pub async fn sizes(executor: impl PgExecutor<'_>, days: i32) -> Result<Vec<Size>, sqlx::Error> {
    sqlx::query_as!(
        Size,
        r#"select b.app,
                  coalesce(b.ended_at < clock_timestamp() - make_interval(days => $1), false) as "old!",
                  count(distinct b.id) as "builds!",
                  sum(octet_length(l.text) + 1)::bigint as "bytes!"
           from builder.build_log l join builder.build b on b.id = l.build
           group by 1, 2 order by 1, 2"#,
        days,
    )
    .fetch_all(executor)
    .await
}
