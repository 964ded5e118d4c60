//! `deployer.release`: what was asked for, and where it is in its life.

use crate::content::{Content, Origin};
use chrono::{DateTime, Utc};
use events::{AppName, ChangeId, EnvironmentName, GitRef, ReleaseId};
use release::{Plan, State};
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;
use uuid::Uuid;

/// A release as it stands in the database.
#[derive(Debug, Clone)]
pub(crate) struct Release {
    pub(crate) id: ReleaseId,
    pub(crate) app: AppName,
    pub(crate) environment: EnvironmentName,
    pub(crate) number: i64,
    pub(crate) content: Content,
    pub(crate) content_hash: String,
    pub(crate) plan: Plan,
    pub(crate) origin: Origin,
    pub(crate) restores: Option<ReleaseId>,
    pub(crate) promoted_from: Option<ReleaseId>,
    pub(crate) stable: Option<ReleaseId>,
    pub(crate) state: State,
    pub(crate) version: i64,
    pub(crate) pinned: bool,
    pub(crate) traceparent: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) entered_at: DateTime<Utc>,
    pub(crate) deadline_at: Option<DateTime<Utc>>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
}

struct Row {
    id: Uuid,
    app: String,
    environment: String,
    number: i64,
    content: Json<Content>,
    content_hash: String,
    plan: Json<Plan>,
    origin: Json<Origin>,
    restores: Option<Uuid>,
    promoted_from: Option<Uuid>,
    stable: Option<Uuid>,
    state: Json<State>,
    version: i64,
    pinned: bool,
    traceparent: Option<String>,
    created_at: DateTime<Utc>,
    entered_at: DateTime<Utc>,
    deadline_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Release {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let decode = |error: events::InvalidName| sqlx::Error::Decode(error.into());
        Ok(Self {
            id: ReleaseId::new(row.id),
            app: AppName::parse(&row.app).map_err(decode)?,
            environment: EnvironmentName::parse(&row.environment).map_err(decode)?,
            number: row.number,
            content: row.content.0,
            content_hash: row.content_hash,
            plan: row.plan.0,
            origin: row.origin.0,
            restores: row.restores.map(ReleaseId::new),
            promoted_from: row.promoted_from.map(ReleaseId::new),
            stable: row.stable.map(ReleaseId::new),
            state: row.state.0,
            version: row.version,
            pinned: row.pinned,
            traceparent: row.traceparent,
            created_at: row.created_at,
            entered_at: row.entered_at,
            deadline_at: row.deadline_at,
            ended_at: row.ended_at,
        })
    }
}

/// The release with this id.
pub(crate) async fn get(
    executor: impl PgExecutor<'_>,
    id: ReleaseId,
) -> Result<Option<Release>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"select id, app, environment, number, content as "content: Json<Content>", content_hash,
                  plan as "plan: Json<Plan>", origin as "origin: Json<Origin>", restores,
                  promoted_from, stable, state as "state: Json<State>", version, pinned, traceparent,
                  created_at, entered_at, deadline_at, ended_at
           from deployer.release where id = $1"#,
        id.uuid(),
    )
    .fetch_optional(executor)
    .await?
    .map(Release::try_from)
    .transpose()
}

/// A release about to be written; number, times and version come from the database.
#[derive(Debug)]
pub(crate) struct NewRelease<'a> {
    pub(crate) id: ReleaseId,
    pub(crate) app: &'a AppName,
    pub(crate) environment: &'a EnvironmentName,
    pub(crate) number: i64,
    pub(crate) content: &'a Content,
    pub(crate) plan: &'a Plan,
    pub(crate) origin: &'a Origin,
    pub(crate) restores: Option<ReleaseId>,
    pub(crate) promoted_from: Option<ReleaseId>,
    pub(crate) state: &'a State,
    pub(crate) traceparent: Option<String>,
}

