//! What is told to others, through the outbox of the transaction in which it was found.

use crate::SERVICE;
use crate::app::App;
use crate::db::verdict::Verdict;
use crate::exit;
use crate::expected::Instance;
use crate::judge::Known;
use crate::observed::Exit;
use events::payload::{DriftKind, DriftV1, FindingV1, InstanceV1, Payload};
use events::{EventId, EventType, ReleaseId};
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
        known.iter().filter(|known| known.is_confirmed()).map(finding).collect();
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
    let payload = drift(verdict, release, findings);
    enqueue(app, connection, verdict, EventType::DriftDetected, &payload).await
}

/// Nothing differs any more.
pub(crate) async fn cleared(
    app: &App,
    connection: &mut PgConnection,
    verdict: &Verdict,
) -> Result<(), sqlx::Error> {
    let Some(release) = release(verdict) else { return Ok(()) };
    let payload = drift(verdict, release, Vec::new());
    enqueue(app, connection, verdict, EventType::DriftCleared, &payload).await
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
    enqueue(app, connection, verdict, EventType::InstanceCrashed, &payload).await
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
    FindingV1 {
        service: finding.service,
        instance: finding.instance,
        reason: finding.reason.as_str().to_owned(),
        message: finding.message,
    }
}

fn drift(verdict: &Verdict, release: ReleaseId, findings: Vec<FindingV1>) -> DriftV1 {
    DriftV1 {
        kind: DriftKind::Runtime,
        app: verdict.place.app.clone(),
        environment: verdict.place.environment.clone(),
        release,
        findings,
    }
}

async fn enqueue<P: Payload>(
    app: &App,
    connection: &mut PgConnection,
    verdict: &Verdict,
    event_type: EventType,
    payload: &P,
) -> Result<(), sqlx::Error> {
    let identity = (EventId::new(service::new_id()), app.clock.now());
    let envelope = bus::envelope(SERVICE, event_type, &verdict.place.app, payload, identity)
        .map_err(|error| sqlx::Error::Encode(error.into()))?;
    pg::outbox::enqueue(connection, SERVICE, &envelope).await
}
