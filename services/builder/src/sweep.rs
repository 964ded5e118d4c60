//! What is done now and then: reports what this service needs to be ready, and keeps tables, mirrors and images
//! from growing for ever. Blocked and abandoned builds need no sweep: the worker's own look finds them.

use crate::app::App;
use crate::collect::collect;
use crate::db;
use crate::disk::used_percent;
use service::health::Health;
use service::pressure::Collections;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often readiness is looked at.
const LOOK: Duration = Duration::from_secs(5);
/// Looks between two clean-ups.
const CLEAN_EVERY: u32 = 12 * 60;
/// Days for which a content that no build used is remembered.
const CONTENT_DAYS: i32 = 90;

/// Looks and cleans until `cancel`.
pub async fn run(app: &Arc<App>, health: &Health, cancel: CancellationToken) {
    let mut looks: u32 = 0;
    let mut collections = Collections::measured(health.metrics());
    loop {
        report(app, health).await;
        let every = app.config.collect_every;
        if collections.is_due(used(app).await, every) {
            let app = Arc::clone(app);
            let tasks = app.tasks.clone();
            tasks.spawn(async move { collect_left(&app).await });
        }
        if looks % CLEAN_EVERY == 1 {
            let app = Arc::clone(app);
            let tasks = app.tasks.clone();
            tasks.spawn(async move { clean(&app).await });
        }
        looks = looks.wrapping_add(1);
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Percent of the fullest disk that are in use.
async fn used(app: &App) -> u64 {
    let root = app.about().await.ok().and_then(|about| about.root.as_deref());
    used_percent([Some(app.config.data.as_path()), root].into_iter().flatten())
}

async fn collect_left(app: &App) {
    if let Err(error) = collect(app, true).await {
        tracing::warn!(error = service::chain(&error), "what builds left is not collected");
    }
}

async fn report(app: &App, health: &Health) {
    let postgres = sqlx::query_scalar!("select 1").fetch_one(&app.pool).await;
    health.report("postgres", postgres.map(drop).map_err(|error| error.to_string()));
    let connected = app.bus.is_connected();
    health.report("nats", connected.then_some(()).ok_or_else(|| "not connected".to_owned()));
    let engine = app.engine.ping().await;
    health.report("engine", engine.map_err(|error| service::chain(&error)));
}

async fn clean(app: &App) {
    let mirrors = app.mirrors.tidy().await;
    match rows(app).await {
        Ok(rows) => tracing::info!(rows, mirrors, "cleaned up"),
        Err(error) => tracing::warn!(%error, "could not clean up"),
    }
}

async fn rows(app: &App) -> Result<u64, sqlx::Error> {
    let logs = db::build_log::delete_older(&app.pool, db::build_log::KEPT_DAYS).await?;
    let images = db::image::forget_older(&app.pool, CONTENT_DAYS).await?;
    let checks = db::passed_check::forget_older(&app.pool, CONTENT_DAYS).await?;
    Ok(logs + images + checks)
}
