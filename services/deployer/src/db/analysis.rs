//! `deployer.analysis`: what is known of a canary by now.

use chrono::{DateTime, Utc};
use events::ReleaseId;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use stats::Analysis;

/// What people are told of it.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// Which step, from 0.
    pub(crate) step: i32,
    pub(crate) verdict: String,
    pub(crate) sentence: String,
    pub(crate) looked_at: DateTime<Utc>,
}

/// What follows by now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verdict<'a> {
    pub(crate) verdict: stats::Verdict,
    /// The same for people.
    pub(crate) sentence: &'a str,
}

/// All that was seen of a release, with the step that it was seen at last; nothing before the first look.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
) -> Result<Option<(i32, Analysis)>, sqlx::Error> {
    let found = sqlx::query!(
        r#"select step, state as "state: Json<Analysis>" from deployer.analysis where release = $1"#,
        release.uuid(),
    )
    .fetch_optional(executor)
    .await?;
    Ok(found.map(|row| (row.step, row.state.0)))
}

/// What is told of a release that is or was a canary.
pub(crate) async fn told(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
) -> Result<Option<Told>, sqlx::Error> {
    sqlx::query_as!(
        Told,
        "select step, verdict, sentence, looked_at from deployer.analysis where release = $1",
        release.uuid(),
    )
    .fetch_optional(executor)
    .await
}

/// Writes what is known. In a transaction of the caller, who fences it.
pub(crate) async fn save(
    connection: &mut PgConnection,
    release: ReleaseId,
    (step, analysis): (i32, &Analysis),
    Verdict { verdict, sentence }: &Verdict<'_>,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "insert into deployer.analysis (release, step, state, verdict, sentence)
         values ($1, $2, $3, $4, $5)
         on conflict (release) do update set step = excluded.step, state = excluded.state,
             verdict = excluded.verdict, sentence = excluded.sentence, looked_at = clock_timestamp()",
        release.uuid(),
        step,
        Json(analysis) as _,
        verdict.to_string(),
        sentence,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("save analysis", done.rows_affected())
}
