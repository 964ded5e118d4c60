//! `monitor.repair`: what the deployer was asked to bring back, written before it is asked.

use crate::heal::Attempt;
use crate::place::Place;
use chrono::{DateTime, Utc};
use events::{InstanceId, ReleaseId, ServiceName};
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;
use uuid::Uuid;

/// What a repair does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A new container takes the place of an instance.
    Replace,
    /// Its container is restarted.
    Restart,
    /// The router gets its table again.
    Routes,
}

impl Kind {
    /// As rows have it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Replace => "replace",
            Self::Restart => "restart",
            Self::Routes => "routes",
        }
    }

    fn parse(text: &str) -> Self {
        let all = [Self::Replace, Self::Restart];
        all.into_iter().find(|kind| kind.as_str() == text).unwrap_or(Self::Routes)
    }
}

/// One repair.
#[derive(Debug, Clone)]
pub(crate) struct Repair {
    pub(crate) id: Uuid,
    pub(crate) place: Place,
    pub(crate) kind: Kind,
    pub(crate) service: ServiceName,
    pub(crate) replica: i32,
    pub(crate) instance: InstanceId,
    pub(crate) release: ReleaseId,
    pub(crate) fingerprint: String,
    pub(crate) message: String,
    pub(crate) started_at: DateTime<Utc>,
}

/// Writes a repair before the deployer is asked.
pub(crate) async fn begin(
    connection: &mut PgConnection,
    repair: &Repair,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "insert into monitor.repair (id, app, environment, kind, service, replica, instance, release, fingerprint,
                                     message, started_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        repair.id,
        repair.place.app.as_str(),
        repair.place.environment.as_str(),
        repair.kind.as_str(),
        repair.service.as_str(),
        repair.replica,
        repair.instance.uuid(),
        repair.release.uuid(),
        repair.fingerprint,
        repair.message,
        repair.started_at,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("begin repair", done.rows_affected())
}

/// Repairs that have not ended: of `place`, or of all.
pub(crate) async fn open(
    executor: impl PgExecutor<'_>,
    place: Option<&Place>,
) -> Result<Vec<Repair>, sqlx::Error> {
    let rows = sqlx::query!(
        "select id, app, environment, kind, service, replica, instance, release, fingerprint, message, started_at
         from monitor.repair
         where ended_at is null and ($1::text is null or (app, environment) = ($1, $2))
         order by started_at",
        place.map(|place| place.app.as_str()),
        place.map(|place| place.environment.as_str()),
    )
    .fetch_all(executor)
    .await?;
    let decode = |error: events::InvalidName| sqlx::Error::Decode(error.into());
    let repair = rows.into_iter().map(|row| {
        Ok(Repair {
            id: row.id,
            place: Place::parse(&row.app, &row.environment).map_err(decode)?,
            kind: Kind::parse(&row.kind),
            service: row.service.parse().map_err(decode)?,
            replica: row.replica,
            instance: InstanceId::new(row.instance),
            release: ReleaseId::new(row.release),
            fingerprint: row.fingerprint,
            message: row.message,
            started_at: row.started_at,
        })
    });
    repair.collect()
}

/// Ends a repair; false when it had ended.
pub(crate) async fn end(
    connection: &mut PgConnection,
    id: Uuid,
    (outcome, message): (&str, &str),
    at: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update monitor.repair set ended_at = $4, outcome = $2, message = $3 where id = $1 and ended_at is null",
        id,
        outcome,
        message,
        at,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets a repair that never began.
pub(crate) async fn withdraw(executor: impl PgExecutor<'_>, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from monitor.repair where id = $1 and ended_at is null", id)
        .execute(executor)
        .await?;
    Ok(())
}

/// The attempts to heal of the last two hours, everywhere, as they look from `place` with `release` live.
pub(crate) async fn attempts(
    executor: impl PgExecutor<'_>,
    place: &Place,
    release: ReleaseId,
) -> Result<Vec<Attempt>, sqlx::Error> {
    let rows = sqlx::query!(
        "select app, environment, service, replica, release, fingerprint, started_at, outcome, message
         from monitor.repair
         where kind <> 'restart' and started_at > now() - interval '2 hours'
         order by started_at",
    )
    .fetch_all(executor)
    .await?;
    let here = |app: &str, environment: &str| {
        app == place.app.as_str() && environment == place.environment.as_str()
    };
    let attempts = rows.into_iter().map(|row| Attempt {
        target: format!("{}/{}", row.service, row.replica),
        fingerprint: row.fingerprint,
        at: row.started_at,
        succeeded: row.outcome.as_deref() == Some(DONE),
        failure: row.outcome.filter(|outcome| outcome != DONE).map(|code| (code, row.message)),
        is_here: here(&row.app, &row.environment),
        of_release: row.release == release.uuid(),
    });
    Ok(attempts.collect())
}

/// The outcome of a repair that did what it should.
pub(crate) const DONE: &str = "DONE";

/// Whether something of the service and replica was repaired since.
pub(crate) async fn succeeded_since(
    executor: impl PgExecutor<'_>,
    place: &Place,
    service: Option<&ServiceName>,
    since: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists(
               select 1 from monitor.repair
               where app = $1 and environment = $2 and ($3::text is null or service = $3)
                 and kind <> 'restart' and outcome = 'DONE' and started_at >= $4) as "healed!""#,
        place.app.as_str(),
        place.environment.as_str(),
        service.map(AsRef::as_ref),
        since,
    )
    .fetch_one(executor)
    .await
}

/// Forgets what ended longer ago than `kept`.
pub(crate) async fn forget(
    executor: impl PgExecutor<'_>,
    kept: Duration,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from monitor.repair where ended_at < now() - make_interval(secs => $1)",
        kept.as_secs_f64(),
    )
    .execute(executor)
    .await?;
    Ok(())
}
