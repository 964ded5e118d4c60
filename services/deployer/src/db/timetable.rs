//! `deployer.timetable`: when the jobs of live releases are due by the clock.

use chrono::{DateTime, Utc};
use events::{AppName, EnvironmentName, JobName, ReleaseId};
use sqlx::{PgConnection, PgExecutor};

type Place<'a> = (&'a AppName, &'a EnvironmentName);

/// One job.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) job: JobName,
    /// The live release that has it.
    pub(crate) release: ReleaseId,
    /// What the next time was found from.
    pub(crate) times: String,
    pub(crate) next_at: Option<DateTime<Utc>>,
}

/// A time that has come.
#[derive(Debug)]
pub(crate) struct Due {
    pub(crate) app: AppName,
    pub(crate) environment: EnvironmentName,
    pub(crate) job: JobName,
    pub(crate) release: ReleaseId,
    pub(crate) next_at: DateTime<Utc>,
    /// By the clock of the database.
    pub(crate) now: DateTime<Utc>,
}

fn decode(error: events::InvalidName) -> sqlx::Error {
    sqlx::Error::Decode(error.into())
}

/// The clock of the database.
pub(crate) async fn now(executor: impl PgExecutor<'_>) -> Result<DateTime<Utc>, sqlx::Error> {
    sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(executor).await
}

/// The timetable of an environment.
pub(crate) async fn of(
    executor: impl PgExecutor<'_>,
    (app, environment): Place<'_>,
) -> Result<Vec<Entry>, sqlx::Error> {
    let rows = sqlx::query!(
        "select job, release, schedule, next_at from deployer.timetable
         where app = $1 and environment = $2 order by job",
        app.as_str(),
        environment.as_str(),
    )
    .fetch_all(executor)
    .await?;
    let read = rows.into_iter().map(|row| {
        Ok(Entry {
            job: JobName::parse(&row.job).map_err(decode)?,
            release: ReleaseId::new(row.release),
            times: row.schedule,
            next_at: row.next_at,
        })
    });
    read.collect()
}

/// Writes when a job is due next.
pub(crate) async fn set(
    connection: &mut PgConnection,
    (app, environment): Place<'_>,
    entry: &Entry,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "insert into deployer.timetable (app, environment, job, release, schedule, next_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (app, environment, job) do update
         set release = excluded.release, schedule = excluded.schedule, next_at = excluded.next_at",
        app.as_str(),
        environment.as_str(),
        entry.job.as_str(),
        entry.release.uuid(),
        entry.times,
        entry.next_at,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("set timetable", done.rows_affected())
}

/// The earliest time that has come and that nobody else takes; kept for the caller's transaction.
pub(crate) async fn due(connection: &mut PgConnection) -> Result<Option<Due>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select app, environment, job, release, next_at as "next_at!", clock_timestamp() as "now!"
           from deployer.timetable where next_at <= clock_timestamp()
           order by next_at limit 1 for update skip locked"#,
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Due {
        app: AppName::parse(&row.app).map_err(decode)?,
        environment: EnvironmentName::parse(&row.environment).map_err(decode)?,
        job: JobName::parse(&row.job).map_err(decode)?,
        release: ReleaseId::new(row.release),
        next_at: row.next_at,
        now: row.now,
    }))
}

/// The time was taken; the next one is `next_at`.
pub(crate) async fn go_on(
    connection: &mut PgConnection,
    taken: &Due,
    next_at: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.timetable set next_at = $4 where app = $1 and environment = $2 and job = $3",
        taken.app.as_str(),
        taken.environment.as_str(),
        taken.job.as_str(),
        next_at,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("go on in timetable", done.rows_affected())
}

/// The job is not due by the clock any more.
pub(crate) async fn remove(
    connection: &mut PgConnection,
    (app, environment): Place<'_>,
    job: &JobName,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "delete from deployer.timetable where app = $1 and environment = $2 and job = $3",
        app.as_str(),
        environment.as_str(),
        job.as_str(),
    )
    .execute(connection)
    .await?;
    pg::error::one_row("remove from timetable", done.rows_affected())
}

/// Nothing is due by the clock in an environment whose app is deleted.
pub(crate) async fn forget(
    connection: &mut PgConnection,
    (app, environment): Place<'_>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from deployer.timetable where app = $1 and environment = $2",
        app.as_str(),
        environment.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
