//! Table `builder.service`, as far as it says what this builder pushed and the registry still has.

use sqlx::PgExecutor;
use uuid::Uuid;

/// An image at the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// Registry and repository.
    pub repository: String,
    /// Its identity.
    pub digest: String,
    /// One of its tags.
    pub tag: Option<String>,
    /// The app it is of.
    pub app: String,
    /// The service it is of.
    pub service: String,
    /// Compressed.
    pub size: i64,
    /// The newest build that gave it.
    pub build: Uuid,
    /// No build gave it for as long as images are kept.
    pub is_old: bool,
}

/// Every image that a build here made and pushed. Old is what no build gave for `days`.
pub async fn list(executor: impl PgExecutor<'_>, days: i32) -> Result<Vec<Pushed>, sqlx::Error> {
    sqlx::query_as!(
        Pushed,
        r#"select s.repository, s.digest, b.app, s.name as service,
                  (array_agg(s.tags[1] order by b.id desc))[1] as tag,
                  max(s.size_bytes) as "size!",
                  (array_agg(b.id order by b.id desc))[1] as "build!",
                  bool_and(b.ended_at < clock_timestamp() - make_interval(days => $1)) as "is_old!"
           from builder.service s join builder.build b on b.id = s.build
           where s.content_key is not null and s.collected_at is null and b.ended_at is not null
           group by s.repository, s.digest, b.app, s.name
           having not bool_and(s.reused)
           order by b.app, s.name, 7"#,
        days,
    )
    .fetch_all(executor)
    .await
}

/// Whether no build gave this image for `days`.
pub async fn is_old(
    executor: impl PgExecutor<'_>,
    (repository, digest): (&str, &str),
    days: i32,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select not exists (
               select from builder.service s join builder.build b on b.id = s.build
               where s.repository = $1 and s.digest = $2
                 and b.ended_at >= clock_timestamp() - make_interval(days => $3)) as "old!""#,
        repository,
        digest,
        days,
    )
    .fetch_one(executor)
    .await
}

/// Records that the registry does not have the image any more.
pub async fn gone(
    executor: impl PgExecutor<'_>,
    (repository, digest): (&str, &str),
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update builder.service set collected_at = clock_timestamp()
         where repository = $1 and digest = $2 and collected_at is null",
        repository,
        digest,
    )
    .execute(executor)
    .await?;
    Ok(())
}
