//! Sends what waits: several sinks at a time, one notification per sink. A sink is claimed with its notification
//! for a minute; who is killed meanwhile leaves it to the next. What arrived and was not recorded comes twice.

use super::schedule;
use super::send::{NotSent, send};
use crate::app::App;
use crate::db::notification::{self, Claim, Failure};
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
/// The pause after a database or a deployer that did not answer.
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
    let Claim { sink, sink_name, notification, attempts } = claim;
    let (of, id) = (&notification.app, notification.id);
    let sent = send(app, &sink, &notification).await;
    let recorded = match &sent {
        Ok(()) => notification::sent(&app.pool, id, attempts).await,
        Err(NotSent::Gone) => {
            sink::disable(&app.pool, of, &sink_name, &NotSent::Gone.to_string()).await
        }
        Err(error) => {
            let said = service::chain(error);
            let failure = failure(error, &said, (attempts, rand::random()));
            notification::failed(&app.pool, id, attempts, &failure).await
        }
    };
    match sent {
        Ok(()) => {
            tracing::info!(app = %of, sink = sink_name, notification.id = %id, "a notification arrived");
        }
        Err(error) => tracing::warn!(
            app = %of, sink = sink_name, notification.id = %id, attempts,
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

/// What follows from an attempt, the last of `attempts`, that failed as is `said`; `jitter` between 0 and 1.
fn failure<'a>(error: &NotSent, said: &'a str, (attempts, jitter): (i32, f64)) -> Failure<'a> {
    if matches!(error, NotSent::Away) {
        // Our own are back soon, and the receiver was not asked.
        let pause = Some(ANEW);
        return Failure { error: said, pause, sink_pause: pause, is_attempt: false };
    }
    let pause = schedule::pause(attempts, jitter);
    let pause = pause.map(|pause| pause.max(error.pause().unwrap_or_default()));
    Failure { error: said, pause, sink_pause: error.pause(), is_attempt: true }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    /// The pauses of notification and sink in seconds, and whether it was an attempt.
    fn after(error: &NotSent, attempts: i32) -> (Option<u64>, Option<u64>, bool) {
        let Failure { pause, sink_pause, is_attempt, .. } = failure(error, "", (attempts, 0.0));
        let seconds = |pause: Option<Duration>| pause.map(|pause| pause.as_secs());
        (seconds(pause), seconds(sink_pause), is_attempt)
    }

    fn refused(pause: Option<Duration>) -> NotSent {
        NotSent::Refused { status: StatusCode::SERVICE_UNAVAILABLE, said: String::new(), pause }
    }

    #[test]
    fn a_receiver_that_refuses_is_tried_on_the_schedule_and_when_it_says() {
        assert_eq!(after(&refused(None), 2), (Some(300), None, true));
        let pause = Duration::from_mins(10);
        assert_eq!(after(&refused(Some(pause)), 2), (Some(600), Some(600), true));
        assert_eq!(after(&NotSent::Secrets, 10), (None, None, true));
    }

    #[test]
    fn a_deployer_that_is_away_uses_up_no_attempt() {
        for attempts in [1, 10] {
            assert_eq!(after(&NotSent::Away, attempts), (Some(2), Some(2), false));
        }
    }
}
