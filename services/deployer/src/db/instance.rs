//! `deployer.instance`: one row for each container, written before the container exists.

use events::{AppName, EnvironmentName, InstanceId, ReleaseId, ServiceName};
use sqlx::{PgConnection, PgExecutor};
use std::collections::BTreeSet;

/// What is known of a container.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) id: InstanceId,
    pub(crate) service: ServiceName,
    pub(crate) content_hash: String,
    pub(crate) replica: u32,
    pub(crate) release: ReleaseId,
    /// The number of that release.
    pub(crate) number: i64,
    pub(crate) container_name: String,
    pub(crate) container_id: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) state: String,
    pub(crate) created_at: chrono::DateTime<chrono::Utc>,
}

/// A container about to be made.
#[derive(Debug)]
pub(crate) struct NewInstance<'a> {
    pub(crate) id: InstanceId,
    pub(crate) app: &'a AppName,
    pub(crate) environment: &'a EnvironmentName,
    pub(crate) service: &'a ServiceName,
    pub(crate) content_hash: &'a str,
    pub(crate) replica: u32,
    pub(crate) release: ReleaseId,
    pub(crate) container_name: &'a str,
}

/// Writes the intent to make a container, unless there is one for this content and replica.
pub(crate) async fn intend(
    connection: &mut PgConnection,
    new: &NewInstance<'_>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into deployer.instance
             (id, app, environment, service, content_hash, replica, release, container_name)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (app, environment, service, content_hash, replica) where state <> 'gone'
         do nothing",
        new.id.uuid(),
        new.app.as_str(),
        new.environment.as_str(),
        new.service.as_str(),
        new.content_hash,
        i32::try_from(new.replica).unwrap_or(i32::MAX),
        new.release.uuid(),
        new.container_name,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// As the table has it.
struct Row {
    id: uuid::Uuid,
    service: String,
    content_hash: String,
    replica: i32,
    release: uuid::Uuid,
    number: i64,
    container_name: String,
    container_id: Option<String>,
    address: Option<String>,
    state: String,
    created_at: chrono::DateTime<chrono::Utc>,
}

impl TryFrom<Row> for Instance {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let decode = |error: events::InvalidName| sqlx::Error::Decode(error.into());
        Ok(Self {
            id: InstanceId::new(row.id),
            service: ServiceName::parse(&row.service).map_err(decode)?,
            content_hash: row.content_hash,
            replica: u32::try_from(row.replica).unwrap_or(0),
            release: ReleaseId::new(row.release),
            number: row.number,
            container_name: row.container_name,
            container_id: row.container_id,
            address: row.address,
            state: row.state,
            created_at: row.created_at,
        })
    }
}

/// All instances of an environment that are not gone.
pub(crate) async fn of_environment(
    executor: impl PgExecutor<'_>,
    (app, environment): (&AppName, &EnvironmentName),
) -> Result<Vec<Instance>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "select i.id, i.service, i.content_hash, i.replica, i.release, r.number, i.container_name,
                i.container_id, i.address, i.state, i.created_at
         from deployer.instance i join deployer.release r on r.id = i.release
         where i.app = $1 and i.environment = $2 and i.state <> 'gone'
         order by i.service, i.replica, i.created_at",
        app.as_str(),
        environment.as_str(),
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(Instance::try_from).collect()
}

/// Every instance that may have requests, of all environments.
pub(crate) async fn ready(executor: impl PgExecutor<'_>) -> Result<Vec<Instance>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "select i.id, i.service, i.content_hash, i.replica, i.release, r.number, i.container_name,
                i.container_id, i.address, i.state, i.created_at
         from deployer.instance i join deployer.release r on r.id = i.release
         where i.state = 'ready' order by i.id",
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(Instance::try_from).collect()
}

/// Whether a table of `generation` that names `ids` is newer than any that was made here, and names what has no
/// requests.
pub(crate) async fn are_ahead(
    executor: impl PgExecutor<'_>,
    generation: i64,
    ids: &BTreeSet<InstanceId>,
) -> Result<bool, sqlx::Error> {
    let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query_scalar!(
        r#"select (select generation from deployer.route_generation) < $1
              and exists (select from unnest($2::uuid[]) as named (id)
                          where not exists (select from deployer.instance i
                                            where i.id = named.id and i.state = 'ready')) as "ahead!""#,
        generation,
        &ids,
    )
    .fetch_one(executor)
    .await
}

/// Records what was seen of a container.
pub(crate) async fn observe(
    connection: &mut PgConnection,
    id: InstanceId,
    state: &str,
    (container_id, address): (Option<&str>, Option<&str>),
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.instance
         set state = $2, container_id = coalesce($3, container_id), address = $4,
             changed_at = clock_timestamp()
         where id = $1 and state <> 'gone'",
        id.uuid(),
        state,
        container_id,
        address,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("observe instance", done.rows_affected())
}

/// Records that an instance with requests is somewhere else now.
pub(crate) async fn moved(
    connection: &mut PgConnection,
    id: InstanceId,
    address: &str,
) -> Result<(), sqlx::Error> {
    // One that is on its way out meanwhile is left alone.
    sqlx::query!(
        "update deployer.instance set address = $2, changed_at = clock_timestamp()
         where id = $1 and state = 'ready'",
        id.uuid(),
        address,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Records that a container stopped, and how.
pub(crate) async fn stopped(
    connection: &mut PgConnection,
    id: InstanceId,
    report: serde_json::Value,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.instance
         set state = 'stopped', stop_report = $2, changed_at = clock_timestamp()
         where id = $1 and state <> 'gone'",
        id.uuid(),
        report,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("stop instance", done.rows_affected())
}

/// Keeps a stopped instance as it is until the caller's transaction ends; false when it is not stopped any more.
pub(crate) async fn hold_stopped(
    connection: &mut PgConnection,
    id: InstanceId,
) -> Result<bool, sqlx::Error> {
    let found = sqlx::query_scalar!(
        "select id from deployer.instance where id = $1 and state = 'stopped' for update",
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.is_some())
}

/// Records that a container is gone; a second time changes nothing.
pub(crate) async fn gone(connection: &mut PgConnection, id: InstanceId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update deployer.instance
         set state = 'gone', address = null, changed_at = clock_timestamp() where id = $1",
        id.uuid(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The releases that containers were made for and still belong to, and those that jobs run for.
pub(crate) async fn owners(executor: impl PgExecutor<'_>) -> Result<Vec<ReleaseId>, sqlx::Error> {
    let rows = sqlx::query_scalar!(
        r#"select release as "release!" from deployer.instance where state <> 'gone'
               union select release from deployer.run where not cleared"#,
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(ReleaseId::new).collect())
}
