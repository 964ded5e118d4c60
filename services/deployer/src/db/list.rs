//! Pages of releases and environments, for people.

use events::ReleaseId;
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
         where ($1 = '' or app = $1) and (app, environment) > ($2, $3)
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
