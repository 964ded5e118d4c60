//! `deployer.run`: every execution of a job, written before its container exists.

use crate::job::{Ended, Kind, RunState};
use chrono::{DateTime, Utc};
use events::{AppName, EnvironmentName, JobName, ReleaseId, RunId, ServiceName};
use sqlx::{PgConnection, PgExecutor};

/// One execution.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) id: RunId,
    pub(crate) job: JobName,
    pub(crate) kind: Kind,
    pub(crate) service: ServiceName,
    pub(crate) container_name: String,
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
    pub(crate) asked_by: &'a str,
    pub(crate) container_name: &'a str,
}

/// As the table has it.
struct Row {
    id: uuid::Uuid,
    job: String,
    kind: String,
    service: String,
    container_name: String,
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
            job: JobName::parse(&row.job).map_err(decode)?,
            kind: Kind::parse(&row.kind).ok_or_else(|| unknown("kind"))?,
            service: ServiceName::parse(&row.service).map_err(decode)?,
            container_name: row.container_name,
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
                                   container_name)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (app, environment, job) where ended_at is null do nothing",
        new.id.uuid(),
        new.app.as_str(),
        new.environment.as_str(),
        new.release.uuid(),
        new.job.as_str(),
        new.kind.as_str(),
        new.service.as_str(),
        new.command,
        new.asked_by,
        new.container_name,
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
        "select id, job, kind, service, container_name, state, reason, message, exit_code, log_lines,
                started_at, ended_at
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
        "select id, job, kind, service, container_name, state, reason, message, exit_code, log_lines,
                started_at, ended_at
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
        "select id, job, kind, service, container_name, state, reason, message, exit_code, log_lines,
                started_at, ended_at
         from deployer.run where release = $1 and ended_at is null order by created_at",
        release.uuid(),
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(Run::try_from).collect()
}

/// Ended runs whose containers are there still.
pub(crate) async fn uncleared(executor: impl PgExecutor<'_>) -> Result<Vec<Run>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "select id, job, kind, service, container_name, state, reason, message, exit_code, log_lines,
                started_at, ended_at
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
