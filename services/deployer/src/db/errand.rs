//! `deployer.errand`: runs of jobs that no release waits for, written when they are due.

use crate::db::claim::LEASE;
use crate::db::release::interval;
use crate::errand::Errand;
use crate::job::Kind;
use ::release::Failure;
use chrono::{DateTime, Utc};
use events::payload::DriftKind;
use events::{AppName, EnvironmentName, JobName, PrincipalName, ReleaseId, RunId};
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;
use uuid::Uuid;

/// One that becomes due.
#[derive(Debug)]
pub(crate) struct NewErrand<'a> {
    pub(crate) id: RunId,
    pub(crate) app: &'a AppName,
    pub(crate) environment: &'a EnvironmentName,
    pub(crate) release: ReleaseId,
    pub(crate) job: &'a JobName,
    pub(crate) kind: Kind,
    pub(crate) arguments: &'a [String],
    /// The time of the schedule that it is for.
    pub(crate) slot: Option<DateTime<Utc>>,
    pub(crate) asked_by: &'a PrincipalName,
    /// In the words of who asked; empty when they said nothing.
    pub(crate) why: &'a str,
}

/// As the table has it.
struct Row {
    id: Uuid,
    release: Uuid,
    job: String,
    kind: String,
    arguments: Vec<String>,
    publish: bool,
    asked_by: String,
    why: String,
    created_at: DateTime<Utc>,
}

impl Row {
    fn held_by(self, owner: Uuid) -> Result<Errand, sqlx::Error> {
        let decode = |error: events::InvalidName| sqlx::Error::Decode(error.into());
        let unknown = || sqlx::Error::Decode("unknown kind of an errand".into());
        Ok(Errand {
            id: RunId::new(self.id),
            release: ReleaseId::new(self.release),
            job: JobName::parse(&self.job).map_err(decode)?,
            kind: Kind::parse(&self.kind).ok_or_else(unknown)?,
            arguments: self.arguments,
            publish: self.publish,
            why: self.why,
            asked_by: PrincipalName::new(&self.asked_by),
            created_at: self.created_at,
            owner,
        })
    }
}

/// Writes that it is due; false when that is known already.
pub(crate) async fn add(
    connection: &mut PgConnection,
    new: &NewErrand<'_>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "insert into deployer.errand (id, app, environment, release, job, kind, arguments, slot, asked_by, why)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict do nothing",
        new.id.uuid(),
        new.app.as_str(),
        new.environment.as_str(),
        new.release.uuid(),
        new.job.as_str(),
        new.kind.as_str(),
        new.arguments,
        new.slot,
        new.asked_by.as_str(),
        new.why,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Claims one that is due, or goes on, and that nobody carries out.
pub(crate) async fn claim(
    executor: impl PgExecutor<'_>,
    owner: Uuid,
) -> Result<Option<Errand>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "update deployer.errand
         set lease_owner = $1, lease_until = clock_timestamp() + make_interval(secs => $2)
         where id = (
             select id from deployer.errand
             where ended_at is null and asks_until is null
               and (lease_until is null or lease_until < clock_timestamp())
             order by created_at limit 1 for update skip locked)
         returning id, release, job, kind, arguments, publish, asked_by, why, created_at",
        owner,
        interval(LEASE),
    )
    .fetch_optional(executor)
    .await?;
    row.map(|row| row.held_by(owner)).transpose()
}

/// Keeps the lease; false when somebody else has it, or it ended.
pub(crate) async fn beat(
    executor: impl PgExecutor<'_>,
    errand: &Errand,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.errand set lease_until = clock_timestamp() + make_interval(secs => $3)
         where id = $1 and lease_owner = $2 and ended_at is null",
        errand.id.uuid(),
        errand.owner,
        interval(LEASE),
    )
    .execute(executor)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Lets go of one that goes on, so that the next owner need not wait.
pub(crate) async fn let_go(
    executor: impl PgExecutor<'_>,
    errand: &Errand,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update deployer.errand set lease_until = null where id = $1 and lease_owner = $2",
        errand.id.uuid(),
        errand.owner,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Keeps the errand with its owner until the caller's transaction ends; an error when somebody else has it.
pub(crate) async fn fence(
    connection: &mut PgConnection,
    errand: &Errand,
) -> Result<(), sqlx::Error> {
    let found = sqlx::query_scalar!(
        "select id from deployer.errand
         where id = $1 and lease_owner = $2 and ended_at is null for share",
        errand.id.uuid(),
        errand.owner,
    )
    .fetch_optional(connection)
    .await?;
    let lost = || sqlx::Error::Protocol(format!("somebody else has errand {}", errand.id));
    found.map(drop).ok_or_else(lost)
}

/// Ends it; `why` says that it never began.
pub(crate) async fn end(
    connection: &mut PgConnection,
    errand: &Errand,
    why: Option<&Failure>,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.errand
         set ended_at = clock_timestamp(), reason = $3, message = $4, lease_until = null
         where id = $1 and lease_owner = $2 and ended_at is null",
        errand.id.uuid(),
        errand.owner,
        why.map(|why| why.reason.as_str()),
        why.map_or("", |why| why.message.as_str()),
    )
    .execute(connection)
    .await?;
    pg::error::one_row("end errand", done.rows_affected())
}

/// Whether one of the job is due in the environment that has not begun.
pub(crate) async fn is_waiting(
    executor: impl PgExecutor<'_>,
    (app, environment): (&AppName, &EnvironmentName),
    job: &JobName,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (
               select from deployer.errand
               where app = $1 and environment = $2 and job = $3 and ended_at is null
                 and not exists (select from deployer.run where run.id = errand.id)) as "waiting!""#,
        app.as_str(),
        environment.as_str(),
        job.as_str(),
    )
    .fetch_one(executor)
    .await
}

