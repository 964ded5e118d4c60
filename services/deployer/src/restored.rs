//! The database came back from a backup: the router serves instances that it knows nothing of. What it has live proves
//! that it can serve before the router hears of it; only then may go what nobody owns.

use crate::app::App;
use crate::db::{environment, instance, release};
use crate::local_rollback;
use crate::perform::{Outcome, ready};
use crate::router::RouterError;
use crate::table::{self, PublishError};
use events::InstanceId;
use proto::v1::RouteTable;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long a router that is away keeps releases from being driven: there is no telling then what it serves.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_secs(1);

/// Why the router still serves what the database does not know.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RestoredError {
    #[error("read what was restored")]
    Read(#[from] sqlx::Error),
    #[error("ask the router what it serves")]
    Router(#[from] RouterError),
    #[error("bring up {app} in {environment} as the backup has it: {why}")]
    BringUp { app: String, environment: String, why: Outcome },
    #[error("move traffic to what the backup has")]
    Publish(#[from] PublishError),
}

/// The instances that a table names.
pub(crate) fn named(table: &RouteTable) -> BTreeSet<InstanceId> {
    let targets = table.routes.iter().flat_map(|route| &route.targets);
    let upstreams = targets.flat_map(|target| &target.upstreams);
    upstreams.filter_map(|upstream| upstream.instance.parse().ok()).collect()
}

/// Whether the router's table is from a time that this database has forgotten. A newer one that names nothing which
/// has no requests here is somebody's mistake, not a sign of that.
pub(crate) async fn is_forgotten(app: &App, table: &RouteTable) -> Result<bool, sqlx::Error> {
    let generation = i64::try_from(table.generation).unwrap_or(i64::MAX);
    instance::are_ahead(&app.pool, generation, &named(table)).await
}

/// Before anything is driven: what was rolled back at the router is on record, so that no driver goes on with a release
/// that somebody went back from, and traffic goes where the database knows of.
pub(crate) async fn catch_up_first(app: &App, cancel: &CancellationToken) {
    let started = tokio::time::Instant::now();
    while let Err(error) = look(app).await {
        let error = service::chain(&error);
        tracing::warn!(error, "whether the database was restored is not known");
        if started.elapsed() > PATIENCE {
            return;
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

async fn look(app: &App) -> Result<(), RestoredError> {
    let table = app.router.table().await?;
    local_rollback::record(app, &table.local_rollbacks).await;
    if is_forgotten(app, &table).await? { catch_up(app, &table).await } else { Ok(()) }
}

/// What is live by the database serves, and the router gets a table that is newer than its own.
pub(crate) async fn catch_up(app: &App, forgotten: &RouteTable) -> Result<(), RestoredError> {
    let generation = forgotten.generation;
    tracing::warn!(generation, "the database was restored from before the router's table");
    for environment in environment::all(&app.pool).await? {
        let place = (&environment.app, &environment.environment);
        let Some(live) = release::live(&app.pool, place).await? else { continue };
        let Some(live) = release::get(&app.pool, live).await? else { continue };
        let (app_name, environment) = (live.app.to_string(), live.environment.to_string());
        ready::bring_up(app, &live).await.map_err(|why| RestoredError::BringUp {
            app: app_name,
            environment,
            why,
        })?;
    }
    let mut connection = app.pool.acquire().await?;
    let known = i64::try_from(generation).unwrap_or(i64::MAX - 1);
    environment::raise_generation(&mut connection, known).await?;
    drop(connection);
    let generation = table::publish(app, async |_: &mut sqlx::PgConnection| Ok(())).await?;
    tracing::warn!(generation, "traffic goes where the restored database says");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::v1::{Route, Target, Upstream};

    #[test]
    fn every_instance_of_a_table_is_named_once() {
        let id = |n: u128| InstanceId::new(uuid::Uuid::from_u128(n));
        let upstream = |n| Upstream { instance: id(n).to_string(), ..Upstream::default() };
        let target =
            |of: [u128; 2]| Target { upstreams: of.map(upstream).into(), ..Target::default() };
        let route = |targets| Route { targets, ..Route::default() };
        let routes = vec![route(vec![target([1, 2]), target([2, 3])]), route(vec![])];
        let named = named(&RouteTable { generation: 7, routes, ..RouteTable::default() });
        assert_eq!(named.into_iter().collect::<Vec<_>>(), [id(1), id(2), id(3)]);
    }
}
