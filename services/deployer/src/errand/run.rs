//! Carries out the errands that are written, whoever wrote them. A lease says whose each is; who lost it sends nothing
//! more, so that a job is started once.

use super::Errand;
use crate::app::App;
use crate::db::claim::LEASE;
use crate::db::release::Release;
use crate::db::run::Run;
use crate::db::{errand, release, run};
use crate::job::{Due, Order, carry_out, never_began};
use crate::perform::Outcome;
use crate::tenure::Tenure;
use ::release::Failure;
use chrono::TimeDelta;
use service::fail_point::reach;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Longest pause between two looks for errands that a crash left: with the lease less than ten seconds until work goes on.
const SWEEP: Duration = Duration::from_secs(3);
/// How often it is said that an errand is being carried out.
const BEAT: Duration = Duration::from_secs(1);
/// Pause before what could not be done now is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// What could not begin for so long never does: a job may take a day at most, and only one runs at a time.
const LONGEST: TimeDelta = TimeDelta::hours(25);
/// How long it is known what ran.
const KEPT: Duration = Duration::from_hours(24 * 30);

/// Carries errands out until `cancel`; what goes on then is taken up by the next start.
pub(crate) async fn run(app: App, cancel: CancellationToken) {
    let tasks = TaskTracker::new();
    let mut nudges = app.nudges.subscribe();
    while !cancel.is_cancelled() {
        // By the time of the question: what is answered late is not held for as long.
        let (owner, asked) = (service::new_id(), Instant::now());
        match errand::claim(&app.pool, owner).await {
            Ok(Some(claimed)) => {
                tasks.spawn(perform(app.clone(), claimed, asked, cancel.clone()));
                continue;
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "errands cannot be claimed"),
        }
        expire(&app).await;
        forget(&app).await;
        tokio::select! {
            () = cancel.cancelled() => {}
            _ = nudges.recv() => {}
            () = tokio::time::sleep(SWEEP) => {}
        }
    }
    tasks.close();
    tasks.wait().await;
}

/// What nobody agreed to in time never begins.
async fn expire(app: &App) {
    let why = Failure::new("NOT_AGREED", "nobody agreed to it in time");
    match errand::expire(&app.pool, &why).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "nobody agreed to what drift asked for"),
        Err(error) => tracing::debug!(%error, "what nobody agreed to waits on for now"),
    }
}

async fn forget(app: &App) {
    // In this order: an errand without its run looks as if it never began.
    let forgotten = async {
        errand::forget(&app.pool, KEPT).await?;
        run::forget(&app.pool, KEPT).await
    };
    if let Err(error) = forgotten.await {
        tracing::debug!(%error, "old runs stay for now");
    }
}

async fn perform(app: App, claimed: Errand, asked: Instant, cancel: CancellationToken) {
    let id = claimed.id;
    let tenure = Tenure::since(asked);
    tokio::select! {
        ended = tenure.within(until_ended(&app, &claimed)) => {
            if ended.is_none() {
                tracing::info!(run.id = %id, "the errand was held for too long without a word");
            }
        }
        () = until_lost(&app, &claimed, &tenure) => {
            tracing::info!(run.id = %id, "somebody else has the errand");
        }
        () = cancel.cancelled() => {
            if let Err(error) = errand::let_go(&app.pool, &claimed).await {
                tracing::warn!(run.id = %id, %error, "the lease ends by itself");
            }
        }
    }
    app.changed();
}

async fn until_lost(app: &App, claimed: &Errand, tenure: &Tenure) {
    loop {
        tokio::time::sleep(BEAT).await;
        let sent = Instant::now();
        // A server that vanished answers nothing; then the tenure ends by itself.
        match tokio::time::timeout(LEASE, errand::beat(&app.pool, claimed)).await {
            Ok(Ok(true)) => tenure.renew(sent),
            Ok(Ok(false)) => return,
            Ok(Err(_)) | Err(_) => {}
        }
    }
}

async fn until_ended(app: &App, claimed: &Errand) {
    loop {
        let settled = match release::get(&app.pool, claimed.release).await {
            Ok(Some(release)) => attempt(app, &release, claimed).await,
            Ok(None) => return,
            Err(error) => Err(error),
        };
        match settled {
            Ok(true) => return,
            Ok(false) => {}
            // Nothing is lost: the rows say what is to do.
            Err(error) => tracing::warn!(run.id = %claimed.id, %error, "the errand is tried again"),
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// One attempt; true when the errand has ended.
async fn attempt(app: &App, release: &Release, claimed: &Errand) -> Result<bool, sqlx::Error> {
    let due = Due { job: claimed.job.clone(), kind: claimed.kind };
    let order = Order { release, due: &due, variables: &[], errand: Some(claimed) };
    cut("before_effect").await?;
    let why = match Box::pin(carry_out(app, &order)).await {
        Ok(Run { .. }) => return end(app, release, claimed, None).await,
        Err(Outcome::Failed(failure)) => *failure,
        Err(Outcome::Again(why) | Outcome::Done(why) | Outcome::Undecided(why)) => {
            tracing::info!(run.id = %claimed.id, job = %claimed.job, why, "the errand is tried again");
            if app.clock.now() - claimed.created_at < LONGEST {
                return Ok(false);
            }
            Failure::new("NOT_BEGUN", format!("it could not begin for a day: {why}"))
        }
    };
    // What began is ended by what its container came to, however long that is not known.
    if run::get(&app.pool, claimed.id).await?.is_some() {
        return Ok(false);
    }
    end(app, release, claimed, Some(&why)).await
}

/// The errand is over; `why` says that it never began.
async fn end(
    app: &App,
    release: &Release,
    claimed: &Errand,
    why: Option<&Failure>,
) -> Result<bool, sqlx::Error> {
    let mut transaction = app.pool.begin().await?;
    errand::end(&mut transaction, claimed, why).await?;
    if let Some(why) = why {
        never_began(app, &mut transaction, release, (claimed, why)).await?;
    }
    cut("effect_done").await?;
    transaction.commit().await?;
    cut("recorded").await?;
    Ok(true)
}

/// Where a test can make an errand fail.
async fn cut(place: &str) -> Result<(), sqlx::Error> {
    reach(|| format!("deployer.errand.{place}")).await.map_err(sqlx::Error::from)
}
