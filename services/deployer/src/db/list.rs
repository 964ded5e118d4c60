//! Pages of releases and environments, for people.

use events::{AppName, EnvironmentName, ReleaseId};
use sqlx::PgExecutor;

/// Releases of an app and environment (empty means any), the newest first, before `(created, id)` of the
/// last one seen.
pub(crate) async fn releases(
    executor: impl PgExecutor<'_>,
    (app, environment): (&str, &str),
    after: Option<ReleaseId>,
    limit: i64,
) -> Result<Vec<ReleaseId>, sqlx::Error> {
    let rows = sqlx::query_scalar!(
        "select id from deployer.release
         where ($1 = '' or app = $1) and ($2 = '' or environment = $2)
           and ($3::uuid is null
                or (created_at, id) < (select created_at, id from deployer.release where id = $3))
         order by created_at desc, id desc limit $4",
        app,
        environment,
        after.map(ReleaseId::uuid),
        limit,
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(ReleaseId::new).collect())
}

/// Names of environments of an app (empty means any), after the last one seen.
pub(crate) async fn environments(
    executor: impl PgExecutor<'_>,
    app: &str,
    after: (&str, &str),
    limit: i64,
) -> Result<Vec<(String, String)>, sqlx::Error> {
    let rows = sqlx::query!(
        "select app, environment from deployer.environment
         where ($1 = '' or app = $1) and (app, environment) > ($2, $3) and removed_at is null
         order by app, environment limit $4",
        app,
        after.0,
        after.1,
        limit,
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(|row| (row.app, row.environment)).collect())
}

/// The environments of `app` of which something may be there.
pub(crate) async fn environments_of(
    executor: impl PgExecutor<'_>,
    app: &AppName,
) -> Result<Vec<(AppName, EnvironmentName)>, sqlx::Error> {
    let rows = sqlx::query_scalar!(
        "select environment from deployer.environment
         where app = $1 and removed_at is null order by environment",
        app.as_str(),
    )
    .fetch_all(executor)
    .await?;
    let decode = |error: events::InvalidName| sqlx::Error::Decode(error.into());
    let place = |name: &String| Ok((app.clone(), EnvironmentName::parse(name).map_err(decode)?));
    rows.iter().map(place).collect()
}

/// A release that is live or under way.
#[derive(Debug)]
pub(crate) struct InUse {
    pub(crate) environment: String,
    pub(crate) number: i64,
    pub(crate) state: String,
}

/// What of `app` is live or under way.
pub(crate) async fn in_use(
    executor: impl PgExecutor<'_>,
    app: &AppName,
) -> Result<Vec<InUse>, sqlx::Error> {
    sqlx::query_as!(
        InUse,
        r#"select environment, number, state_name as "state!" from deployer.release
           where app = $1 and (state_name in ('live', 'stuck')
                               or ended_at is null and state_name <> 'retained')
           order by environment, number"#,
        app.as_str(),
    )
    .fetch_all(executor)
    .await
}

/// How many releases of environments with one name are in one state on their way.
#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) environment: String,
    pub(crate) state: String,
    pub(crate) count: i64,
}

/// What is under way everywhere.
pub(crate) async fn active(executor: impl PgExecutor<'_>) -> Result<Vec<Active>, sqlx::Error> {
    sqlx::query_as!(
        Active,
        r#"select environment, state_name as "state!", count(*) as "count!" from deployer.release
           where state_name = 'stuck' or ended_at is null and state_name not in ('live', 'retained')
           group by environment, state_name"#,
    )
    .fetch_all(executor)
    .await
}
