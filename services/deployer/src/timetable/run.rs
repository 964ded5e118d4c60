//! Takes the times that are due: each in one transaction with its errand and the next time, so that several deployers
//! and any crash take each once.

use super::keep::keep_all;
use super::take::{Open, Policy, skipped};
use crate::app::App;
use crate::db::errand::{self, NewErrand};
use crate::db::timetable::{self, Due};
use crate::db::{release, run};
use crate::job::Kind;
use events::{PrincipalName, RunId};
use manifest::{Missed, Overlap};
use service::fail_point::reach;
use sqlx::PgConnection;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Time between two looks: schedules count in minutes.
const LOOK: Duration = Duration::from_secs(5);

/// Takes what is due until `cancel`.
pub(crate) async fn run(app: App, cancel: CancellationToken) {
    let mut is_kept = false;
    while !cancel.is_cancelled() {
        match look(&app, &mut is_kept).await {
            Ok(0) => {}
            Ok(_) => app.changed(),
            Err(error) => tracing::warn!(%error, "what is due by the clock cannot be taken"),
        }
        tokio::select! {
            () = cancel.cancelled() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Takes all that is due; how many.
async fn look(app: &App, is_kept: &mut bool) -> Result<usize, sqlx::Error> {
    if !*is_kept {
        keep_all(&app.pool).await?;
        *is_kept = true;
    }
    let mut taken = 0;
    loop {
        let mut transaction = app.pool.begin().await?;
        let Some(due) = timetable::due(&mut transaction).await? else { return Ok(taken) };
        cut("before_effect").await?;
        take(&mut transaction, &due).await?;
        cut("effect_done").await?;
        transaction.commit().await?;
        cut("recorded").await?;
        taken += 1;
    }
}

/// Where a test can cut who takes a time.
async fn cut(place: &str) -> Result<(), sqlx::Error> {
    reach(|| format!("deployer.timetable.{place}")).await.map_err(sqlx::Error::from)
}

/// One time becomes an errand, or is skipped; all that passed until now with it.
async fn take(connection: &mut PgConnection, due: &Due) -> Result<(), sqlx::Error> {
    let place = (&due.app, &due.environment);
    let found = release::get(&mut *connection, due.release).await?;
    let job = found.as_ref().and_then(|release| release.content.resolved.jobs.get(&due.job));
    let Some(job) = job else { return timetable::remove(connection, place, &due.job).await };
    let new = NewErrand {
        id: RunId::new(service::new_id()),
        app: &due.app,
        environment: &due.environment,
        release: due.release,
        job: &due.job,
        kind: Kind::Schedule,
        arguments: &[],
        slot: Some(due.next_at),
        asked_by: &PrincipalName::slipway(),
        why: "",
    };
    let policy = Policy {
        overlap: job.overlap.unwrap_or(Overlap::Skip),
        missed: job.missed.unwrap_or(Missed::Once),
    };
    let open = open(&mut *connection, due).await?;
    let why = skipped(policy, (due.next_at, due.now), open);
    if errand::add(&mut *connection, &new).await?
        && let Some(why) = &why
    {
        errand::skip(&mut *connection, new.id, why).await?;
    }
    timetable::go_on(connection, due, job.due_after(due.now)).await
}

async fn open(connection: &mut PgConnection, due: &Due) -> Result<Open, sqlx::Error> {
    let place = (&due.app, &due.environment);
    let runs = run::is_open(&mut *connection, place, &due.job).await?;
    let waiting = errand::is_waiting(&mut *connection, place, &due.job).await?;
    Ok(match (waiting, runs) {
        (true, _) => Open::Waiting,
        (false, true) => Open::Running,
        (false, false) => Open::Nothing,
    })
}
