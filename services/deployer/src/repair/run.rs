//! Performs the repairs that are written, one after the other per service, whoever began them.

use super::{Kind, Repair, replace, restart};
use crate::app::App;
use crate::db::repair;
use crate::perform::Outcome;
use ::release::Failure;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// Longest pause between two looks for repairs that a crash left: with the lease less than ten seconds until work goes on.
const SWEEP: Duration = Duration::from_secs(3);
/// How often it is said that a repair is being performed.
const BEAT: Duration = Duration::from_secs(1);
/// Pause before what could not be done now is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// A repair that cannot be done for so long is given up; who asked asks again.
const LIMIT: chrono::TimeDelta = chrono::TimeDelta::minutes(15);
/// How long it is known what was repaired.
const KEPT: Duration = Duration::from_hours(24 * 30);

/// Performs repairs until `cancel`; what goes on then is done again by the next start.
pub(crate) async fn run(app: App, cancel: CancellationToken) {
    let tasks = TaskTracker::new();
    let mut nudges = app.nudges.subscribe();
    while !cancel.is_cancelled() {
        // A name of its own for each claim: who comes back after its lease is not who has it now.
        let owner = service::new_id();
        match repair::claim(&app.pool, owner).await {
            Ok(Some(claimed)) => {
                tasks.spawn(perform(app.clone(), owner, claimed, cancel.clone()));
                continue;
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "repairs cannot be claimed"),
        }
        if let Err(error) = repair::forget(&app.pool, KEPT).await {
            tracing::debug!(%error, "old repairs stay for now");
        }
        tokio::select! {
            () = cancel.cancelled() => {}
            _ = nudges.recv() => {}
            () = tokio::time::sleep(SWEEP) => {}
        }
    }
    tasks.close();
    tasks.wait().await;
}

async fn perform(app: App, owner: Uuid, claimed: Repair, cancel: CancellationToken) {
    let id = claimed.id;
    tokio::select! {
        () = until_ended(&app, claimed) => {}
        () = until_lost(&app, id, owner) => tracing::info!(repair.id = %id, "somebody else has the repair"),
        () = cancel.cancelled() => {
            if let Err(error) = repair::let_go(&app.pool, id, owner).await {
                tracing::warn!(repair.id = %id, %error, "the lease ends by itself");
            }
        }
    }
    app.changed();
}

async fn until_lost(app: &App, id: Uuid, owner: Uuid) {
    loop {
        tokio::time::sleep(BEAT).await;
        if let Ok(false) = repair::beat(&app.pool, id, owner).await {
            return;
        }
    }
}

async fn until_ended(app: &App, claimed: Repair) {
    let mut current = claimed;
    loop {
        let outcome = match current.kind {
            Kind::Replace => replace::replace(app, &current).await,
            Kind::Restart => restart::restart(app, &current).await,
        };
        let outcome = outcome.map_or_else(|stop| stop, Outcome::Done);
        let id = current.id;
        match repair::get(&app.pool, id).await {
            Ok(Some(fresh)) => current = fresh,
            Ok(None) => return,
            // Nothing is lost: the row says what is to do.
            Err(error) => tracing::warn!(repair.id = %id, %error, "the repair cannot be read"),
        }
        if settle(app, &current, outcome).await {
            return;
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Ends the repair if it can be; false when it is to be tried again.
async fn settle(app: &App, repair: &Repair, outcome: Outcome) -> bool {
    let failure = match outcome {
        Outcome::Done(message) => return end(app, repair, None, &message).await,
        Outcome::Failed(failure) => *failure,
        Outcome::Again(why) if app.clock.now() - repair.created_at > LIMIT => {
            Failure::new("REPAIR_TIMEOUT", why)
        }
        Outcome::Again(why) | Outcome::Undecided(why) => {
            tracing::warn!(repair.id = %repair.id, why, "the repair is tried again");
            return false;
        }
    };
    if !repair.swapped {
        let undone = match repair.kind {
            Kind::Replace => replace::undo(app, repair).await,
            Kind::Restart => restart::undo(app, repair).await,
        };
        if let Err(Outcome::Again(why)) = undone {
            tracing::warn!(repair.id = %repair.id, why, "what was there cannot be put back yet");
            return false;
        }
    }
    end(app, repair, Some(&failure.reason), &failure.message).await
}

async fn end(app: &App, done: &Repair, reason: Option<&str>, message: &str) -> bool {
    let (kind, reason_text) = (done.kind.as_str(), reason.unwrap_or("DONE"));
    tracing::info!(repair.id = %done.id, instance.id = %done.instance, kind, reason = reason_text, message, "a repair ended");
    match repair::end(&app.pool, done.id, reason, message).await {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(repair.id = %done.id, %error, "the end of a repair cannot be written");
            false
        }
    }
}
