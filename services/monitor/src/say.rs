//! What is told to others, through the outbox of the transaction in which it was found.

use crate::SERVICE;
use crate::app::App;
use crate::db::repair::Repair;
use crate::db::verdict::Verdict;
use crate::exit;
use crate::expected::Instance;
use crate::judge::Known;
use crate::observed::Exit;
use crate::place::Place;
use events::payload::{DriftKind, DriftV1, FindingV1, InstanceV1, Payload};
use events::{EventId, EventType, ReleaseId};
use manifest::DriftMode;
use sqlx::PgConnection;

/// Something differs that was not told yet; tells all that differs.
pub(crate) async fn detected(
    app: &App,
    connection: &mut PgConnection,
    verdict: &Verdict,
    known: &[Known],
) -> Result<(), sqlx::Error> {
    let Some(release) = release(verdict) else { return Ok(()) };
    let findings: Vec<FindingV1> =
        known.iter().filter(|known| known.counts()).map(finding).collect();
    for finding in &findings {
        tracing::warn!(
            app = %verdict.place.app,
            environment = %verdict.place.environment,
            release.id = %release,
            reason = finding.reason,
            detail = finding.message,
            "what runs is not what was released"
        );
    }
    let heals = verdict.policy.runtime.mode == DriftMode::Heal;
    let healing = heals && known.iter().filter(|known| known.counts()).all(Known::may_heal);
    let payload = DriftV1 { healing, ..drift(verdict, release, findings) };
    enqueue(app, connection, &verdict.place, EventType::DriftDetected, &payload).await
}

/// Nothing differs any more, because it was healed or by itself.
pub(crate) async fn cleared(
    app: &App,
    connection: &mut PgConnection,
    verdict: &Verdict,
    healed: bool,
) -> Result<(), sqlx::Error> {
    let Some(release) = release(verdict) else { return Ok(()) };
    let payload = drift(verdict, release, Vec::new());
    let event_type = if healed { EventType::DriftHealed } else { EventType::DriftCleared };
    enqueue(app, connection, &verdict.place, event_type, &payload).await
}

/// An instance answers badly, too often: code and sentence.
pub(crate) async fn unhealthy(
    app: &App,
    connection: &mut PgConnection,
    (place, release, instance): (&Place, ReleaseId, &Instance),
    (reason, message): (&str, String),
) -> Result<(), sqlx::Error> {
    let payload = InstanceV1 {
        instance: instance.id,
        release,
        app: place.app.clone(),
        environment: place.environment.clone(),
        service: instance.service.clone(),
        reason: reason.to_owned(),
        message,
    };
    enqueue(app, connection, place, EventType::InstanceUnhealthy, &payload).await
}

/// An instance was restarted, and is ready again.
pub(crate) async fn restarted(
    app: &App,
    connection: &mut PgConnection,
    repair: &Repair,
    message: &str,
) -> Result<(), sqlx::Error> {
    let place = &repair.place;
    let payload = InstanceV1 {
        instance: repair.instance,
        release: repair.release,
        app: place.app.clone(),
        environment: place.environment.clone(),
        service: repair.service.clone(),
        reason: "UNHEALTHY".to_owned(),
        message: format!("{message}; it did not live: {}", repair.message),
    };
    enqueue(app, connection, place, EventType::InstanceRestarted, &payload).await
}

/// An instance exited.
pub(crate) async fn crashed(
    app: &App,
    connection: &mut PgConnection,
    verdict: &Verdict,
    instance: &Instance,
    exit: &Exit,
) -> Result<(), sqlx::Error> {
    let Some(release) = release(verdict) else { return Ok(()) };
    let payload = InstanceV1 {
        instance: instance.id,
        release,
        app: verdict.place.app.clone(),
        environment: verdict.place.environment.clone(),
        service: instance.service.clone(),
        reason: exit::reason(exit).to_owned(),
        message: format!("container {} {}", instance.container_name, exit::message(exit)),
    };
    enqueue(app, connection, &verdict.place, EventType::InstanceCrashed, &payload).await
}

/// Without a live release there is nothing to differ from; what has our labels then is only logged.
fn release(verdict: &Verdict) -> Option<ReleaseId> {
    if verdict.release.is_none() {
        tracing::warn!(place = %verdict.place, "containers of Slipway where nothing is live");
    }
    verdict.release
}

fn finding(known: &Known) -> FindingV1 {
    let finding = known.finding.clone();
    let mut message = finding.message;
    if !finding.cause.is_empty() {
        message = format!("{message}; likely cause: {}", finding.cause);
    }
    if known.heal.failed {
        message = format!("{message}; not healed: {}: {}", known.heal.reason, known.heal.message);
    }
    FindingV1 {
        service: finding.service,
        instance: finding.instance,
        reason: finding.reason.as_str().to_owned(),
        message,
    }
}

fn drift(verdict: &Verdict, release: ReleaseId, findings: Vec<FindingV1>) -> DriftV1 {
    DriftV1 {
        kind: DriftKind::Runtime,
        app: verdict.place.app.clone(),
        environment: verdict.place.environment.clone(),
        release,
        findings,
        data: None,
        quality: None,
        healing: false,
        again: false,
    }
}

/// Says it, once the transaction is committed.
pub(crate) async fn enqueue<P: Payload>(
    app: &App,
    connection: &mut PgConnection,
    place: &Place,
    event_type: EventType,
    payload: &P,
) -> Result<(), sqlx::Error> {
    let identity = (EventId::new(service::new_id()), app.clock.now());
    let envelope = bus::envelope(SERVICE, event_type, &place.app, payload, identity)
        .map_err(|error| sqlx::Error::Encode(error.into()))?;
    pg::outbox::enqueue(connection, SERVICE, &envelope).await
}
