//! `deployer.reading`: what was read of a candidate and of the stable release, by name.

use events::ReleaseId;
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;

/// What is known of one reading, beside what the analysis made of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Reading {
    pub(crate) name: String,
    /// How often both were read.
    pub(crate) pairs: i32,
    /// What was read last of the candidate; nothing before.
    pub(crate) candidate: Option<f64>,
    pub(crate) stable: Option<f64>,
    /// Why the last attempt read nothing, if it did not.
    pub(crate) problem: Option<String>,
    /// Seconds since the last attempt.
    pub(crate) age: f64,
}

impl Reading {
    /// How long ago it was tried last.
    pub(crate) fn ago(&self) -> Duration {
        Duration::try_from_secs_f64(self.age).unwrap_or_default()
    }
}

/// All of a release, by name.
pub(crate) async fn of_release(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
) -> Result<Vec<Reading>, sqlx::Error> {
    sqlx::query_as!(
        Reading,
        r#"select name, pairs, candidate, stable, problem,
                  extract(epoch from clock_timestamp() - tried_at)::float8 as "age!"
           from deployer.reading where release = $1 order by name"#,
        release.uuid(),
    )
    .fetch_all(executor)
    .await
}

/// Writes what is known of one. In a transaction of the caller, who fences it.
pub(crate) async fn save(
    connection: &mut PgConnection,
    release: ReleaseId,
    reading: &Reading,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "insert into deployer.reading (release, name, pairs, candidate, stable, problem, tried_at)
         values ($1, $2, $3, $4, $5, $6, clock_timestamp() - make_interval(secs => $7))
         on conflict (release, name) do update set pairs = excluded.pairs,
             candidate = excluded.candidate, stable = excluded.stable, problem = excluded.problem,
             tried_at = excluded.tried_at",
        release.uuid(),
        reading.name,
        reading.pairs,
        reading.candidate,
        reading.stable,
        reading.problem,
        reading.age,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("save reading", done.rows_affected())
}
