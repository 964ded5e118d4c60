//! Says what becomes of runs, in the transaction that makes it so.

use super::{Due, Ended, Order};
use crate::app::App;
use crate::db::release::Release;
use crate::db::run::Run;
use crate::errand::Errand;
use ::release::Failure;
use events::payload::RunV1;
use events::{EventId, EventType, PrincipalName, RunId};
use sqlx::PgConnection;

/// It begins.
pub(super) async fn started(
    app: &App,
    connection: &mut PgConnection,
    order: &Order<'_>,
    id: RunId,
) -> Result<(), sqlx::Error> {
    let payload = payload(order.release, id, order.due, order.asked_by());
    say(app, connection, order.release, EventType::RunStarted, payload).await
}

/// It ended.
pub(super) async fn finished(
    app: &App,
    connection: &mut PgConnection,
    release: &Release,
    (run, ended): (&Run, &Ended),
) -> Result<(), sqlx::Error> {
    let due = Due { job: run.job.clone(), kind: run.kind };
    let payload = RunV1 {
        state: ended.state.as_str().to_owned(),
        exit_code: ended.exit_code,
        reason: ended.reason.clone(),
        message: ended.reason.is_some().then(|| ended.message.clone()),
        ..payload(release, run.id, &due, &run.asked_by)
    };
    say(app, connection, release, EventType::RunFinished, payload).await
}

/// It never began, and never will.
pub(crate) async fn never_began(
    app: &App,
    connection: &mut PgConnection,
    release: &Release,
    (errand, why): (&Errand, &Failure),
) -> Result<(), sqlx::Error> {
    let due = Due { job: errand.job.clone(), kind: errand.kind };
    let payload = RunV1 {
        state: "skipped".to_owned(),
        reason: Some(why.reason.clone()),
        message: Some(why.message.clone()),
        ..payload(release, errand.id, &due, &errand.asked_by)
    };
    say(app, connection, release, EventType::RunFinished, payload).await
}

/// One that runs.
fn payload(release: &Release, run: RunId, due: &Due, by: &PrincipalName) -> RunV1 {
    RunV1 {
        run,
        app: release.app.clone(),
        environment: release.environment.clone(),
        job: due.job.clone(),
        kind: due.kind.as_str().to_owned(),
        release: release.id,
        number: release.number,
        state: "running".to_owned(),
        by: by.clone(),
        exit_code: None,
        reason: None,
        message: None,
    }
}

async fn say(
    app: &App,
    connection: &mut PgConnection,
    release: &Release,
    event_type: EventType,
    payload: RunV1,
) -> Result<(), sqlx::Error> {
    let identity = (EventId::new(service::new_id()), app.clock.now());
    let envelope = bus::envelope(crate::NAME, event_type, &release.app, &payload, identity);
    let envelope = envelope.map_err(|error| sqlx::Error::Encode(error.into()))?;
    pg::outbox::enqueue(connection, crate::NAME, &envelope).await
}
