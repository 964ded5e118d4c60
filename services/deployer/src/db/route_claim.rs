//! `deployer.route_claim`: each host and path prefix is served by one environment of one app.

use events::{AppName, EnvironmentName};
use manifest::Resolved;
use sqlx::{PgConnection, PgExecutor};

/// A host and path prefix that somebody else serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) host: String,
    pub(crate) path_prefix: String,
    /// Whose it is.
    pub(crate) app: String,
    pub(crate) environment: String,
}

/// Claims every route of `resolved` for its environment, or says who has some of them; then the caller rolls
/// back. Waits for who claims the same at this moment.
pub(crate) async fn claim(
    connection: &mut PgConnection,
    resolved: &Resolved,
) -> Result<Vec<Taken>, sqlx::Error> {
    let (hosts, prefixes) = wanted(resolved);
    // In one order for everybody, so that two who want the same do not wait for each other.
    sqlx::query!(
        "insert into deployer.route_claim (host, path_prefix, app, environment)
         select host, path_prefix, $3, $4 from unnest($1::text[], $2::text[]) as t (host, path_prefix)
         order by host, path_prefix
         on conflict do nothing",
        &hosts,
        &prefixes,
        resolved.app.as_str(),
        resolved.environment.as_str(),
    )
    .execute(&mut *connection)
    .await?;
    taken(connection, resolved).await
}

/// The routes of `resolved` that another environment has claimed.
pub(crate) async fn taken(
    executor: impl PgExecutor<'_>,
    resolved: &Resolved,
) -> Result<Vec<Taken>, sqlx::Error> {
    let (hosts, prefixes) = wanted(resolved);
    sqlx::query_as!(
        Taken,
        "select c.host, c.path_prefix, c.app, c.environment
         from deployer.route_claim c
         join unnest($1::text[], $2::text[]) as t (host, path_prefix) using (host, path_prefix)
         where (c.app, c.environment) <> ($3, $4) order by c.host, c.path_prefix",
        &hosts,
        &prefixes,
        resolved.app.as_str(),
        resolved.environment.as_str(),
    )
    .fetch_all(executor)
    .await
}

/// Gives back what `place` has claimed and `kept`, what is live there, does not need.
pub(crate) async fn release(
    connection: &mut PgConnection,
    (app, environment): (&AppName, &EnvironmentName),
    kept: Option<&Resolved>,
) -> Result<(), sqlx::Error> {
    let (hosts, prefixes) = kept.map(wanted).unwrap_or_default();
    sqlx::query!(
        "delete from deployer.route_claim c
         where c.app = $3 and c.environment = $4
           and not exists (select from unnest($1::text[], $2::text[]) as t (host, path_prefix)
                           where t.host = c.host and t.path_prefix = c.path_prefix)",
        &hosts,
        &prefixes,
        app.as_str(),
        environment.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Every host with every prefix.
fn wanted(resolved: &Resolved) -> (Vec<String>, Vec<String>) {
    let pairs = resolved.hosts.iter().flat_map(|host| {
        resolved.routes.iter().map(|route| (host.to_string(), route.path_prefix.to_string()))
    });
    pairs.unzip()
}
