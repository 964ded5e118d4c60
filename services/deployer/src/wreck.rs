//! Wrecks: containers of a failed candidate that stay, stopped, to be looked into. No release has them any more, they
//! take part in nothing, and they go when their time is over, when room is short, or when somebody asks.

use crate::app::App;
use crate::db::instance::{self, Instance};
use crate::db::release::Release;
use crate::db::wreck;

/// Whether what only `release` ran on stays when it goes: it failed, and somebody may want to know why.
pub(crate) fn is_left_by(app: &App, release: &Release) -> bool {
    !app.wrecks_kept.is_zero() && release.state.failure().is_some()
}

/// The stopped container of `instance` is a wreck from now on; false when the engine cannot promise that it stays
/// stopped. A new instance of the same content has nothing to do with it.
pub(crate) async fn keep(
    app: &App,
    release: &Release,
    (instance, container): (&Instance, &str),
) -> Result<bool, sqlx::Error> {
    if let Err(error) = app.engine.retire(container).await {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(release.id = %release.id, container.id = container, error, "what failed is not kept");
        return Ok(false);
    }
    let place = (&release.app, &release.environment);
    let mut transaction = app.pool.begin().await?;
    let what = (instance, container);
    wreck::keep(&mut transaction, place, release.id, what, app.wrecks_kept).await?;
    instance::gone(&mut transaction, instance.id).await?;
    transaction.commit().await?;
    // The time of those before it is over with that.
    if let Err(error) = clear(app).await {
        tracing::warn!(error = service::chain(&*error), "wrecks stay for now");
    }
    Ok(true)
}

/// Removes those whose time is over.
pub(crate) async fn clear(app: &App) -> anyhow::Result<()> {
    for found in wreck::due(&app.pool).await? {
        app.engine.remove(&found.container_id).await?;
        wreck::forget(&app.pool, found.id).await?;
        tracing::info!(instance.id = %found.id, container.name = found.container_name, "a wreck is gone");
    }
    Ok(())
}

/// Removes all of them.
pub(crate) async fn clear_all(app: &App) -> anyhow::Result<()> {
    wreck::give_up(&app.pool).await?;
    clear(app).await
}

/// Removes all of them when the engine's disk is as full as no release may begin on.
pub(crate) async fn make_room(app: &App) -> anyhow::Result<()> {
    if wreck::ids(&app.pool).await?.is_empty() {
        return Ok(());
    }
    let free = app.engine.capacity().await?.disk_free;
    if free.is_some_and(|free| free < app.disk_floor) {
        tracing::warn!("the disk is low: wrecks go before their time");
        clear_all(app).await?;
    }
    Ok(())
}
