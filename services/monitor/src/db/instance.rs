//! `monitor.instance`: what should be running, and how it was when it was first seen.

use crate::baseline::Baseline;
use crate::exit::KnownExit;
use crate::expected::Instance;
use crate::fields::Fields;
use crate::place::Place;
use chrono::{DateTime, Utc};
use events::InstanceId;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};

/// What is known of one instance.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Remembered {
    pub(crate) instance: Instance,
    pub(crate) released: Option<Fields>,
    pub(crate) baseline: Option<Baseline>,
    pub(crate) exit: KnownExit,
}

struct Row {
    id: uuid::Uuid,
    service: String,
    replica: i32,
    container_id: String,
    container_name: String,
    digest: String,
    released: Option<Json<Fields>>,
    baseline: Option<Json<Baseline>>,
    exited_at: Option<DateTime<Utc>>,
    restarts: i64,
}

fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(error.into())
}

impl TryFrom<Row> for Remembered {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let instance = Instance {
            id: InstanceId::new(row.id),
            service: row.service.parse().map_err(unreadable)?,
            replica: row.replica,
            container_id: row.container_id,
            container_name: row.container_name,
            digest: row.digest.parse().map_err(unreadable)?,
        };
        let exit = KnownExit { at: row.exited_at, restarts: row.restarts };
        let released = row.released.map(|Json(released)| released);
        Ok(Self { instance, released, baseline: row.baseline.map(|Json(baseline)| baseline), exit })
    }
}

/// Makes these the instances that should run at `place`. One whose container is another now has no
/// baseline any more.
pub(crate) async fn expect(
    connection: &mut PgConnection,
    place: &Place,
    instances: &[Instance],
) -> Result<(), sqlx::Error> {
    let ids: Vec<uuid::Uuid> = instances.iter().map(|instance| instance.id.uuid()).collect();
    sqlx::query!(
        "delete from monitor.instance where app = $1 and environment = $2 and id <> all($3)",
        place.app.as_str(),
        place.environment.as_str(),
        &ids,
    )
    .execute(&mut *connection)
    .await?;
    for instance in instances {
        sqlx::query!(
            "insert into monitor.instance as known
                 (id, app, environment, service, replica, container_id, container_name, digest)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict (id) do update
             set container_id = excluded.container_id, container_name = excluded.container_name,
                 digest = excluded.digest, baseline = null, released = null, exited_at = null, restarts = 0
             where (known.container_id, known.container_name, known.digest)
                   is distinct from (excluded.container_id, excluded.container_name, excluded.digest)",
            instance.id.uuid(),
            place.app.as_str(),
            place.environment.as_str(),
            instance.service.as_str(),
            instance.replica,
            instance.container_id,
            instance.container_name,
            instance.digest.as_str(),
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// What should run at `place`.
pub(crate) async fn of(
    executor: impl PgExecutor<'_>,
    place: &Place,
) -> Result<Vec<Remembered>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id, service, replica, container_id, container_name, digest,
                  released as "released: Json<Fields>", baseline as "baseline: Json<Baseline>",
                  exited_at, restarts
           from monitor.instance where app = $1 and environment = $2 order by service, replica, id"#,
        place.app.as_str(),
        place.environment.as_str(),
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(Remembered::try_from).collect()
}

/// Keeps what the engine was told to make.
pub(crate) async fn keep_released(
    executor: impl PgExecutor<'_>,
    id: InstanceId,
    released: &Fields,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update monitor.instance set released = $2 where id = $1",
        id.uuid(),
        Json(released) as _,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Where the container with this id should run.
pub(crate) async fn place_of(
    executor: impl PgExecutor<'_>,
    container_id: &str,
) -> Result<Option<Place>, sqlx::Error> {
    let row = sqlx::query!(
        "select app, environment from monitor.instance where container_id = $1 limit 1",
        container_id,
    )
    .fetch_optional(executor)
    .await?;
    row.map(|row| Place::parse(&row.app, &row.environment).map_err(unreadable)).transpose()
}

/// Keeps how the instance was when it was first seen, and what it did before.
pub(crate) async fn keep_baseline(
    connection: &mut PgConnection,
    id: InstanceId,
    baseline: &Baseline,
    exit: KnownExit,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update monitor.instance set baseline = $2, exited_at = $3, restarts = $4
         where id = $1 and baseline is null",
        id.uuid(),
        Json(baseline) as _,
        exit.at,
        exit.restarts,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("keep baseline", done.rows_affected())
}

/// Keeps that an exit was told of.
pub(crate) async fn keep_exit(
    connection: &mut PgConnection,
    id: InstanceId,
    exit: KnownExit,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update monitor.instance set exited_at = $2, restarts = $3 where id = $1",
        id.uuid(),
        exit.at,
        exit.restarts,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("keep exit", done.rows_affected())
}
