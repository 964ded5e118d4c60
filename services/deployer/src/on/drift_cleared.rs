//! `drift.cleared` of data, or of how good the model is: what was asked for because of it is not wanted any more. What runs goes on.

use crate::app::App;
use crate::db::{environment, errand};
use ::release::Failure;
use bus::Verdict;
use events::payload::{DriftKind, DriftV1, read};
use events::{AppName, Envelope, EnvironmentName};

/// Why what was asked for still is.
#[derive(Debug, thiserror::Error)]
#[error("take back what drift asked for in {app}/{environment}")]
struct NotWithdrawn {
    app: AppName,
    environment: EnvironmentName,
    source: sqlx::Error,
}

/// Handles `drift.cleared`.
pub(crate) async fn handle(app: &App, envelope: Envelope) -> Verdict {
    let drift: DriftV1 = match read(&envelope) {
        Ok(drift) => drift,
        Err(error) => return error.into(),
    };
    if drift.kind == DriftKind::Runtime {
        return Verdict::Done;
    }
    match withdraw(app, &envelope, &drift).await {
        Ok(()) => Verdict::Done,
        Err(source) => {
            let DriftV1 { app, environment, .. } = drift;
            Verdict::retry(&NotWithdrawn { app, environment, source })
        }
    }
}

async fn withdraw(app: &App, envelope: &Envelope, drift: &DriftV1) -> Result<(), sqlx::Error> {
    let place = (&drift.app, &drift.environment);
    let mut transaction = app.pool.begin().await?;
    if !pg::inbox::first_time(&mut transaction, crate::NAME, envelope.id).await? {
        return Ok(());
    }
    environment::lock(&mut transaction, place).await?;
    let over = match drift.kind {
        DriftKind::Quality => "the model is as good as before, or what it is by now was accepted",
        DriftKind::Data | DriftKind::Runtime => "data are again like their reference",
    };
    let why = Failure::new("DRIFT_CLEARED", over);
    errand::withdraw(&mut transaction, place, (drift.kind, &why)).await?;
    transaction.commit().await?;
    app.changed();
    Ok(())
}
