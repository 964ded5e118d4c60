//! `deployer.wreck`: containers of failed candidates that stay for a while to be looked into. The instance is gone.

use crate::db::instance::Instance;
use crate::db::release::interval;
use chrono::{DateTime, Utc};
use events::{AppName, EnvironmentName, InstanceId, ReleaseId, ServiceName};
use sqlx::{PgConnection, PgExecutor};
use std::collections::BTreeSet;
use std::time::Duration;

type Place<'a> = (&'a AppName, &'a EnvironmentName);

/// A container that stays.
#[derive(Debug, Clone)]
pub(crate) struct Wreck {
    /// The instance that it was.
    pub(crate) id: InstanceId,
    pub(crate) service: ServiceName,
    pub(crate) container_name: String,
    pub(crate) container_id: String,
    pub(crate) kept_until: DateTime<Utc>,
}

/// As the table has it.
struct Row {
    id: uuid::Uuid,
    service: String,
    container_name: String,
    container_id: String,
    kept_until: DateTime<Utc>,
}

impl TryFrom<Row> for Wreck {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let decode = |error: events::InvalidName| sqlx::Error::Decode(error.into());
        Ok(Self {
            id: InstanceId::new(row.id),
            service: ServiceName::parse(&row.service).map_err(decode)?,
            container_name: row.container_name,
            container_id: row.container_id,
            kept_until: row.kept_until,
        })
    }
}

/// Writes that the container of `instance` stays for so long; a second time changes nothing. Those of other releases of
/// the environment have their time over.
pub(crate) async fn keep(
    connection: &mut PgConnection,
    (app, environment): Place<'_>,
    release: ReleaseId,
    (instance, container): (&Instance, &str),
    lasts: Duration,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into deployer.wreck
             (id, app, environment, release, service, container_name, container_id, kept_until)
         values ($1, $2, $3, $4, $5, $6, $7, clock_timestamp() + make_interval(secs => $8))
         on conflict (id) do nothing",
        instance.id.uuid(),
        app.as_str(),
        environment.as_str(),
        release.uuid(),
        instance.service.as_str(),
        instance.container_name,
        container,
        interval(lasts),
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update deployer.wreck set kept_until = clock_timestamp()
         where app = $1 and environment = $2 and release <> $3 and kept_until > clock_timestamp()",
        app.as_str(),
        environment.as_str(),
        release.uuid(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What stays of `release`.
pub(crate) async fn of_release(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
) -> Result<Vec<Wreck>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "select id, service, container_name, container_id, kept_until
         from deployer.wreck where release = $1 order by container_name",
        release.uuid(),
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(Wreck::try_from).collect()
}

/// Those whose time is over.
pub(crate) async fn due(executor: impl PgExecutor<'_>) -> Result<Vec<Wreck>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "select id, service, container_name, container_id, kept_until
         from deployer.wreck where kept_until <= clock_timestamp() order by kept_until limit 100",
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(Wreck::try_from).collect()
}

/// The instances that all of them were.
pub(crate) async fn ids(
    executor: impl PgExecutor<'_>,
) -> Result<BTreeSet<InstanceId>, sqlx::Error> {
    let rows = sqlx::query_scalar!("select id from deployer.wreck").fetch_all(executor).await?;
    Ok(rows.into_iter().map(InstanceId::new).collect())
}

/// The time of all of them is over; how many had some left.
pub(crate) async fn give_up(executor: impl PgExecutor<'_>) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.wreck set kept_until = clock_timestamp() where kept_until > clock_timestamp()",
    )
    .execute(executor)
    .await?;
    Ok(done.rows_affected())
}

/// Writes that the container is gone; a second time changes nothing.
pub(crate) async fn forget(
    executor: impl PgExecutor<'_>,
    id: InstanceId,
) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from deployer.wreck where id = $1", id.uuid()).execute(executor).await?;
    Ok(())
}

/// The same for all of an environment whose app is deleted; their containers go with it.
pub(crate) async fn abandon(
    connection: &mut PgConnection,
    (app, environment): Place<'_>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from deployer.wreck where app = $1 and environment = $2",
        app.as_str(),
        environment.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
