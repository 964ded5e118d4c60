//! `deployer.model`: what runs of jobs made, measured and had committed. Kept as long as the app: releases name it.

use crate::db::release::interval;
use crate::db::run::Run;
use events::{AppName, CommitSha, EnvironmentName, PrincipalName, RunId};
use proto::v1::CommitFilesResponse;
use serde_json::Value;
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;

/// Writes that `run` is about to commit: what it measured is good enough.
pub(crate) async fn begin(
    connection: &mut PgConnection,
    run: &Run,
    (app, environment): (&AppName, &EnvironmentName),
    metrics: Option<&Value>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into deployer.model (run, app, environment, job, asked_by, metrics) values ($1, $2, $3, $4, $5, $6)",
        run.id.uuid(),
        app.as_str(),
        environment.as_str(),
        run.job.as_str(),
        run.asked_by.as_str(),
        metrics,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes where what a run made is.
pub(crate) async fn committed(
    connection: &mut PgConnection,
    run: RunId,
    answer: &CommitFilesResponse,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.model
         set branch = $2, commit = $3, changed = $4, digest = nullif($5, ''), committed_at = clock_timestamp()
         where run = $1 and commit is null",
        run.uuid(),
        answer.branch,
        answer.commit,
        answer.changed,
        answer.model,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("commit model", done.rows_affected())
}

/// A model that is on its branch and is to be released at the forge.
#[derive(Debug)]
pub(crate) struct Unpublished {
    pub(crate) commit: String,
    pub(crate) digest: String,
    pub(crate) metrics: Option<Value>,
}

/// What a run made, if a commit was made for it and it is not known whether that is released at the forge.
pub(crate) async fn unpublished(
    executor: impl PgExecutor<'_>,
    run: RunId,
) -> Result<Option<Unpublished>, sqlx::Error> {
    sqlx::query_as!(
        Unpublished,
        r#"select commit as "commit!", coalesce(digest, '') as "digest!", metrics from deployer.model
           where run = $1 and changed and release_url is null and release_error is null"#,
        run.uuid(),
    )
    .fetch_optional(executor)
    .await
}

/// Writes where the release of what a run made is, or why there is none.
pub(crate) async fn published(
    connection: &mut PgConnection,
    run: RunId,
    outcome: Result<&str, &str>,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.model set release_url = $2, release_error = $3
         where run = $1 and release_url is null and release_error is null",
        run.uuid(),
        outcome.ok(),
        outcome.err(),
    )
    .execute(connection)
    .await?;
    pg::error::one_row("write where a model is released", done.rows_affected())
}

/// Whether what a run made is known to be on its branch; nothing when it did not begin to commit.
pub(crate) async fn is_committed(
    executor: impl PgExecutor<'_>,
    run: RunId,
) -> Result<Option<bool>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select commit is not null as "is!" from deployer.model where run = $1"#,
        run.uuid(),
    )
    .fetch_optional(executor)
    .await
}

/// What was measured of a model, last.
pub(crate) async fn metrics(
    executor: impl PgExecutor<'_>,
    app: &AppName,
    digest: &str,
) -> Result<Option<Value>, sqlx::Error> {
    let found = sqlx::query_scalar!(
        r#"select metrics as "metrics!" from deployer.model
           where app = $1 and digest = $2 and metrics is not null
           order by committed_at desc limit 1"#,
        app.as_str(),
        digest,
    );
    found.fetch_optional(executor).await
}

/// Whether a commit of a run in the environment, of the last `span`, is not released there yet.
pub(crate) async fn is_on_its_way(
    executor: impl PgExecutor<'_>,
    (app, environment): (&AppName, &EnvironmentName),
    span: Duration,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (
               select from deployer.model made
               where app = $1 and environment = $2 and changed
                 and committed_at > clock_timestamp() - make_interval(secs => $3)
                 and not exists (
                     select from deployer.release
                     where release.app = made.app and release.environment = made.environment
                       and origin ->> 'commit' = made.commit
                       and (ended_at is not null or state_name in ('live', 'retained', 'collected')))) as "is!""#,
        app.as_str(),
        environment.as_str(),
        interval(span),
    )
    .fetch_one(executor)
    .await
}

/// Who asked for the run that made `commit`; nothing when none did.
pub(crate) async fn maker(
    executor: impl PgExecutor<'_>,
    app: &AppName,
    commit: &CommitSha,
) -> Result<Option<PrincipalName>, sqlx::Error> {
    let found = sqlx::query_scalar!(
        "select asked_by from deployer.model where app = $1 and commit = $2 and changed limit 1",
        app.as_str(),
        commit.as_str(),
    );
    Ok(found.fetch_optional(executor).await?.map(|by| PrincipalName::new(&by)))
}
