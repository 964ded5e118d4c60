//! `deployer.shadow`: what came of the copies of requests that a release got.

use crate::shadow::Report;
use events::ReleaseId;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};

/// Nothing of a release that got none, and before the first look.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
) -> Result<Option<Report>, sqlx::Error> {
    let found = sqlx::query_scalar!(
        r#"select report as "report: Json<Report>" from deployer.shadow where release = $1"#,
        release.uuid(),
    )
    .fetch_optional(executor)
    .await?;
    Ok(found.map(|report| report.0))
}

/// Writes what is known. In a transaction of the caller, who fences it.
pub(crate) async fn save(
    connection: &mut PgConnection,
    release: ReleaseId,
    report: &Report,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "insert into deployer.shadow (release, report) values ($1, $2)
         on conflict (release) do update set report = excluded.report,
             looked_at = clock_timestamp()",
        release.uuid(),
        Json(report) as _,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("save shadow", done.rows_affected())
}
