//! `deployer.synthetic`: how many requests Slipway sent itself while a share was held.

use events::ReleaseId;
use sqlx::{PgConnection, PgExecutor};

/// Requests that Slipway sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) candidate: i64,
    pub(crate) stable: i64,
}

/// Nothing of a release that got none.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
) -> Result<Option<Sent>, sqlx::Error> {
    sqlx::query_as!(
        Sent,
        "select candidate, stable from deployer.synthetic where release = $1",
        release.uuid(),
    )
    .fetch_optional(executor)
    .await
}

/// Writes how many. In a transaction of the caller, who fences it.
pub(crate) async fn save(
    connection: &mut PgConnection,
    release: ReleaseId,
    sent: Sent,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "insert into deployer.synthetic (release, candidate, stable) values ($1, $2, $3)
         on conflict (release) do update set candidate = excluded.candidate, stable = excluded.stable",
        release.uuid(),
        sent.candidate,
        sent.stable,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("save synthetic", done.rows_affected())
}
