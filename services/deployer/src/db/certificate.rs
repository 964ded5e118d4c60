//! `deployer.certificate`: what users noticed of the switch of each release.

use crate::certificate::{Counts, Reading, Unknown};
use chrono::{DateTime, Utc};
use events::ReleaseId;
use sqlx::PgExecutor;
use sqlx::types::Json;

/// What is known of the switch of a release.
#[derive(Debug, Clone)]
pub(crate) struct Certificate {
    pub(crate) begun_at: DateTime<Utc>,
    /// Nothing while the switch is not over.
    pub(crate) ended_at: Option<DateTime<Utc>>,
    pub(crate) counts: Option<Json<Counts>>,
    /// Why there are no counts.
    pub(crate) unknown: Option<String>,
}

/// Of `release`; nothing when it moved no traffic.
pub(crate) async fn of(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
) -> Result<Option<Certificate>, sqlx::Error> {
    sqlx::query_as!(
        Certificate,
        r#"select begun_at, ended_at, counts as "counts: Json<Counts>", unknown
           from deployer.certificate where release = $1"#,
        release.uuid(),
    )
    .fetch_optional(executor)
    .await
}

/// What the router had counted when the switch began; nothing when it did not begin, or is over.
pub(crate) async fn begun(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
) -> Result<Option<Reading>, sqlx::Error> {
    let before = sqlx::query_scalar!(
        r#"select before as "before: Json<Reading>" from deployer.certificate
           where release = $1 and ended_at is null"#,
        release.uuid(),
    );
    Ok(before.fetch_optional(executor).await?.map(|before| before.0))
}

/// Writes the first reading; a later one changes nothing. In a transaction of the caller, who fences it.
pub(crate) async fn begin(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
    before: &Reading,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into deployer.certificate (release, before) values ($1, $2)
         on conflict (release) do nothing",
        release.uuid(),
        Json(before) as _,
    )
    .execute(executor)
    .await
    .map(drop)
}

/// The switch is over. In a transaction of the caller, who fences it.
pub(crate) async fn end(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
    counted: Result<Counts, Unknown>,
) -> Result<(), sqlx::Error> {
    let unknown = counted.err().map(|unknown| unknown.to_string());
    let done = sqlx::query!(
        "update deployer.certificate set ended_at = clock_timestamp(), counts = $2, unknown = $3
         where release = $1 and ended_at is null",
        release.uuid(),
        counted.ok().map(Json) as _,
        unknown,
    )
    .execute(executor)
    .await?;
    pg::error::one_row("end certificate", done.rows_affected())
}
