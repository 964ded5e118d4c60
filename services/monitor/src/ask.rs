//! Asks instances whether they live, and has those restarted that do not: Docker does not. Never while a
//! release moves, and never two of a service at a time.

use crate::app::App;
use crate::db::liveness::Seat;
use crate::db::repair::{Kind, Repair};
use crate::db::verdict::Verdict;
use crate::expected::Instance;
use crate::liveness::{Answer, Record};
use crate::place::Place;
use crate::policy::LiveProbe;
use crate::repair::{self, Asked};
use crate::{db, say};
use events::{InstanceId, ReleaseId};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often it is looked whether somebody is to be asked.
const TICK: Duration = Duration::from_millis(500);
/// How often it is read who has a question; a repair is refused while a release moves, whatever was read.
const READ: Duration = Duration::from_secs(1);

/// When each instance is asked next; one that is being asked is not.
type Schedule = Arc<Mutex<HashMap<InstanceId, Option<Instant>>>>;

/// One that is asked.
#[derive(Debug, Clone)]
struct Patient {
    place: Place,
    release: ReleaseId,
    instance: Instance,
    probe: LiveProbe,
}

impl Patient {
    fn seat(&self) -> Seat {
        (self.instance.service.clone(), self.instance.replica)
    }
}

/// Asks until `cancel`.
pub(crate) async fn run(app: Arc<App>, cancel: CancellationToken) {
    let (tasks, schedule) = (TaskTracker::new(), Schedule::default());
    let (mut patients, mut read) = (Vec::new(), None);
    while !cancel.is_cancelled() {
        if read.is_none_or(|at: Instant| at.elapsed() >= READ) {
            patients = self::patients(&app).await.unwrap_or_default();
            read = Some(Instant::now());
            schedule.lock().retain(|id, _| patients.iter().any(|it| it.instance.id == *id));
        }
        for patient in patients.iter().filter(|patient| is_due(&schedule, patient)).cloned() {
            let (app, schedule, cancel) = (Arc::clone(&app), Arc::clone(&schedule), cancel.clone());
            tasks.spawn(async move {
                tokio::select! { () = examine(&app, &patient) => {}, () = cancel.cancelled() => {} }
                let next = Instant::now() + patient.probe.period();
                schedule.lock().insert(patient.instance.id, Some(next));
            });
        }
        tokio::select! { () = cancel.cancelled() => {}, () = tokio::time::sleep(TICK) => {} }
    }
    tasks.close();
    tasks.wait().await;
}

/// Whether `patient` is to be asked now; then it counts as being asked.
fn is_due(schedule: &Schedule, patient: &Patient) -> bool {
    let mut schedule = schedule.lock();
    let now = Instant::now();
    let entry = schedule.entry(patient.instance.id).or_insert(Some(now));
    let due = entry.is_some_and(|at| at <= now);
    if due {
        *entry = None;
    }
    due
}

/// Everyone who has a question of liveness, where no release moves.
async fn patients(app: &App) -> Result<Vec<Patient>, sqlx::Error> {
    let verdicts = db::verdict::all(&app.pool).await?;
    let asked = |verdict: &Verdict| !verdict.moving && !verdict.policy.live.is_empty();
    let mut patients = Vec::new();
    for verdict in verdicts.into_iter().filter(asked) {
        let Some(release) = verdict.release else { continue };
        for remembered in db::instance::of(&app.pool, &verdict.place).await? {
            let instance = remembered.instance;
            if let Some(probe) = verdict.policy.live.get(&instance.service).copied() {
                patients.push(Patient { place: verdict.place.clone(), release, instance, probe });
            }
        }
    }
    Ok(patients)
}

async fn examine(app: &App, patient: &Patient) {
    let done = match repair::hear(app, &patient.place).await {
        // What is being repaired is not asked.
        Ok((open, _)) if open.iter().any(|it| it.instance == patient.instance.id) => return,
        Ok(_) => ask(app, patient).await,
        Err(error) => Err(error),
    };
    if let Err(error) = done {
        tracing::warn!(instance.id = %patient.instance.id, %error, "an answer of an instance is lost");
    }
}

async fn ask(app: &App, patient: &Patient) -> Result<(), sqlx::Error> {
    let answer = match app.owner.probe(patient.release, patient.instance.id).await {
        // One that does not run is the engine's to start, and a difference to be told.
        Ok(answer) if !answer.running => return Ok(()),
        Ok(answer) => answer,
        Err(error) => {
            tracing::debug!(instance.id = %patient.instance.id, error = service::chain(&error), "not asked");
            return Ok(());
        }
    };
    let age = answer.age.as_ref().and_then(proto::time::from_duration).unwrap_or_default();
    let answer =
        Answer { good: answer.good, counts: age >= patient.probe.grace(), message: answer.answer };
    app.metrics.asked(answer.good);
    let (seat, now) = (patient.seat(), app.clock.now());
    let before = db::liveness::of(&app.pool, &patient.place).await?.remove(&seat);
    let is_known = before.is_some();
    let before = before.unwrap_or_default();
    let after = before.clone().answered(answer, patient.probe.failures, app.restart, now);
    if before.next_restart.is_none() && after.next_restart.is_some() {
        told_unhealthy(app, patient, &after).await?;
    }
    if after.is_due(now) {
        return restart(app, patient, after).await;
    }
    if !is_known || after != before {
        db::liveness::keep(&app.pool, &patient.place, &seat, &after).await?;
    }
    Ok(())
}

async fn told_unhealthy(app: &App, patient: &Patient, record: &Record) -> Result<(), sqlx::Error> {
    let reason =
        if record.state == crate::liveness::State::CrashLoop { "CRASH_LOOP" } else { "UNHEALTHY" };
    let name = &patient.instance.container_name;
    let message = format!(
        "container {name} does not live: {} bad answers in a row, {} restarts so far, the last answer was {}",
        record.failures, record.restarts, record.message
    );
    tracing::warn!(instance.id = %patient.instance.id, reason, message, "an instance does not live");
    let mut connection = app.pool.acquire().await?;
    let whose = (&patient.place, patient.release, &patient.instance);
    say::unhealthy(app, &mut connection, whose, (reason, message)).await?;
    app.relay.notify_one();
    Ok(())
}

async fn restart(app: &App, patient: &Patient, record: Record) -> Result<(), sqlx::Error> {
    let now = app.clock.now();
    let written = Repair {
        id: service::new_id(),
        place: patient.place.clone(),
        kind: Kind::Restart,
        service: patient.instance.service.clone(),
        replica: patient.instance.replica,
        instance: patient.instance.id,
        release: patient.release,
        fingerprint: "LIVENESS".to_owned(),
        message: record.message.clone(),
        started_at: now,
    };
    let seat = patient.seat();
    let mut transaction = app.pool.begin().await?;
    db::repair::begin(&mut transaction, &written).await?;
    let restarting = record.clone().restarting(now);
    db::liveness::keep(&mut *transaction, &patient.place, &seat, &restarting).await?;
    transaction.commit().await?;
    if let Asked::Refused(reason, why) = repair::ask(app, &written).await? {
        // It was not restarted, so that it does not count; the next bad answer asks again.
        tracing::info!(instance.id = %patient.instance.id, reason, why, "not restarted now");
        db::liveness::keep(&app.pool, &patient.place, &seat, &record).await?;
    }
    Ok(())
}
