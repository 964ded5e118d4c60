//! What lived in an environment and for how long, and when it is looked where a live release goes on to.

use crate::promotion::Lived;
use chrono::{DateTime, Utc};
use events::payload::ImageV1;
use events::{AppName, EnvironmentName, ReleaseId, ServiceName};
use manifest::PromoteFrom;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

type Place<'a> = (&'a AppName, &'a EnvironmentName);

/// How far back it is looked for a release that proved images.
const LIVED: i64 = 50;

struct Row {
    id: Uuid,
    number: i64,
    images: Json<BTreeMap<ServiceName, ImageV1>>,
    lasted: f64,
    is_live: bool,
    restores: bool,
    pinned: bool,
}

impl From<Row> for Lived {
    fn from(row: Row) -> Self {
        Self {
            id: ReleaseId::new(row.id),
            number: row.number,
            images: row.images.0,
            lasted: Duration::try_from_secs_f64(row.lasted).unwrap_or_default(),
            is_live: row.is_live,
            restores: row.restores,
            pinned: row.pinned,
        }
    }
}

/// The releases that are or were live in an environment, the newest first; only `release`, when it is given.
pub(crate) async fn lived(
    executor: impl PgExecutor<'_>,
    (app, environment): Place<'_>,
    release: Option<ReleaseId>,
) -> Result<Vec<Lived>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id!", number as "number!", content -> 'images' as "images!: Json<BTreeMap<ServiceName, ImageV1>>",
                  extract(epoch from coalesce(gone.at, clock_timestamp()) - came.at)::float8 as "lasted!",
                  state_name = 'live' as "is_live!", restores is not null as "restores!", pinned as "pinned!"
           from deployer.release r
           cross join lateral (select l.version, l.at from deployer.release_log l
                               where l.release = r.id and l.state ->> 'state' = 'live'
                               order by l.version limit 1) came
           left join lateral (select l.at from deployer.release_log l
                              where l.release = r.id and l.version > came.version
                              order by l.version limit 1) gone on true
           where app = $1 and environment = $2 and ($3::uuid is null or id = $3)
             and state_name in ('live', 'retained', 'collected')
           order by number desc limit $4"#,
        app.as_str(),
        environment.as_str(),
        release.map(ReleaseId::uuid),
        LIVED,
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(Lived::from).collect())
}

/// A live release of which it is to be looked where it goes on to.
#[derive(Debug)]
pub(crate) struct Due {
    pub(crate) release: ReleaseId,
    pub(crate) at: DateTime<Utc>,
}

/// Live releases that are to be looked at.
pub(crate) async fn due(executor: impl PgExecutor<'_>) -> Result<Vec<Due>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id, promote_at as "at!" from deployer.release
           where promote_at <= clock_timestamp() order by promote_at limit 16"#,
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(|row| Due { release: ReleaseId::new(row.id), at: row.at }).collect())
}

/// When the release is looked at again; nothing to do when somebody asked for a look meanwhile.
pub(crate) async fn look_again(
    executor: impl PgExecutor<'_>,
    due: &Due,
    after: Option<Duration>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update deployer.release set promote_at = clock_timestamp() + make_interval(secs => $3)
         where id = $1 and promote_at = $2",
        due.release.uuid(),
        due.at,
        after.map(|after| after.as_secs_f64()),
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Remembers where a live release goes on to.
pub(crate) async fn goes_on_to(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
    targets: &BTreeMap<&EnvironmentName, &PromoteFrom>,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.release set promotes_to = $2 where id = $1",
        release.uuid(),
        Json(targets) as _,
    )
    .execute(executor)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(sqlx::Error::RowNotFound) }
}

/// Where a release goes on to, as far as it was looked up.
pub(crate) async fn targets(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
) -> Result<BTreeMap<EnvironmentName, PromoteFrom>, sqlx::Error> {
    let found = sqlx::query_scalar!(
        r#"select promotes_to as "targets: Json<BTreeMap<EnvironmentName, PromoteFrom>>"
           from deployer.release where id = $1"#,
        release.uuid(),
    )
    .fetch_optional(executor)
    .await?;
    Ok(found.flatten().map(|targets| targets.0).unwrap_or_default())
}

/// Looks again at everything of `app` that is live and was built: the policy may be another.
pub(crate) async fn look_at_all(
    connection: &mut PgConnection,
    app: &AppName,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update deployer.release set promote_at = clock_timestamp()
         where app = $1 and state_name = 'live' and restores is null and origin ->> 'build' is not null",
        app.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether `source` was promoted to an environment before, whatever became of it.
pub(crate) async fn was_promoted(
    executor: impl PgExecutor<'_>,
    source: ReleaseId,
    (app, environment): Place<'_>,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from deployer.release
             where promoted_from = $1 and app = $2 and environment = $3) as "promoted!""#,
        source.uuid(),
        app.as_str(),
        environment.as_str(),
    )
    .fetch_one(executor)
    .await
}

/// The releases that were promoted from `source` and have not begun.
pub(crate) async fn waiting(
    executor: impl PgExecutor<'_>,
    source: ReleaseId,
) -> Result<Vec<ReleaseId>, sqlx::Error> {
    let found = sqlx::query_scalar!(
        "select id from deployer.release
         where promoted_from = $1 and state_name in ('queued', 'awaiting_ci', 'awaiting_approval', 'awaiting_window')",
        source.uuid(),
    )
    .fetch_all(executor)
    .await?;
    Ok(found.into_iter().map(ReleaseId::new).collect())
}
