//! `deployer.release_log`: every input that changed a release.

use chrono::{DateTime, Utc};
use events::ReleaseId;
use release::{Entry, Input, State};
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};

/// One line of the log.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) entry: Entry,
    pub(crate) at: DateTime<Utc>,
}

/// Writes a line: `input` made the release `state` at `version`.
pub(crate) async fn append(
    connection: &mut PgConnection,
    release: ReleaseId,
    version: i64,
    (input, state): (&Input, &State),
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "insert into deployer.release_log (release, version, input, state) values ($1, $2, $3, $4)",
        release.uuid(),
        version,
        Json(input) as _,
        Json(state) as _,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("append to the log", done.rows_affected())
}

/// The log of a release, the oldest line first.
pub(crate) async fn of_release(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
) -> Result<Vec<Line>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select input as "input: Json<Input>", state as "state: Json<State>", at
           from deployer.release_log where release = $1 order by version"#,
        release.uuid(),
    )
    .fetch_all(executor)
    .await?;
    let line = |input, state, at| Line { entry: Entry { input, state }, at };
    Ok(rows.into_iter().map(|row| line(row.input.0, row.state.0, row.at)).collect())
}

/// Releases that changed after `seq`, with the last sequence read. Stops before the oldest transaction
/// still running, so that a line written late is not missed.
pub(crate) async fn changed_since(
    executor: impl PgExecutor<'_>,
    seq: i64,
) -> Result<Vec<(i64, ReleaseId)>, sqlx::Error> {
    let rows = sqlx::query!(
        "select seq, release from deployer.release_log
         where seq > $1 and written_by < pg_snapshot_xmin(pg_current_snapshot())
         order by seq limit 500",
        seq,
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(|row| (row.seq, ReleaseId::new(row.release))).collect())
}

/// The last sequence that can be read.
pub(crate) async fn last_seq(executor: impl PgExecutor<'_>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select coalesce(max(seq), 0) as "seq!" from deployer.release_log
           where written_by < pg_snapshot_xmin(pg_current_snapshot())"#
    )
    .fetch_one(executor)
    .await
}