/// Ends one that nobody has claimed, because nothing is to run for it.
pub(crate) async fn skip(
    connection: &mut PgConnection,
    id: RunId,
    why: &Failure,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.errand set ended_at = clock_timestamp(), reason = $2, message = $3
         where id = $1 and lease_owner is null and ended_at is null",
        id.uuid(),
        why.reason,
        why.message,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("skip errand", done.rows_affected())
}

/// What comes of it is released at the forge, too.
pub(crate) async fn publish(connection: &mut PgConnection, id: RunId) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.errand set publish = true where id = $1 and lease_owner is null and ended_at is null",
        id.uuid(),
    )
    .execute(connection)
    .await?;
    pg::error::one_row("release what comes of an errand", done.rows_affected())
}

/// From now on it begins when somebody agrees, and never when nobody did in `patience`, or the drift it is asked for is over.
pub(crate) async fn ask(
    connection: &mut PgConnection,
    id: RunId,
    (patience, of): (Duration, DriftKind),
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.errand set asks_until = clock_timestamp() + make_interval(secs => $2), asked_of = array[$3]
         where id = $1 and lease_owner is null and ended_at is null",
        id.uuid(),
        interval(patience),
        of.as_str(),
    )
    .execute(connection)
    .await?;
    pg::error::one_row("ask for an errand", done.rows_affected())
}

/// What waits until somebody agrees is asked for because of this kind of drift, too.
pub(crate) async fn ask_also(
    connection: &mut PgConnection,
    id: RunId,
    of: DriftKind,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.errand set asked_of = array_append(array_remove(asked_of, $2), $2)
         where id = $1 and asks_until is not null and ended_at is null",
        id.uuid(),
        of.as_str(),
    )
    .execute(connection)
    .await?;
    pg::error::one_row("ask for an errand once more", done.rows_affected())
}

/// The one of the job that waits until somebody agrees.
pub(crate) async fn asking(
    executor: impl PgExecutor<'_>,
    (app, environment): (&AppName, &EnvironmentName),
    job: &JobName,
) -> Result<Option<RunId>, sqlx::Error> {
    let found = sqlx::query_scalar!(
        "select id from deployer.errand
         where app = $1 and environment = $2 and job = $3 and ended_at is null and asks_until > clock_timestamp()
         order by created_at limit 1",
        app.as_str(),
        environment.as_str(),
        job.as_str(),
    );
    Ok(found.fetch_optional(executor).await?.map(RunId::new))
}

/// Somebody agrees: it is due, of what is live now and in their name.
pub(crate) async fn agree(
    connection: &mut PgConnection,
    id: RunId,
    live: ReleaseId,
    (by, why): (&PrincipalName, &str),
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.errand
         set asks_until = null, release = $2, asked_by = $3, why = case when $4 = '' then why else why || '; ' || $4 end
         where id = $1 and asks_until is not null and ended_at is null",
        id.uuid(),
        live.uuid(),
        by.as_str(),
        why,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("agree to an errand", done.rows_affected())
}

/// Ends those that wait in the environment until somebody agrees, and are asked for because of no other kind of drift.
pub(crate) async fn withdraw(
    connection: &mut PgConnection,
    (app, environment): (&AppName, &EnvironmentName),
    (of, why): (DriftKind, &Failure),
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update deployer.errand
         set asked_of = array_remove(asked_of, $5),
             ended_at = case when asked_of <@ array[$5] then clock_timestamp() end,
             reason = case when asked_of <@ array[$5] then $3 end,
             message = case when asked_of <@ array[$5] then $4 end
         where app = $1 and environment = $2 and asks_until is not null and ended_at is null
           and $5 = any(asked_of)",
        app.as_str(),
        environment.as_str(),
        why.reason,
        why.message,
        of.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends those to which nobody agreed in time.
pub(crate) async fn expire(
    executor: impl PgExecutor<'_>,
    why: &Failure,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.errand set ended_at = clock_timestamp(), reason = $1, message = $2
         where asks_until <= clock_timestamp() and ended_at is null",
        why.reason,
        why.message,
    )
    .execute(executor)
    .await?;
    Ok(done.rows_affected())
}

/// How many began for drift in the environment in the last `span`, or are about to.
pub(crate) async fn for_drift(
    executor: impl PgExecutor<'_>,
    (app, environment): (&AppName, &EnvironmentName),
    span: Duration,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from deployer.errand
           where app = $1 and environment = $2 and kind = 'drift' and asks_until is null and reason is null
             and created_at > clock_timestamp() - make_interval(secs => $3)"#,
        app.as_str(),
        environment.as_str(),
        interval(span),
    )
    .fetch_one(executor)
    .await
}

/// Ends what is due in an environment whose app is deleted.
pub(crate) async fn abandon(
    connection: &mut PgConnection,
    (app, environment): (&AppName, &EnvironmentName),
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update deployer.errand
         set reason = 'APP_DELETED', message = 'the app was deleted', ended_at = clock_timestamp(), lease_until = null
         where app = $1 and environment = $2 and ended_at is null",
        app.as_str(),
        environment.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets those that ended long ago.
pub(crate) async fn forget(
    executor: impl PgExecutor<'_>,
    after: Duration,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "delete from deployer.errand
         where ended_at < clock_timestamp() - make_interval(secs => $1)",
        interval(after),
    )
    .execute(executor)
    .await?;
    Ok(done.rows_affected())
}
