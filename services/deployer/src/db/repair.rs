//! `deployer.repair`: attempts to bring single instances back to what was released.

use crate::db::claim::LEASE;
use crate::db::release::interval;
use crate::repair::{Kind, Repair};
use events::{AppName, EnvironmentName, InstanceId, ReleaseId, ServiceName};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

struct Row {
    id: Uuid,
    kind: String,
    app: String,
    environment: String,
    service: String,
    release: Uuid,
    instance: Uuid,
    successor: Uuid,
    aside: Vec<String>,
    swapped: bool,
    asked_by: String,
    why: String,
    created_at: chrono::DateTime<chrono::Utc>,
    ended_at: Option<chrono::DateTime<chrono::Utc>>,
    reason: Option<String>,
    message: String,
}

impl TryFrom<Row> for Repair {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let decode = |error: events::InvalidName| sqlx::Error::Decode(error.into());
        Ok(Self {
            id: row.id,
            kind: if row.kind == "restart" { Kind::Restart } else { Kind::Replace },
            app: AppName::parse(&row.app).map_err(decode)?,
            environment: EnvironmentName::parse(&row.environment).map_err(decode)?,
            service: ServiceName::parse(&row.service).map_err(decode)?,
            release: ReleaseId::new(row.release),
            instance: InstanceId::new(row.instance),
            successor: InstanceId::new(row.successor),
            aside: row.aside,
            swapped: row.swapped,
            asked_by: row.asked_by,
            why: row.why,
            created_at: row.created_at,
            ended_at: row.ended_at,
            reason: row.reason,
            message: row.message,
        })
    }
}

/// The repair with this id.
pub(crate) async fn get(
    executor: impl PgExecutor<'_>,
    id: Uuid,
) -> Result<Option<Repair>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "select id, kind, app, environment, service, release, instance, successor, aside, swapped,
                asked_by, why, created_at, ended_at, reason, message
         from deployer.repair where id = $1",
        id,
    )
    .fetch_optional(executor)
    .await?;
    row.map(Repair::try_from).transpose()
}

/// Writes a repair that begins; false when another one of the service goes on.
pub(crate) async fn begin(
    connection: &mut PgConnection,
    repair: &Repair,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "insert into deployer.repair
             (id, kind, app, environment, service, release, instance, successor, asked_by, why)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (app, environment, service) where ended_at is null do nothing",
        repair.id,
        repair.kind.as_str(),
        repair.app.as_str(),
        repair.environment.as_str(),
        repair.service.as_str(),
        repair.release.uuid(),
        repair.instance.uuid(),
        repair.successor.uuid(),
        repair.asked_by,
        repair.why,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Claims a repair that goes on and that nobody performs.
pub(crate) async fn claim(
    executor: impl PgExecutor<'_>,
    owner: Uuid,
) -> Result<Option<Repair>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "update deployer.repair
         set lease_owner = $1, lease_until = clock_timestamp() + make_interval(secs => $2)
         where id = (
             select id from deployer.repair
             where ended_at is null and (lease_until is null or lease_until < clock_timestamp())
             order by created_at limit 1 for update skip locked)
         returning id, kind, app, environment, service, release, instance, successor, aside, swapped,
                   asked_by, why, created_at, ended_at, reason, message",
        owner,
        interval(LEASE),
    )
    .fetch_optional(executor)
    .await?;
    row.map(Repair::try_from).transpose()
}

/// Keeps the lease; false when somebody else has it, or it ended.
pub(crate) async fn beat(
    executor: impl PgExecutor<'_>,
    id: Uuid,
    owner: Uuid,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.repair set lease_until = clock_timestamp() + make_interval(secs => $3)
         where id = $1 and lease_owner = $2 and ended_at is null",
        id,
        owner,
        interval(LEASE),
    )
    .execute(executor)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Lets go of a repair that goes on, so that the next owner need not wait.
pub(crate) async fn let_go(
    executor: impl PgExecutor<'_>,
    id: Uuid,
    owner: Uuid,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update deployer.repair set lease_until = null where id = $1 and lease_owner = $2",
        id,
        owner,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Notes which containers are put aside, before they are.
pub(crate) async fn put_aside(
    executor: impl PgExecutor<'_>,
    id: Uuid,
    containers: &[String],
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.repair set aside = $2 where id = $1 and ended_at is null",
        id,
        containers,
    )
    .execute(executor)
    .await?;
    pg::error::one_row("put containers aside", done.rows_affected())
}

/// The successor takes the place of the instance, if the release is still the one that lives and none
/// moves; in the transaction that makes the route table.
pub(crate) async fn swap(
    connection: &mut PgConnection,
    repair: &Repair,
    (container_id, address): (&str, Option<&str>),
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.instance
         set id = $2, container_id = $3, address = $4, state = 'ready', changed_at = clock_timestamp()
         where id = $1 and state <> 'gone'",
        repair.instance.uuid(),
        repair.successor.uuid(),
        container_id,
        address,
    )
    .execute(&mut *connection)
    .await?;
    pg::error::one_row("put the successor in its place", done.rows_affected())?;
    let done = sqlx::query!(
        "update deployer.repair set swapped = true where id = $1 and ended_at is null",
        repair.id,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("note the swap", done.rows_affected())
}

/// Ends a repair; `failure` is code and sentence.
pub(crate) async fn end(
    executor: impl PgExecutor<'_>,
    id: Uuid,
    reason: Option<&str>,
    message: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update deployer.repair
         set ended_at = clock_timestamp(), reason = $2, message = $3, lease_until = null
         where id = $1 and ended_at is null",
        id,
        reason,
        message,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Forgets repairs that ended long ago.
pub(crate) async fn forget(
    executor: impl PgExecutor<'_>,
    after: std::time::Duration,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "delete from deployer.repair where ended_at < clock_timestamp() - make_interval(secs => $1)",
        interval(after),
    )
    .execute(executor)
    .await?;
    Ok(done.rows_affected())
}

/// Whether `release` lives and no release of its environment moves.
pub(crate) async fn is_calm(
    executor: impl PgExecutor<'_>,
    (app, environment): (&AppName, &EnvironmentName),
    release: ReleaseId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists(select 1 from deployer.release where id = $3 and state_name = 'live')
              and not exists(
                  select 1 from deployer.release
                  where app = $1 and environment = $2
                    and state_name in ('preparing', 'running_jobs', 'starting', 'warming', 'verifying',
                                       'shifting', 'baking', 'settling', 'rolling_back', 'stuck')) as "calm!""#,
        app.as_str(),
        environment.as_str(),
        release.uuid(),
    )
    .fetch_one(executor)
    .await
}
