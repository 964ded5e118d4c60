//! `monitor.verdict`: one row per environment.

use crate::judge::State;
use crate::place::Place;
use crate::policy::Policy;
use chrono::{DateTime, Utc};
use events::ReleaseId;
use service::principal::Principal;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};

/// What is known of one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) place: Place,
    pub(crate) release: Option<ReleaseId>,
    pub(crate) release_number: i64,
    pub(crate) moving: bool,
    pub(crate) state: State,
    pub(crate) checked_at: Option<DateTime<Utc>>,
    pub(crate) policy: Policy,
    pub(crate) heal_asked_at: Option<DateTime<Utc>>,
}

struct Row {
    app: String,
    environment: String,
    release: Option<uuid::Uuid>,
    release_number: i64,
    moving: bool,
    state: String,
    checked_at: Option<DateTime<Utc>>,
    policy: Option<Json<Policy>>,
    heal_asked_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Verdict {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            place: Place::parse(&row.app, &row.environment)
                .map_err(|error| sqlx::Error::Decode(error.into()))?,
            release: row.release.map(ReleaseId::new),
            release_number: row.release_number,
            moving: row.moving,
            state: State::parse(&row.state),
            checked_at: row.checked_at,
            policy: row.policy.map(|Json(policy)| policy).unwrap_or_default(),
            heal_asked_at: row.heal_asked_at,
        })
    }
}

/// Notes which release is live and whether one moves. Nothing is written when it is known.
pub(crate) async fn expect(
    connection: &mut PgConnection,
    place: &Place,
    live: Option<(ReleaseId, i64)>,
    policy: Option<&Policy>,
    moving: bool,
) -> Result<(), sqlx::Error> {
    let (release, number) = live.map_or((None, 0), |(id, number)| (Some(id.uuid()), number));
    sqlx::query!(
        "insert into monitor.verdict as known (app, environment, release, release_number, moving, policy)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (app, environment) do update
         set release = excluded.release, release_number = excluded.release_number, moving = excluded.moving,
             policy = excluded.policy
         where (known.release, known.release_number, known.moving, known.policy)
               is distinct from (excluded.release, excluded.release_number, excluded.moving, excluded.policy)",
        place.app.as_str(),
        place.environment.as_str(),
        release,
        number,
        moving,
        policy.map(Json) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets environments that the deployer does not know; all that hangs on them goes with them.
pub(crate) async fn forget(
    executor: impl PgExecutor<'_>,
    place: &Place,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from monitor.verdict where app = $1 and environment = $2",
        place.app.as_str(),
        place.environment.as_str(),
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// One environment, locked until the transaction ends.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    place: &Place,
) -> Result<Option<Verdict>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select app, environment, release, release_number, moving, state, checked_at,
                policy as "policy: Json<Policy>", heal_asked_at
         from monitor.verdict where app = $1 and environment = $2 for update"#,
        place.app.as_str(),
        place.environment.as_str(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(Verdict::try_from).transpose()
}

/// One environment.
pub(crate) async fn get(
    executor: impl PgExecutor<'_>,
    place: &Place,
) -> Result<Option<Verdict>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select app, environment, release, release_number, moving, state, checked_at,
                policy as "policy: Json<Policy>", heal_asked_at
         from monitor.verdict where app = $1 and environment = $2"#,
        place.app.as_str(),
        place.environment.as_str(),
    )
    .fetch_optional(executor)
    .await?;
    row.map(Verdict::try_from).transpose()
}

/// Every environment.
pub(crate) async fn all(executor: impl PgExecutor<'_>) -> Result<Vec<Verdict>, sqlx::Error> {
    list(executor, &Principal::slipway(), (None, None), None, i64::MAX).await
}

/// Environments that `principal` sees after `after`, in order; only those of `app` and `environment` where
/// given. It is the query that leaves out the rest, so that pages are full.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    principal: &Principal,
    (app, environment): (Option<&str>, Option<&str>),
    after: Option<&(String, String)>,
    limit: i64,
) -> Result<Vec<Verdict>, sqlx::Error> {
    let (after_app, after_environment) =
        after.map_or(("", ""), |(app, environment)| (app.as_str(), environment.as_str()));
    let scopes = principal.scopes();
    let rows = sqlx::query_as!(
        Row,
        r#"select app, environment, release, release_number, moving, state, checked_at,
                policy as "policy: Json<Policy>", heal_asked_at
         from monitor.verdict
         where ($1::text is null or app = $1) and ($2::text is null or environment = $2)
           and (app, environment) > ($3, $4)
           and exists (select from unnest($6::text[], $7::text[]) as seen (in_app, in_environment)
                       where in_app in ('', verdict.app)
                         and in_environment in ('', verdict.environment))
         order by app, environment limit $5"#,
        app,
        environment,
        after_app,
        after_environment,
        limit,
        &scopes.0,
        &scopes.1,
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(Verdict::try_from).collect()
}

/// Writes a verdict.
pub(crate) async fn write(
    connection: &mut PgConnection,
    place: &Place,
    state: State,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update monitor.verdict set state = $3, checked_at = $4 where app = $1 and environment = $2",
        place.app.as_str(),
        place.environment.as_str(),
        state.as_str(),
        at,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("write verdict", done.rows_affected())
}

/// How many environments are in which state.
pub(crate) async fn count(executor: impl PgExecutor<'_>) -> Result<Vec<(State, i64)>, sqlx::Error> {
    let rows =
        sqlx::query!(r#"select state, count(*) as "count!" from monitor.verdict group by state"#)
            .fetch_all(executor)
            .await?;
    Ok(rows.into_iter().map(|row| (State::parse(&row.state), row.count)).collect())
}

/// A person asks to heal what differs.
pub(crate) async fn ask_to_heal(
    executor: impl PgExecutor<'_>,
    place: &Place,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "update monitor.verdict set heal_asked_at = $3 where app = $1 and environment = $2",
        place.app.as_str(),
        place.environment.as_str(),
        at,
    )
    .execute(executor)
    .await?;
    pg::error::one_row("ask to heal", done.rows_affected())
}
