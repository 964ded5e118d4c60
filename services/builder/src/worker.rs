//! Claims builds and works on them, as many at once as there are slots. A build is held by a lease; a
//! builder that dies loses its builds to whoever claims next, and the same code starts them again.

use crate::app::App;
use crate::complete::{By, Ending, announce, complete, payload};
use crate::db;
use crate::db::waiting::Claimed;
use crate::failure::{Failure, Reason, Stop};
use crate::log::recorder::Recorder;
use crate::log::write::{PATIENCE as LOG_PATIENCE, Place};
use crate::run;
use events::EventType;
use service::{new_id, telemetry};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;
use uuid::Uuid;

/// How often the table is looked at without a wake-up.
const LOOK: Duration = Duration::from_secs(2);
/// How often a lease is renewed; also how soon a cancel in another process is felt.
const RENEW: Duration = Duration::from_secs(1);
/// Renewals that may fail in a row before the work is stopped: less than the lease.
const FAILURES: u32 = 4;
/// How often the worker of one build may go away before that is taken for the build's fault.
const ATTEMPTS: i32 = 5;
/// Seconds until what blocks a build is looked at again: a quarter of its age, within these.
const SHORTEST_WAIT: f64 = 2.0;
const LONGEST_WAIT: f64 = 60.0;
/// Seconds for which a build may be blocked in all.
const PATIENCE: f64 = 6.0 * 60.0 * 60.0;

