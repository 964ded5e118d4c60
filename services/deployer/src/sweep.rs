//! What is done by the clock: containers without an owner go away, addresses are looked at again, what has soaked is
//! promoted, and the router gets its table when it does not have the newest.

use crate::addresses;
use crate::app::App;
use crate::db::{instance, list, wreck};
use crate::leftovers::{self, Looked};
use crate::sweep_orphans::{GRACE, observe, orphans, remove};
use crate::table;
use crate::{job, local_rollback, promotion, restored};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Time between two sweeps.
const EVERY: Duration = Duration::from_secs(30);
/// Time between two looks at the router.
const LOOK: Duration = Duration::from_secs(2);

/// Sweeps until `cancel`. When the truth cannot be read, nothing is touched.
pub(crate) async fn run(app: App, cancel: CancellationToken) {
    let mut swept = Instant::now();
    let mut looked = Looked::default();
    let (mut compared, mut cleared) = (None, None);
    loop {
        look(&app).await;
        // Those that are kept for less than that are looked at as often.
        if cleared.is_none_or(|at: Instant| at.elapsed() > EVERY.min(app.wrecks_kept)) {
            cleared = Some(Instant::now());
            clear_wrecks(&app).await;
        }
        if compared.is_none_or(|at: Instant| at.elapsed() > EVERY) {
            compared = refresh_addresses(&app).await.then(Instant::now);
        }
        if swept.elapsed() > EVERY {
            swept = Instant::now();
            Box::pin(sweep_containers(&app, &mut looked)).await;
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// What cannot wait long: the router's table, what is under way, what has soaked.
async fn look(app: &App) {
    if let Err(error) = refresh_router(app).await {
        tracing::warn!(error = service::chain(&*error), "the router may not have the newest table");
    }
    match list::active(&app.pool).await {
        Ok(active) => app.metrics.active(&active),
        Err(error) => tracing::warn!(%error, "what is under way cannot be counted"),
    }
    if let Err(error) = promotion::look(app).await {
        tracing::warn!(%error, "what has soaked cannot be looked at");
    }
}

/// What failed and was left to be looked into goes when its time is over.
async fn clear_wrecks(app: &App) {
    if let Err(error) = crate::wreck::clear(app).await {
        tracing::warn!(error = service::chain(&*error), "wrecks stay for now");
    }
}

/// A router that started anew, or missed an answer, has an older table: it gets the newest.
async fn refresh_router(app: &App) -> anyhow::Result<()> {
    let newest = sqlx::query_scalar!("select generation from deployer.route_generation")
        .fetch_one(&app.pool)
        .await?;
    let newest = u64::try_from(newest)?;
    let table = app.router.table().await?;
    local_rollback::record(app, &table.local_rollbacks).await;
    if table.generation < newest {
        table::publish(app, async |_: &mut sqlx::PgConnection| Ok(())).await?;
    } else if table.generation > newest && restored::is_forgotten(app, &table).await? {
        restored::catch_up(app, &table).await?;
    }
    Ok(())
}

/// True when the engine could be asked; else it is asked again soon.
async fn refresh_addresses(app: &App) -> bool {
    match addresses::refresh(app).await {
        Ok(0) => true,
        Ok(moved) => {
            tracing::info!(moved, "instances are somewhere else; the router knows");
            true
        }
        Err(error) => {
            let error = service::chain(&*error);
            tracing::warn!(error, "where instances are cannot be compared");
            false
        }
    }
}

/// What nobody owns goes, and what should not run any more stops.
async fn sweep_containers(app: &App, looked: &mut Looked) {
    if let Err(error) = sweep_orphans(app).await {
        tracing::warn!(error = service::chain(&*error), "orphans stay for now");
    }
    match Box::pin(leftovers::stop(app, looked)).await {
        Ok(0) => {}
        Ok(environments) => tracing::info!(environments, "what was left over is stopped"),
        Err(error) => tracing::warn!(error = service::chain(&*error), "leftovers stay for now"),
    }
    clear(app).await;
}

/// What was kept to be looked at goes when it takes room or is of no use.
async fn clear(app: &App) {
    if let Err(error) = crate::wreck::make_room(app).await {
        tracing::warn!(error = service::chain(&*error), "it is not known whether wrecks take room");
    }
    if let Err(error) = job::clear(app).await {
        tracing::warn!(%error, "the containers of ended runs stay for now");
    }
}

/// Removes the containers that no release has.
pub(crate) async fn sweep_orphans(app: &App) -> anyhow::Result<()> {
    // Users may be on an instance that a restored database does not know.
    let serving = restored::named(&app.router.table().await?);
    let observed = observe(&app.engine, &app.platform).await?;
    let owned: BTreeSet<_> = instance::owners(&app.pool).await?.into_iter().collect();
    let mut gone = orphans(&observed, &app.platform, &owned, app.clock.now(), GRACE);
    // Asked last: what is owned by nobody is a wreck by then, or nothing.
    let wrecks = wreck::ids(&app.pool).await?;
    let stays = |id| serving.contains(&id) || wrecks.contains(&id);
    gone.retain(|orphan| !orphan.instance().is_some_and(stays));
    for container in remove(&app.engine, &gone).await {
        tracing::info!(container.id = container, "an orphan is gone");
    }
    Ok(())
}
