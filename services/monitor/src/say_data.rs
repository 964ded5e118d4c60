//! What is told of captured traffic and of what was true of predictions, through the outbox of the transaction in which it was
//! found.

use crate::app::App;
use crate::data::check::Subject;
use crate::data::{Bin, ColumnVerdict, Figures, Grade};
use crate::db::data_verdict::DataVerdict;
use crate::place::Place;
use crate::say::enqueue;
use events::began::BeganV1;
use events::payload::{
    BinV1, DataColumnV1, DataDriftV1, DriftKind, DriftV1, FigureV1, FindingV1, QualityV1,
};
use events::{EventType, ReleaseId, ServiceName};
use sqlx::PgConnection;

/// A column of captured traffic is not as in the reference.
const DATA_DRIFT: &str = "DATA_DRIFT";
/// What a model predicts is wrong more often than before.
const QUALITY: &str = "QUALITY";

/// Other columns of captured traffic drift than was told, or the same `again`; tells all that do.
pub(crate) async fn data_drifted(
    app: &App,
    connection: &mut PgConnection,
    (verdict, began): (&DataVerdict, &[(String, BeganV1)]),
    service: &ServiceName,
    again: bool,
) -> Result<(), sqlx::Error> {
    let drifted = verdict.judged.drifted();
    let findings = drifted.map(|column| FindingV1 {
        service: Some(service.clone()),
        instance: None,
        reason: DATA_DRIFT.to_owned(),
        message: match since(began, column) {
            Some(began) => format!("{}: {}; it {began}", column.column, column.because),
            None => format!("{}: {}", column.column, column.because),
        },
    });
    let place = &verdict.place;
    let data = Some(compared(verdict, began));
    let findings = findings.collect();
    let payload =
        DriftV1 { data, findings, again, ..drift(DriftKind::Data, place, verdict.release) };
    tracing::warn!(%place, release.number = verdict.release_number, detail = verdict.judged.because, "data drifted");
    enqueue(app, connection, place, EventType::DriftDetected, &payload).await
}

fn since(began: &[(String, BeganV1)], column: &ColumnVerdict) -> Option<BeganV1> {
    began.iter().find(|(name, _)| *name == column.column).map(|(_, began)| *began)
}

/// What was compared, and where it differs.
fn compared(verdict: &DataVerdict, began: &[(String, BeganV1)]) -> DataDriftV1 {
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
        began: since(began, column),
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
    let payload = drift(DriftKind::Data, place, release);
    enqueue(app, connection, place, EventType::DriftCleared, &payload).await
}

/// The live model got worse, or still is so, `again`.
pub(crate) async fn worse(
    app: &App,
    connection: &mut PgConnection,
    subject: &Subject,
    (grade, again): (&Grade, bool),
) -> Result<(), sqlx::Error> {
    let (place, number) = (&subject.verdict.place, subject.verdict.release_number);
    let finding = FindingV1 {
        service: Some(subject.data.capture.service.clone()),
        instance: None,
        reason: QUALITY.to_owned(),
        message: grade.because.clone(),
    };
    let quality = QualityV1 {
        number,
        model: grade.model.clone(),
        against: grade.against.clone(),
        standard: grade.standard.as_ref().map(|standard| standard.version),
        from: grade.window.0,
        to: grade.window.1,
        told: grade.now.told,
        told_before: grade.before.told,
        figures: figures(&grade.now, &grade.before),
    };
    let payload = DriftV1 {
        findings: vec![finding],
        quality: Some(quality),
        again,
        ..drift(DriftKind::Quality, place, subject.release)
    };
    tracing::warn!(%place, release.number = number, detail = grade.because, "the model got worse");
    enqueue(app, connection, place, EventType::DriftDetected, &payload).await
}

/// One of the figures.
type Figure = fn(&Figures) -> Option<f64>;

/// What was measured of both sides.
fn figures(now: &Figures, before: &Figures) -> Vec<FigureV1> {
    let measured: [(&str, Figure); 6] = [
        ("accuracy", |of| of.accuracy),
        ("precision", |of| of.precision),
        ("recall", |of| of.recall),
        ("roc_auc", |of| of.roc_auc),
        ("mean_absolute_error", |of| of.mean_absolute_error),
        ("root_mean_squared_error", |of| of.root_mean_squared_error),
    ];
    let both = measured.into_iter().filter_map(|(name, of)| {
        let (now, before) = (of(now)?, of(before)?);
        Some(FigureV1 { name: name.to_owned(), now, before })
    });
    both.collect()
}

/// The live model is as good as before.
pub(crate) async fn as_good(
    app: &App,
    connection: &mut PgConnection,
    place: &Place,
    release: ReleaseId,
) -> Result<(), sqlx::Error> {
    let payload = drift(DriftKind::Quality, place, release);
    enqueue(app, connection, place, EventType::DriftCleared, &payload).await
}

/// Of which nothing is told yet.
fn drift(kind: DriftKind, place: &Place, release: ReleaseId) -> DriftV1 {
    DriftV1 {
        kind,
        app: place.app.clone(),
        environment: place.environment.clone(),
        release,
        findings: Vec::new(),
        data: None,
        quality: None,
        healing: false,
        again: false,
    }
}
