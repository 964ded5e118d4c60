//! Pages of releases, environments and runs, for people.

use chrono::{DateTime, Utc};
use events::{AppName, EnvironmentName, ReleaseId, RunId};
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

    /// Everything, for who knows already that it may be seen.
    pub(crate) fn everything() -> Self {
        let anywhere = || vec![String::new()];
        Self { app: "", environment: "", scopes: (anywhere(), anywhere()) }
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

/// Live releases with jobs by the clock that no timetable has.
pub(crate) async fn live_without_timetable(
    executor: impl PgExecutor<'_>,
) -> Result<Vec<ReleaseId>, sqlx::Error> {
    let rows = sqlx::query_scalar!(
        "select id from deployer.release
         where state_name = 'live'
           and exists (select from jsonb_each(content -> 'resolved' -> 'jobs') job
                       where job.value ->> 'at' = 'schedule')
           and not exists (select from deployer.timetable where timetable.release = release.id)",
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(ReleaseId::new).collect())
}

/// A run, or an errand that has none yet.
#[derive(Debug)]
pub(crate) struct Execution {
    pub(crate) id: uuid::Uuid,
    pub(crate) app: String,
    pub(crate) environment: String,
    pub(crate) job: String,
    pub(crate) kind: String,
    /// The number of the release whose image and configuration it uses.
    pub(crate) number: i64,
    pub(crate) asked_by: String,
    /// As runs have it; `awaiting_approval`, `due` or `skipped` for what never began.
    pub(crate) state: String,
    pub(crate) exit_code: Option<i32>,
    pub(crate) reason: Option<String>,
    pub(crate) message: String,
    pub(crate) command: Vec<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) started_at: Option<DateTime<Utc>>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
    pub(crate) slot: Option<DateTime<Utc>>,
    pub(crate) why: String,
    /// Where what it made was committed.
    pub(crate) branch: Option<String>,
    pub(crate) commit: Option<String>,
    pub(crate) changed: Option<bool>,
    pub(crate) model: Option<String>,
    pub(crate) metrics: Option<serde_json::Value>,
    pub(crate) release_url: Option<String>,
    pub(crate) release_error: Option<String>,
}

/// Which executions are wanted; all when nothing is said.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// Those before this one.
    pub(crate) after: Option<RunId>,
    pub(crate) id: Option<RunId>,
    pub(crate) release: Option<ReleaseId>,
    /// Only of these kinds; of every kind without any.
    pub(crate) kinds: Vec<String>,
}

/// Executions, the newest first.
pub(crate) async fn executions(
    executor: impl PgExecutor<'_>,
    seen: &Seen<'_>,
    wanted: &Wanted,
    limit: i64,
) -> Result<Vec<Execution>, sqlx::Error> {
    sqlx::query_as!(
        Execution,
        r#"with known as (
               select r.id, r.app, r.environment, r.release, r.job, r.kind, r.asked_by, r.state, r.exit_code,
                      r.reason, r.message, r.command, coalesce(e.created_at, r.created_at) as created_at,
                      r.started_at, r.ended_at, e.slot, coalesce(e.why, '') as why
               from deployer.run r left join deployer.errand e on e.id = r.id
               union all
               select e.id, e.app, e.environment, e.release, e.job, e.kind, e.asked_by,
                      case when e.ended_at is not null then 'skipped'
                           when e.asks_until is not null then 'awaiting_approval' else 'due' end, null, e.reason, e.message,
                      '{}', e.created_at, null, e.ended_at, e.slot, e.why
               from deployer.errand e
               where not exists (select from deployer.run r where r.id = e.id))
           select known.id as "id!", known.app as "app!", known.environment as "environment!", known.job as "job!",
                  kind as "kind!", number, known.asked_by as "asked_by!", known.state as "state!", exit_code,
                  reason, message as "message!", command as "command!", known.created_at as "created_at!",
                  started_at, known.ended_at, slot, why as "why!", made.branch as "branch?", made.commit as "commit?",
                  made.changed as "changed?", made.digest as "model?", made.metrics as "metrics?",
                  made.release_url as "release_url?", made.release_error as "release_error?"
           from known join deployer.release on release.id = known.release
                left join deployer.model made on made.run = known.id
           where ($1 = '' or known.app = $1) and ($2 = '' or known.environment = $2)
             and ($3::uuid is null or (known.created_at, known.id)
                  < (select before.created_at, before.id from known before where before.id = $3))
             and ($4::uuid is null or known.id = $4) and ($5::uuid is null or known.release = $5)
             and (cardinality($9::text[]) = 0 or kind = any($9))
             and exists (select from unnest($6::text[], $7::text[]) as seen (in_app, in_environment)
                         where in_app in ('', known.app) and in_environment in ('', known.environment))
           order by known.created_at desc, known.id desc limit $8"#,
        seen.app,
        seen.environment,
        wanted.after.map(RunId::uuid),
        wanted.id.map(RunId::uuid),
        wanted.release.map(ReleaseId::uuid),
        &seen.scopes.0,
        &seen.scopes.1,
        limit,
        &wanted.kinds,
    )
    .fetch_all(executor)
    .await
}