/// Writes a new release.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    new: &NewRelease<'_>,
) -> Result<(), sqlx::Error> {
    let limit = new.plan.limit(new.state).map(interval);
    let done = sqlx::query!(
        "insert into deployer.release
             (id, app, environment, number, content, content_hash, plan, origin, restores, state,
              traceparent, promoted_from, deadline_at, ended_at, wake_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
                 clock_timestamp() + make_interval(secs => $13),
                 case when $14 then clock_timestamp() end,
                 case when $14 then null else clock_timestamp() end)",
        new.id.uuid(),
        new.app.as_str(),
        new.environment.as_str(),
        new.number,
        Json(new.content) as _,
        new.content.hash(),
        Json(new.plan) as _,
        Json(new.origin) as _,
        new.restores.map(ReleaseId::uuid),
        Json(new.state) as _,
        new.traceparent,
        new.promoted_from.map(ReleaseId::uuid),
        limit,
        new.state.is_settled(),
    )
    .execute(connection)
    .await?;
    pg::error::one_row("insert release", done.rows_affected())
}

/// A span as seconds, for `make_interval`.
pub(crate) fn interval(span: Duration) -> f64 {
    span.as_secs_f64()
}

/// The release with this number.
pub(crate) async fn by_number(
    executor: impl PgExecutor<'_>,
    (app, environment): (&AppName, &EnvironmentName),
    number: i64,
) -> Result<Option<ReleaseId>, sqlx::Error> {
    let found = sqlx::query_scalar!(
        "select id from deployer.release where app = $1 and environment = $2 and number = $3",
        app.as_str(),
        environment.as_str(),
        number,
    )
    .fetch_optional(executor)
    .await?;
    Ok(found.map(ReleaseId::new))
}

/// The live release of an environment.
pub(crate) async fn live(
    executor: impl PgExecutor<'_>,
    (app, environment): (&AppName, &EnvironmentName),
) -> Result<Option<ReleaseId>, sqlx::Error> {
    let found = sqlx::query_scalar!(
        "select id from deployer.release
         where app = $1 and environment = $2 and state_name = 'live'",
        app.as_str(),
        environment.as_str(),
    )
    .fetch_optional(executor)
    .await?;
    Ok(found.map(ReleaseId::new))
}

/// The releases of an environment that have not ended, the oldest first: waiting and moving.
pub(crate) async fn unfinished(
    executor: impl PgExecutor<'_>,
    (app, environment): (&AppName, &EnvironmentName),
) -> Result<Vec<ReleaseId>, sqlx::Error> {
    let found = sqlx::query_scalar!(
        "select id from deployer.release
         where app = $1 and environment = $2
           and (ended_at is null and state_name not in ('live', 'retained') or state_name = 'stuck')
         order by number",
        app.as_str(),
        environment.as_str(),
    )
    .fetch_all(executor)
    .await?;
    Ok(found.into_iter().map(ReleaseId::new).collect())
}

/// The releases of an environment that are kept to go back to, the newest first.
pub(crate) async fn retained(
    executor: impl PgExecutor<'_>,
    (app, environment): (&AppName, &EnvironmentName),
) -> Result<Vec<ReleaseId>, sqlx::Error> {
    let found = sqlx::query_scalar!(
        "select id from deployer.release
         where app = $1 and environment = $2 and state_name = 'retained' order by number desc",
        app.as_str(),
        environment.as_str(),
    )
    .fetch_all(executor)
    .await?;
    Ok(found.into_iter().map(ReleaseId::new).collect())
}

/// Content that was rolled back is pinned: the number of the newest release with this that is.
pub(crate) async fn pinned(
    executor: impl PgExecutor<'_>,
    (app, environment): (&AppName, &EnvironmentName),
    content_hash: &str,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar!(
        "select number from deployer.release
         where app = $1 and environment = $2 and content_hash = $3 and pinned
         order by number desc limit 1",
        app.as_str(),
        environment.as_str(),
        content_hash,
    )
    .fetch_optional(executor)
    .await
}

