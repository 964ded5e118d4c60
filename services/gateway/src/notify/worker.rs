//! Sends what waits: several sinks at a time, one notification per sink. A sink is claimed with its notification
//! for a minute; who is killed meanwhile leaves it to the next. What arrived and was not recorded comes twice.

use super::schedule;
use super::send::{NotSent, send};
use crate::app::App;
use crate::db::notification::{self, Claim};
use crate::db::sink;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Sinks that are sent to at the same time.
const TOGETHER: usize = 8;
/// The longest sleep; what is written wakes, and what is due is slept for.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// The pause after a database that did not answer.
const ANEW: Duration = Duration::from_secs(2);

/// Sends until `cancel`, and ends what it began.
pub(crate) async fn run(app: App, cancel: CancellationToken) {
    let (slots, tasks) = (Arc::new(Semaphore::new(TOGETHER)), TaskTracker::new());
    while !cancel.is_cancelled() {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        let sleep = match notification::claim(&app.pool).await {
            Ok(Some(claim)) => {
                let app = app.clone();
                tasks.spawn(async move {
                    attempt(&app, claim).await;
                    app.notifying.notify_one();
                    drop(slot);
                });
                continue;
            }
            Ok(None) => until_due(&app).await,
            Err(error) => {
                tracing::warn!(error = service::chain(&error), "notifications wait");
                ANEW
            }
        };
        drop(slot);
        tokio::select! {
            () = cancel.cancelled() => {}
            () = app.notifying.notified() => {}
            () = tokio::time::sleep(sleep) => {}
        }
    }
    tasks.close();
    tasks.wait().await;
}

async fn until_due(app: &App) -> Duration {
    match notification::due_in(&app.pool).await {
        Ok(Some(seconds)) => Duration::from_secs_f64(seconds.max(0.05)).min(LONGEST_SLEEP),
        Ok(None) => LONGEST_SLEEP,
        Err(_) => ANEW,
    }
}

async fn attempt(app: &App, claim: Claim) {
    let Claim { sink, notification, attempts } = claim;
    let (of, id) = (&notification.app, notification.id);
    let sent = send(app, &sink, &notification).await;
    let recorded = match &sent {
        Ok(()) => notification::sent(&app.pool, id, attempts).await,
        Err(NotSent::Gone) => {
            sink::disable(&app.pool, of, &sink.name(), &NotSent::Gone.to_string()).await
        }
        Err(error) => {
            let pause = schedule::pause(attempts, rand::random());
            let pause = pause.map(|pause| pause.max(error.pause().unwrap_or_default()));
            let failure = notification::Failure {
                error: &service::chain(error),
                pause,
                sink_pause: error.pause(),
            };
            notification::failed(&app.pool, id, attempts, &failure).await
        }
    };
    match sent {
        Ok(()) => {
            tracing::info!(app = %of, sink = sink.name(), notification.id = %id, "a notification arrived");
        }
        Err(error) => tracing::warn!(
            app = %of, sink = sink.name(), notification.id = %id, attempts,
            error = service::chain(&error), "a notification did not arrive"
        ),
    }
    if let Err(error) = recorded {
        tracing::warn!(
            error = service::chain(&error),
            "what became of a notification is not recorded"
        );
    }
}
