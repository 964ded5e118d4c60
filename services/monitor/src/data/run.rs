//! Looks at the clock once a minute, and sooner when another release lives: where are data compared, what with, and
//! whose time has come.

use super::{check, refer, tidy, truth, worse};
use crate::app::App;
use crate::{db, learn};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Schedules count in minutes.
const LOOK: Duration = Duration::from_mins(1);
/// How often files and rows that are old go.
const TIDY: Duration = Duration::from_hours(1);
/// How long counts are kept: a month can be compared with a month.
const COUNTS: Duration = Duration::from_hours(24 * 62);
/// How long verdicts, and how good models were, are kept: trends are of a year.
const VERDICTS: Duration = Duration::from_hours(24 * 400);

/// Looks until `cancel`.
pub(crate) async fn run(app: Arc<App>, cancel: CancellationToken) {
    let mut tidy_at = Instant::now();
    while !cancel.is_cancelled() {
        look(&app).await;
        if Instant::now() >= tidy_at {
            clear(&app).await;
            tidy_at = Instant::now() + TIDY;
        }
        tokio::select! {
            () = cancel.cancelled() => {}
            () = tokio::time::sleep(LOOK) => {}
            () = app.another_lives.notified() => {}
        }
    }
}

async fn look(app: &App) {
    match learn::places(app).await {
        Ok(places) => {
            for place in places {
                if let Err(error) = refer::keep(app, &place).await {
                    tracing::warn!(%place, error = service::chain(&error), "what is compared with is not known yet");
                }
            }
        }
        Err(error) => tracing::warn!(%error, "it is not known where data are compared"),
    }
    compare(app).await;
    worse::look(app).await;
}

/// Compares where the time has come.
pub(super) async fn compare(app: &App) {
    let due = match db::data_watch::due(&app.pool).await {
        Ok(due) => due,
        Err(error) => {
            tracing::warn!(%error, "it is not known what is due");
            return;
        }
    };
    for (place, at) in due {
        if let Err(error) = check::on_schedule(app, &place, at).await {
            tracing::warn!(%place, error = service::chain(&error), "data are compared later");
        }
    }
}

async fn clear(app: &App) {
    for forgotten in [
        db::summary::forget(&app.pool, COUNTS).await,
        db::data_verdict::forget(&app.pool, VERDICTS).await,
        db::quality::forget(&app.pool, VERDICTS).await,
        db::prediction::forget(&app.pool, truth::KEPT, truth::MOST).await,
    ] {
        if let Err(error) = forgotten {
            tracing::debug!(%error, "what is old stays for now");
        }
    }
    let (samples, now) = (app.samples.clone(), app.clock.now());
    let tidied = tokio::task::spawn_blocking(move || tidy::tidy(&samples, now)).await;
    if let Ok(Err(error)) = tidied {
        tracing::warn!(%error, "files of captured requests stay for now");
    }
}
