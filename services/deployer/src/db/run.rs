//! `deployer.run`: every execution of a job, written before its container exists.

use crate::db::release::interval;
use crate::job::{Ended, Kind, RunState};
use chrono::{DateTime, Utc};
use events::{AppName, EnvironmentName, JobName, PrincipalName, ReleaseId, RunId, ServiceName};
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;

/// One execution.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) id: RunId,
    pub(crate) release: ReleaseId,
    pub(crate) job: JobName,
    pub(crate) kind: Kind,
    pub(crate) service: ServiceName,
    pub(crate) asked_by: PrincipalName,
    pub(crate) container_name: String,
    pub(crate) container_id: Option<String>,
    pub(crate) state: RunState,
    /// Nothing while it runs, and when it succeeded.
    pub(crate) reason: Option<String>,
    pub(crate) message: String,
    pub(crate) exit_code: Option<i32>,
    pub(crate) log_lines: Vec<String>,
    pub(crate) started_at: Option<DateTime<Utc>>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
}

/// One about to begin.
#[derive(Debug)]
pub(crate) struct NewRun<'a> {
    pub(crate) id: RunId,
    pub(crate) app: &'a AppName,
    pub(crate) environment: &'a EnvironmentName,
    pub(crate) release: ReleaseId,
    pub(crate) job: &'a JobName,
    pub(crate) kind: Kind,
    pub(crate) service: &'a ServiceName,
    pub(crate) command: &'a [String],
    pub(crate) asked_by: &'a PrincipalName,
    pub(crate) container_name: &'a str,
    pub(crate) irreversible: bool,
}

/// As the table has it.
struct Row {
    id: uuid::Uuid,
    release: uuid::Uuid,
    job: String,
    kind: String,
    service: String,
    asked_by: String,
    container_name: String,
    container_id: Option<String>,
    state: String,
    reason: Option<String>,
    message: String,
    exit_code: Option<i32>,
    log_lines: Vec<String>,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Run {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let decode = |error: events::InvalidName| sqlx::Error::Decode(error.into());
        let unknown = |what: &str| sqlx::Error::Decode(format!("unknown {what} of a run").into());
        Ok(Self {
            id: RunId::new(row.id),
            release: ReleaseId::new(row.release),
            job: JobName::parse(&row.job).map_err(decode)?,
            kind: Kind::parse(&row.kind).ok_or_else(|| unknown("kind"))?,
            service: ServiceName::parse(&row.service).map_err(decode)?,
            asked_by: PrincipalName::new(&row.asked_by),
            container_name: row.container_name,
            container_id: row.container_id,
            state: RunState::parse(&row.state).ok_or_else(|| unknown("state"))?,
            reason: row.reason,
            message: row.message,
            exit_code: row.exit_code,
            log_lines: row.log_lines,
            started_at: row.started_at,
            ended_at: row.ended_at,
        })
    }
}

/// Writes that a run begins; false when the job runs in the environment already.
pub(crate) async fn begin(
    connection: &mut PgConnection,
    new: &NewRun<'_>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "insert into deployer.run (id, app, environment, release, job, kind, service, command, asked_by,
                                   container_name, irreversible)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (app, environment, job) where ended_at is null do nothing",
        new.id.uuid(),
        new.app.as_str(),
        new.environment.as_str(),
        new.release.uuid(),
        new.job.as_str(),
        new.kind.as_str(),
        new.service.as_str(),
        new.command,
        new.asked_by.as_str(),
        new.container_name,
        new.irreversible,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// One run.
pub(crate) async fn get(
    executor: impl PgExecutor<'_>,
    id: RunId,
) -> Result<Option<Run>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "select id, release, job, kind, service, asked_by, container_name, container_id, state, reason, message,
                exit_code, log_lines, started_at, ended_at
         from deployer.run where id = $1",
        id.uuid(),
    )
    .fetch_optional(executor)
    .await?;
    row.map(Run::try_from).transpose()
}

/// The newest run of a job for a release.
pub(crate) async fn latest(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
    (job, kind): (&JobName, Kind),
) -> Result<Option<Run>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "select id, release, job, kind, service, asked_by, container_name, container_id, state, reason, message,
                exit_code, log_lines, started_at, ended_at
         from deployer.run where release = $1 and job = $2 and kind = $3
         order by created_at desc limit 1",
        release.uuid(),
        job.as_str(),
        kind.as_str(),
    )
    .fetch_optional(executor)
    .await?;
    row.map(Run::try_from).transpose()
}

