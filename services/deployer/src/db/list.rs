//! Pages of releases and environments, for people.

use events::{AppName, EnvironmentName, ReleaseId};
use service::principal::Principal;
use sqlx::PgExecutor;

/// What a list is of: an app and environment (empty means any), and of them what the reader may see. It is
/// the query that leaves out the rest, so that pages are full.
#[derive(Debug)]
pub(crate) struct Seen<'a> {
    app: &'a str,
    environment: &'a str,
    scopes: (Vec<String>, Vec<String>),
}

impl<'a> Seen<'a> {
    /// What `principal` sees there.
    pub(crate) fn of(principal: &Principal, (app, environment): (&'a str, &'a str)) -> Self {
        Self { app, environment, scopes: principal.scopes() }
    }
}

/// Releases, the newest first, before `(created, id)` of the last one of the page before.
pub(crate) async fn releases(
    executor: impl PgExecutor<'_>,
    seen: &Seen<'_>,
    after: Option<ReleaseId>,
    limit: i64,
) -> Result<Vec<ReleaseId>, sqlx::Error> {
    let rows = sqlx::query_scalar!(
        "select id from deployer.release
         where ($1 = '' or app = $1) and ($2 = '' or environment = $2)
           and ($3::uuid is null
                or (created_at, id) < (select created_at, id from deployer.release where id = $3))
           and exists (select from unnest($5::text[], $6::text[]) as seen (in_app, in_environment)
                       where in_app in ('', release.app)
                         and in_environment in ('', release.environment))
         order by created_at desc, id desc limit $4",
        seen.app,
        seen.environment,
        after.map(ReleaseId::uuid),
        limit,
        &seen.scopes.0,
        &seen.scopes.1,
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(ReleaseId::new).collect())
}

/// Names of environments, after the last one of the page before.
pub(crate) async fn environments(
    executor: impl PgExecutor<'_>,
    seen: &Seen<'_>,
    after: (&str, &str),
    limit: i64,
) -> Result<Vec<(String, String)>, sqlx::Error> {
    let rows = sqlx::query!(
        "select app, environment from deployer.environment
         where ($1 = '' or app = $1) and ($2 = '' or environment = $2)
           and (app, environment) > ($3, $4) and removed_at is null
           and exists (select from unnest($6::text[], $7::text[]) as seen (in_app, in_environment)
                       where in_app in ('', environment.app)
                         and in_environment in ('', environment.environment))
         order by app, environment limit $5",
        seen.app,
        seen.environment,
        after.0,
        after.1,
        limit,
        &seen.scopes.0,
        &seen.scopes.1,
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

/// An image that a release needs.
#[derive(Debug)]
pub(crate) struct UsedImage {
    pub(crate) digest: String,
    pub(crate) app: String,
    pub(crate) environment: String,
    pub(crate) number: i64,
    /// How it needs it, for people.
    pub(crate) need: String,
}

/// The images of all releases that run, move, are kept to go back to, or are pinned: each digest once, with the
/// release that needs it most.
pub(crate) async fn used_images(
    executor: impl PgExecutor<'_>,
) -> Result<Vec<UsedImage>, sqlx::Error> {
    sqlx::query_as!(
        UsedImage,
        r#"select distinct on (1) image.value ->> 'digest' as "digest!", app, environment, number,
                  case when state_name = 'live' then 'live'
                       when ended_at is null or state_name = 'stuck' then 'under way'
                       when state_name = 'retained' then 'rollback target'
                       else 'pinned' end as "need!"
           from deployer.release, jsonb_each(content -> 'images') image
           where ended_at is null or state_name in ('live', 'retained', 'stuck') or pinned
           order by 1, (state_name <> 'live'), (ended_at is not null and state_name <> 'stuck'),
                    (state_name <> 'retained'), number desc"#,
    )
    .fetch_all(executor)
    .await
}

/// Every environment of which something may be there.
pub(crate) async fn environments_there(
    executor: impl PgExecutor<'_>,
) -> Result<Vec<(String, String)>, sqlx::Error> {
    let rows =
        sqlx::query!("select app, environment from deployer.environment where removed_at is null");
    let rows = rows.fetch_all(executor).await?;
    Ok(rows.into_iter().map(|row| (row.app, row.environment)).collect())
}
