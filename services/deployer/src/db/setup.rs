//! `deployer.setup`: how far each job at `first_release` is in an environment, never told from what it made.

use crate::job::Setup;
use events::{AppName, EnvironmentName, JobName, ReleaseId};
use sqlx::{PgConnection, PgExecutor};
use std::collections::BTreeMap;

type Place<'a> = (&'a AppName, &'a EnvironmentName);

/// How far the set-up of an environment is; a job that is not in it has not run, or was undone.
pub(crate) async fn of(
    executor: impl PgExecutor<'_>,
    (app, environment): Place<'_>,
) -> Result<BTreeMap<JobName, (Setup, ReleaseId)>, sqlx::Error> {
    let rows = sqlx::query!(
        "select job, state, release from deployer.setup where app = $1 and environment = $2",
        app.as_str(),
        environment.as_str(),
    )
    .fetch_all(executor)
    .await?;
    let read = rows.into_iter().map(|row| {
        let job = JobName::parse(&row.job).map_err(|error| sqlx::Error::Decode(error.into()))?;
        let state = Setup::parse(&row.state)
            .ok_or_else(|| sqlx::Error::Decode("unknown state of a set-up".into()))?;
        Ok((job, (state, ReleaseId::new(row.release))))
    });
    read.collect()
}

/// Writes how far it is.
pub(crate) async fn set(
    connection: &mut PgConnection,
    (app, environment): Place<'_>,
    job: &JobName,
    (state, release): (Setup, ReleaseId),
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "insert into deployer.setup (app, environment, job, state, release) values ($1, $2, $3, $4, $5)
         on conflict (app, environment, job) do update
         set state = excluded.state, release = excluded.release, changed_at = clock_timestamp()",
        app.as_str(),
        environment.as_str(),
        job.as_str(),
        state.as_str(),
        release.uuid(),
    )
    .execute(connection)
    .await?;
    pg::error::one_row("set set-up", done.rows_affected())
}

/// Writes that it was undone: it has not run.
pub(crate) async fn undone(
    connection: &mut PgConnection,
    (app, environment): Place<'_>,
    job: &JobName,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from deployer.setup where app = $1 and environment = $2 and job = $3",
        app.as_str(),
        environment.as_str(),
        job.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// An environment whose app is deleted is set up anew when it comes back.
pub(crate) async fn forget(
    connection: &mut PgConnection,
    (app, environment): Place<'_>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from deployer.setup where app = $1 and environment = $2",
        app.as_str(),
        environment.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