/// What runs for a release.
pub(crate) async fn open_of(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
) -> Result<Vec<Run>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "select id, release, job, kind, service, asked_by, container_name, container_id, state, reason, message,
                exit_code, log_lines, started_at, ended_at
         from deployer.run where release = $1 and ended_at is null order by created_at",
        release.uuid(),
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(Run::try_from).collect()
}

/// Whether a job runs in an environment.
pub(crate) async fn is_open(
    executor: impl PgExecutor<'_>,
    (app, environment): (&AppName, &EnvironmentName),
    job: &JobName,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from deployer.run
                          where app = $1 and environment = $2 and job = $3 and ended_at is null) as "open!""#,
        app.as_str(),
        environment.as_str(),
        job.as_str(),
    )
    .fetch_one(executor)
    .await
}

/// Ended runs whose containers are there still.
pub(crate) async fn uncleared(executor: impl PgExecutor<'_>) -> Result<Vec<Run>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "select id, release, job, kind, service, asked_by, container_name, container_id, state, reason, message,
                exit_code, log_lines, started_at, ended_at
         from deployer.run where not cleared and ended_at is not null order by ended_at limit 100",
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(Run::try_from).collect()
}

/// Writes that the container of a run began.
pub(crate) async fn started(
    connection: &mut PgConnection,
    id: RunId,
    (container, at): (&str, DateTime<Utc>),
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.run set container_id = $2, started_at = $3
         where id = $1 and ended_at is null",
        id.uuid(),
        container,
        at,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("start run", done.rows_affected())
}

/// Writes how a run ended.
pub(crate) async fn end(
    connection: &mut PgConnection,
    id: RunId,
    ended: &Ended,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.run
         set state = $2, exit_code = $3, reason = $4, message = $5, log_lines = $6, ended_at = clock_timestamp()
         where id = $1 and ended_at is null",
        id.uuid(),
        ended.state.as_str(),
        ended.exit_code,
        ended.reason.as_deref(),
        ended.message,
        &ended.log_lines,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("end run", done.rows_affected())
}

/// Writes that the container of an ended run is gone.
pub(crate) async fn clear(connection: &mut PgConnection, id: RunId) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.run set cleared = true where id = $1 and ended_at is not null",
        id.uuid(),
    )
    .execute(connection)
    .await?;
    pg::error::one_row("clear run", done.rows_affected())
}

/// Ends what runs in an environment whose app is deleted; its containers go with it.
pub(crate) async fn abandon(
    connection: &mut PgConnection,
    (app, environment): (&AppName, &EnvironmentName),
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update deployer.run
         set state = 'stopped', reason = 'APP_DELETED', message = 'the app was deleted', cleared = true,
             ended_at = clock_timestamp()
         where app = $1 and environment = $2 and ended_at is null",
        app.as_str(),
        environment.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The newest run that cannot be undone of a release after number `after`; the job and the number of its release.
pub(crate) async fn irreversible_after(
    executor: impl PgExecutor<'_>,
    (app, environment): (&AppName, &EnvironmentName),
    after: i64,
) -> Result<Option<(String, i64)>, sqlx::Error> {
    let row = sqlx::query!(
        "select run.job, release.number from deployer.run join deployer.release on release.id = run.release
         where run.app = $1 and run.environment = $2 and run.irreversible and run.started_at is not null
           and release.number > $3
         order by release.number desc limit 1",
        app.as_str(),
        environment.as_str(),
        after,
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|row| (row.job, row.number)))
}

/// Forgets runs that ended long ago and that no release waited for.
pub(crate) async fn forget(
    executor: impl PgExecutor<'_>,
    after: Duration,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "delete from deployer.run
         where ended_at < clock_timestamp() - make_interval(secs => $1) and cleared
           and kind not in ('before_release', 'first_release', 'undo', 'verify', 'verify_again')
           and not exists (select from deployer.errand where errand.id = run.id)",
        interval(after),
    )
    .execute(executor)
    .await?;
    Ok(done.rows_affected())
}
