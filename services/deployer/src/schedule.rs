//! Finds releases that are due and drives each in a task of its own. Woken at once by what happens in
//! this process, and every few seconds by the clock, for what happened elsewhere or was left by a crash.

use crate::app::App;
use crate::db::claim::{self, Claimed, Lease};
use crate::drive::{DriveError, drive, let_go};
use crate::restored;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Releases claimed at once.
const BATCH: i64 = 16;
/// Longest pause between two looks.
const SWEEP: Duration = Duration::from_secs(5);

/// Drives what is due until `cancel`; then lets running effects go, which the next start does again.
pub(crate) async fn run(app: App, cancel: CancellationToken) {
    restored::catch_up_first(&app, &cancel).await;
    let tasks = TaskTracker::new();
    while !cancel.is_cancelled() {
        let claimed = match claim::claim_due(&app.pool, app.owner, BATCH).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::warn!(%error, "due releases cannot be claimed");
                Vec::new()
            }
        };
        app.metrics.taken_over(claimed.iter().filter(|claimed| claimed.taken_over).count());
        for Claimed { lease, .. } in claimed {
            tasks.spawn(drive_claimed(app.clone(), lease, cancel.clone()));
        }
        let due = claim::next_due(&app.pool).await.ok().flatten();
        let pause = due.map_or(SWEEP, |seconds| Duration::from_secs_f64(seconds.clamp(0.02, 5.0)));
        tokio::select! {
            () = cancel.cancelled() => {}
            () = app.due.notified() => {}
            () = tokio::time::sleep(pause.min(SWEEP)) => {}
        }
    }
    tasks.close();
    tasks.wait().await;
}

async fn drive_claimed(app: App, lease: Lease, cancel: CancellationToken) {
    let _driving = app.metrics.driving();
    let driven = tokio::select! {
        driven = AssertUnwindSafe(drive(&app, lease)).catch_unwind() => driven,
        () = cancel.cancelled() => {
            // Another driver, or the next start of this one, need not wait for the lease to end.
            if let Err(error) = let_go(&app, lease, Some(Duration::ZERO)).await {
                tracing::warn!(release.id = %lease.release, error = service::chain(&error), "the lease ends by itself");
            }
            return;
        }
    };
    match driven {
        Ok(Ok(())) => {}
        Ok(Err(DriveError::Lost)) => {
            tracing::info!(release.id = %lease.release, "another driver has the release");
        }
        Ok(Err(error)) => {
            tracing::error!(release.id = %lease.release, error = service::chain(&error), "the driver lets go");
        }
        Err(_) => tracing::error!(release.id = %lease.release, "the driver panicked"),
    }
    app.due.notify_one();
}
