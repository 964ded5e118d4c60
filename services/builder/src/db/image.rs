//! Table `builder.image`: which digest a content gave.

use crate::context::key::ContentKey;
use events::{AppName, Digest, ServiceName};
use sqlx::{PgConnection, PgExecutor};

/// The repository and digest that `key` gave before.
pub async fn find(
    executor: impl PgExecutor<'_>,
    (app, service): (&AppName, &ServiceName),
    key: &ContentKey,
) -> Result<Option<(String, Digest)>, sqlx::Error> {
    let row = sqlx::query!(
        "select repository, digest from builder.image
         where app = $1 and service = $2 and content_key = $3",
        app.as_str(),
        service.as_str(),
        key.as_str(),
    )
    .fetch_optional(executor)
    .await?;
    let image = |digest: &str| Digest::parse(digest).map_err(super::build::unreadable);
    row.map(|row| Ok((row.repository, image(&row.digest)?))).transpose()
}

/// Remembers the image that `key` gave.
pub async fn remember(
    connection: &mut PgConnection,
    (app, service): (&AppName, &ServiceName),
    key: &str,
    (repository, digest): (&str, &Digest),
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into builder.image (app, service, content_key, repository, digest)
         values ($1, $2, $3, $4, $5)
         on conflict (app, service, content_key) do update
            set repository = excluded.repository, digest = excluded.digest, used_at = clock_timestamp()",
        app.as_str(),
        service.as_str(),
        key,
        repository,
        digest.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets images that no build used for `days`; returns how many.
pub async fn forget_older(executor: impl PgExecutor<'_>, days: i32) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "delete from builder.image where used_at < clock_timestamp() - make_interval(days => $1)",
        days,
    );
    Ok(done.execute(executor).await?.rows_affected())
}

/// Forgets which contents gave this image: a build that begins from now on does not reuse it.
pub async fn forget(
    executor: impl PgExecutor<'_>,
    (repository, digest): (&str, &str),
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from builder.image where repository = $1 and digest = $2",
        repository,
        digest,
    )
    .execute(executor)
    .await?;
    Ok(())
}
