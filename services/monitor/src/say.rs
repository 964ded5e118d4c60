//! What is told to others, through the outbox of the transaction in which it was found.

use crate::SERVICE;
use crate::app::App;
use crate::data::Bin;
use crate::db::data_verdict::DataVerdict;
use crate::db::repair::Repair;
use crate::db::verdict::Verdict;
use crate::exit;
use crate::expected::Instance;
use crate::judge::Known;
use crate::observed::Exit;
use crate::place::Place;
use events::payload::{
    BinV1, DataColumnV1, DataDriftV1, DriftKind, DriftV1, FindingV1, InstanceV1, Payload,
};
use events::{EventId, EventType, ReleaseId, ServiceName};
use sqlx::PgConnection;

/// A column of captured traffic is not as in the reference.
const DATA_DRIFT: &str = "DATA_DRIFT";

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
    let payload = drift(verdict, release, findings);
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

/// Other columns of captured traffic drift than was told; tells all that do.
pub(crate) async fn data_drifted(
    app: &App,
    connection: &mut PgConnection,
    verdict: &DataVerdict,
    service: &ServiceName,
) -> Result<(), sqlx::Error> {
    let drifted = verdict.judged.drifted();
    let findings = drifted.map(|column| FindingV1 {
        service: Some(service.clone()),
        instance: None,
        reason: DATA_DRIFT.to_owned(),
        message: format!("{}: {}", column.column, column.because),
    });
    let place = &verdict.place;
    let data = Some(compared(verdict));
    let payload = DriftV1 { data, ..data_drift(place, verdict.release, findings.collect()) };
    tracing::warn!(%place, release.number = verdict.release_number, detail = verdict.judged.because, "data drifted");
    enqueue(app, connection, place, EventType::DriftDetected, &payload).await
}

/// What was compared, and where it differs.
fn compared(verdict: &DataVerdict) -> DataDriftV1 {
    let bin = |bin: &Bin| {
        let Bin { values, reference, current } = bin.clone();
        BinV1 { bin: values, reference, current }
    };
    let columns = verdict.judged.drifted().map(|column| DataColumnV1 {
        column: column.column.clone(),
        because: column.because.clone(),
        method: column.method.clone(),
        effect: column.effect,
        threshold: column.threshold,
        reference_count: column.reference_count,
        current_count: column.current_count,
        bins: column.bins.iter().map(bin).collect(),
    });
    DataDriftV1 {
        number: verdict.release_number,
        model: verdict.model.clone(),
        from: verdict.window.0,
        to: verdict.window.1,
        rows: verdict.rows,
        reference_version: verdict.reference_version,
        reference: verdict.reference_source.clone(),
        columns: columns.collect(),
    }
}

/// No column drifts any more.
pub(crate) async fn data_cleared(
    app: &App,
    connection: &mut PgConnection,
    place: &Place,
    release: ReleaseId,
) -> Result<(), sqlx::Error> {
    let payload = data_drift(place, release, Vec::new());
    enqueue(app, connection, place, EventType::DriftCleared, &payload).await
}

fn data_drift(place: &Place, release: ReleaseId, findings: Vec<FindingV1>) -> DriftV1 {
    let (app, environment) = (place.app.clone(), place.environment.clone());
    DriftV1 { kind: DriftKind::Data, app, environment, release, findings, data: None }
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
    FindingV1 {
        service: finding.service,
        instance: finding.instance,
        reason: finding.reason.as_str().to_owned(),
        message: if finding.cause.is_empty() {
            finding.message
        } else {
            format!("{}; likely cause: {}", finding.message, finding.cause)
        },
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
    }
}

async fn enqueue<P: Payload>(
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
