//! Bounds of what is kept of deliveries, notifications and reports: by age, and by the size of all bodies. The row of a delivery whose
//! body went still recognises a redelivery.

use crate::app::App;
use crate::db::{delivery, notification, report};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_mins(10);
const BATCH: i64 = 1_000;

/// Sweeps until `cancel`.
pub(crate) async fn run(app: App, cancel: CancellationToken) {
    loop {
        if let Err(error) = sweep(&app).await {
            tracing::warn!(error = service::chain(&error), "old deliveries stay for now");
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Deletes what is too old and drops bodies that are too many.
async fn sweep(app: &App) -> Result<(), sqlx::Error> {
    let mut rows = 0;
    loop {
        let gone = delivery::delete_old(&app.pool, app.config.delivery_days, BATCH).await?;
        rows += gone;
        if gone == 0 {
            break;
        }
    }
    let bodies = delivery::drop_bodies(&app.pool, app.config.delivery_bytes).await?;
    while notification::delete_old(&app.pool, app.config.delivery_days, BATCH).await? > 0 {}
    while report::delete_old(&app.pool, app.config.delivery_days, BATCH).await? > 0 {}
    if rows + bodies > 0 {
        tracing::info!(rows, bodies, "old deliveries are gone");
    }
    Ok(())
}
