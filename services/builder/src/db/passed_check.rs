//! Table `builder.passed_check`: which checks passed with which content.

use crate::context::key::ContentKey;
use events::AppName;
use sqlx::PgExecutor;

/// The check passed with this content before.
pub async fn is_known(
    executor: impl PgExecutor<'_>,
    app: &AppName,
    name: &str,
    key: &ContentKey,
) -> Result<bool, sqlx::Error> {
    let known = sqlx::query_scalar!(
        r#"select exists(select 1 from builder.passed_check
            where app = $1 and name = $2 and content_key = $3) as "known!""#,
        app.as_str(),
        name,
        key.as_str(),
    );
    known.fetch_one(executor).await
}

/// Remembers that the check passed with this content.
pub async fn remember(
    executor: impl PgExecutor<'_>,
    app: &AppName,
    name: &str,
    key: &ContentKey,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into builder.passed_check (app, name, content_key) values ($1, $2, $3)
         on conflict (app, name, content_key) do update set passed_at = clock_timestamp()",
        app.as_str(),
        name,
        key.as_str(),
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Forgets what passed more than `days` ago; returns how many.
pub async fn forget_older(executor: impl PgExecutor<'_>, days: i32) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "delete from builder.passed_check where passed_at < clock_timestamp() - make_interval(days => $1)",
        days,
    );
    Ok(done.execute(executor).await?.rows_affected())
}