/// Works until `cancel`.
pub async fn run(app: &Arc<App>, cancel: CancellationToken) {
    let owner = new_id();
    let slots = Arc::new(Semaphore::new(app.config.slots));
    let works = TaskTracker::new();
    while let Some(slot) = next_slot(&slots, &cancel).await {
        match claim(app, owner).await {
            Ok(Some(claimed)) => {
                let (app, cancel) = (Arc::clone(app), cancel.clone());
                works.spawn(async move {
                    work(&app, claimed, cancel).await;
                    drop(slot);
                    app.queue.notify_one();
                });
                continue;
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "could not look for builds"),
        }
        tokio::select! {
            () = cancel.cancelled() => break,
            () = app.queue.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    works.close();
    works.wait().await;
}

async fn next_slot(
    slots: &Arc<Semaphore>,
    cancel: &CancellationToken,
) -> Option<tokio::sync::OwnedSemaphorePermit> {
    tokio::select! {
        () = cancel.cancelled() => None,
        slot = Arc::clone(slots).acquire_owned() => slot.ok(),
    }
}

async fn claim(app: &App, owner: Uuid) -> Result<Option<Claimed>, sqlx::Error> {
    let mut transaction = app.pool.begin().await?;
    let claimed = db::waiting::claim(&mut transaction, owner).await?;
    if let Some(claimed) = claimed.as_ref().filter(|claimed| !claimed.again) {
        let said = payload(&claimed.identity, Vec::new());
        announce(app, &mut transaction, EventType::BuildStarted, &said).await?;
    }
    transaction.commit().await?;
    if claimed.is_some() {
        app.outbox.notify_one();
    }
    Ok(claimed)
}

/// Works on one build to its end, or until it is lost.
async fn work(app: &Arc<App>, claimed: Claimed, cancel: CancellationToken) {
    let span = tracing::info_span!(
        "build",
        otel.name = format!("build {}", claimed.identity.app),
        build.id = %claimed.identity.id,
        slipway.app = %claimed.identity.app,
        vcs.ref.head.name = claimed.identity.git_ref.name(),
        vcs.ref.head.revision = %claimed.identity.commit,
        trace_id = tracing::field::Empty,
    );
    if let Some(traceparent) = &claimed.traceparent {
        telemetry::continue_from(&span, traceparent);
    }
    async {
        if let Err(error) = work_recorded(app, &claimed, cancel).await {
            // The lease runs out, and the build is claimed again.
            tracing::warn!(%error, build.id = %claimed.identity.id, "a build could not be recorded");
        }
    }
    .instrument(span)
    .await;
}

async fn work_recorded(
    app: &Arc<App>,
    claimed: &Claimed,
    cancel: CancellationToken,
) -> Result<(), sqlx::Error> {
    let id = claimed.identity.id;
    let place = Place {
        pool: app.pool.clone(),
        bus: app.bus.clone(),
        hints: app.hints.clone(),
        patience: LOG_PATIENCE,
    };
    let (recorder, writing) = Recorder::start(id, place, app.clock.clone()).await?;
    let (stopped, started) = (app.running.begin(claimed.key()), Instant::now());
    let ended = tokio::select! {
        ended = attempt(app, claimed, &recorder) => ended,
        () = stopped.cancelled() => Err(Stop::Lost),
        () = lose_lease(app, claimed) => Err(Stop::Lost),
        () = cancel.cancelled() => {
            recorder.line("the builder stops; another one goes on with this build");
            db::waiting::give_back(&app.pool, claimed.key()).await?;
            Err(Stop::Lost)
        }
    };
    app.counts.worked(started.elapsed().as_secs_f64());
    let judgement = judge(claimed, &recorder, ended);
    drop(recorder);
    writing.end().await;
    if let Some(judgement) = judgement {
        conclude(app, claimed, judgement).await?;
    }
    app.running.end(claimed.key());
    app.hints.give();
    Ok(())
}

async fn attempt(
    app: &Arc<App>,
    claimed: &Claimed,
    recorder: &Recorder,
) -> Result<run::product::Product, Stop> {
    if claimed.attempt >= ATTEMPTS {
        let message = format!("the builder ended {ATTEMPTS} times while it worked on this build");
        return Err(Stop::failed(Reason::Interrupted, message));
    }
    if claimed.attempt > 0 {
        recorder.line("the builder that worked on this is gone; starting again");
    }
    let limit = app.config.timeout;
    tokio::time::timeout(limit, run::run(app, claimed, recorder)).await.unwrap_or_else(|_elapsed| {
        let message = format!("the build did not end within {} minutes", limit.as_secs() / 60);
        Err(Stop::failed(Reason::BuildTimeout, message))
    })
}

/// Returns once the lease is lost.
async fn lose_lease(app: &App, claimed: &Claimed) {
    let mut failures = 0;
    while failures < FAILURES {
        tokio::time::sleep(RENEW).await;
        match db::waiting::renew(&app.pool, claimed.key()).await {
            Ok(true) => failures = 0,
            Ok(false) => return,
            Err(error) => {
                failures += 1;
                tracing::warn!(%error, build.id = %claimed.identity.id, "could not renew the lease of a build");
            }
        }
    }
}

/// What becomes of a build that was worked on; nothing when it is no longer ours.
fn judge(
    claimed: &Claimed,
    recorder: &Recorder,
    ended: Result<run::product::Product, Stop>,
) -> Option<Judgement> {
    let failure = match ended {
        Ok(product) => return Some(Judgement::Ends(Ending::Succeeded(product))),
        Err(Stop::Lost) => return None,
        Err(Stop::Cancelled(failure)) => {
            let failure = recorder.shown(failure);
            recorder.line(&failure.message);
            return Some(Judgement::Ends(Ending::Cancelled(failure)));
        }
        Err(Stop::Skipped(failure)) => {
            let failure = recorder.shown(failure);
            recorder.line(&failure.message);
            return Some(Judgement::Ends(Ending::Skipped(failure)));
        }
        Err(Stop::Blocked(failure)) if claimed.age < PATIENCE => {
            let failure = recorder.shown(failure);
            recorder.line(format!("waiting: {}: {}", failure.reason, failure.message));
            return Some(Judgement::Waits(failure));
        }
        Err(Stop::Failed(failure) | Stop::Blocked(failure)) => failure,
    };
    let failure = recorder.shown(failure);
    recorder.line(format!("{}: {}", failure.reason, failure.message));
    Some(Judgement::Ends(Ending::Failed(failure, recorder.tail())))
}

enum Judgement {
    Ends(Ending),
    Waits(Failure),
}

async fn conclude(app: &App, claimed: &Claimed, judgement: Judgement) -> Result<(), sqlx::Error> {
    let (id, epoch) = claimed.key();
    match judgement {
        Judgement::Ends(ending) => complete(app, id, By::Worker(epoch), ending).await.map(drop),
        Judgement::Waits(failure) => {
            let pause = (claimed.age / 4.0).clamp(SHORTEST_WAIT, LONGEST_WAIT);
            db::waiting::block(&app.pool, claimed.key(), &failure, pause).await
        }
    }
}
