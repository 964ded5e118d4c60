//! Table `builder.step`: each timed part of a build.

use chrono::{DateTime, Utc};
use events::BuildId;
use sqlx::PgExecutor;
use uuid::Uuid;

/// A row.
#[derive(Debug, Clone)]
pub struct Row {
    pub build: Uuid,
    pub name: String,
    pub started_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub detail: String,
}

/// Records that a part began or, with `ended_at`, that it ended.
pub async fn write(
    executor: impl PgExecutor<'_>,
    build: BuildId,
    position: i32,
    name: &str,
    (started_at, ended_at): (DateTime<Utc>, Option<DateTime<Utc>>),
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into builder.step (build, position, name, started_at, ended_at)
         values ($1, $2, $3, $4, $5)
         on conflict (build, position) do update set name = excluded.name, started_at = excluded.started_at, ended_at = excluded.ended_at",
        build.uuid(),
        position,
        name,
        started_at,
        ended_at,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Forgets the parts of an attempt that did not end.
pub async fn clear(executor: impl PgExecutor<'_>, build: BuildId) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from builder.step where build = $1", build.uuid())
        .execute(executor)
        .await?;
    Ok(())
}

/// The parts of these builds, in the order in which they began.
pub async fn of_builds(
    executor: impl PgExecutor<'_>,
    builds: &[Uuid],
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select build, name, started_at, ended_at, detail from builder.step
         where build = any($1) order by build, position",
        builds,
    )
    .fetch_all(executor)
    .await
}