/// The newest release of an environment, whatever became of it.
pub(crate) async fn newest(
    executor: impl PgExecutor<'_>,
    (app, environment): (&AppName, &EnvironmentName),
) -> Result<Option<ReleaseId>, sqlx::Error> {
    let found = sqlx::query_scalar!(
        "select id from deployer.release
         where app = $1 and environment = $2 order by number desc limit 1",
        app.as_str(),
        environment.as_str(),
    )
    .fetch_optional(executor)
    .await?;
    Ok(found.map(ReleaseId::new))
}

/// Whether a release of this change of a ref, or of a later one, was made already: changes have ids that grow.
pub(crate) async fn is_overtaken(
    executor: impl PgExecutor<'_>,
    (app, environment): (&AppName, &EnvironmentName),
    (git_ref, change): (&GitRef, ChangeId),
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from deployer.release
             where app = $1 and environment = $2 and origin ->> 'git_ref' = $3
                and (origin ->> 'change')::uuid >= $4) as "overtaken!""#,
        app.as_str(),
        environment.as_str(),
        git_ref.to_string(),
        change.uuid(),
    )
    .fetch_one(executor)
    .await
}

/// The ref of the newest release of an environment that is live or on its way there.
pub(crate) async fn newest_ref(
    executor: impl PgExecutor<'_>,
    (app, environment): (&AppName, &EnvironmentName),
) -> Result<Option<GitRef>, sqlx::Error> {
    let found = sqlx::query_scalar!(
        "select origin ->> 'git_ref' from deployer.release
         where app = $1 and environment = $2 and (state_name = 'live' or ended_at is null and state_name <> 'retained')
         order by number desc limit 1",
        app.as_str(),
        environment.as_str(),
    )
    .fetch_optional(executor)
    .await?;
    let parse =
        |text: String| GitRef::parse(&text).map_err(|error| sqlx::Error::Decode(error.into()));
    found.flatten().map(parse).transpose()
}

/// Pins or unpins every release of an environment with this content.
pub(crate) async fn set_pinned(
    connection: &mut PgConnection,
    (app, environment): (&AppName, &EnvironmentName),
    content_hash: &str,
    pinned: bool,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update deployer.release set pinned = $4
         where app = $1 and environment = $2 and content_hash = $3 and pinned <> $4",
        app.as_str(),
        environment.as_str(),
        content_hash,
        pinned,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Remembers which release is there to go back to; written once, when the release begins.
pub(crate) async fn set_stable(
    connection: &mut PgConnection,
    id: ReleaseId,
    (stable, plan): (Option<ReleaseId>, &Plan),
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update deployer.release set stable = $2, plan = $3 where id = $1",
        id.uuid(),
        stable.map(ReleaseId::uuid),
        Json(plan) as _,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("set stable release", done.rows_affected())
}

/// Wakes the waiting releases of an environment, because one that moved has ended.
pub(crate) async fn wake_waiting(
    connection: &mut PgConnection,
    (app, environment): (&AppName, &EnvironmentName),
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update deployer.release set wake_at = clock_timestamp()
         where app = $1 and environment = $2 and state_name = 'queued'",
        app.as_str(),
        environment.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps `release` as it was read until the caller's transaction ends; an error when it went on meanwhile. A driver
/// that stood still and lost its lease must not act on what is over.
pub(crate) async fn fence(
    executor: impl PgExecutor<'_>,
    release: &Release,
) -> Result<(), sqlx::Error> {
    let found = sqlx::query_scalar!(
        "select version from deployer.release where id = $1 and version = $2 for share",
        release.id.uuid(),
        release.version,
    )
    .fetch_optional(executor)
    .await?;
    found.map(drop).ok_or_else(|| {
        sqlx::Error::Protocol(format!("release {} went on meanwhile", release.number))
    })
}
