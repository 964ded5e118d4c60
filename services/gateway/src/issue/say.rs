//! From an event to the row that says what is so. Nothing is written where no GitHub is told.

use super::Text;
use crate::app::App;
use crate::db::{self, issue};
use bus::Verdict;
use chrono::TimeDelta;
use events::payload::DriftV1;
use events::{AppName, Envelope, EventType};
use std::time::Duration;

/// What began before is history that nobody has to be told.
const NEWS: TimeDelta = TimeDelta::days(1);

/// How long a healing may go on before what it heals is filed: as long as its longest pause. Most take seconds.
const HEALING: Duration = Duration::from_mins(5);

/// Why what happened could not be kept to be filed.
#[derive(Debug, thiserror::Error)]
enum KeepError {
    #[error("read the app {app}")]
    App { app: AppName, source: sqlx::Error },
    #[error("write what is to be filed of {app}")]
    Write { app: AppName, source: sqlx::Error },
}

/// Keeps what is said of drift.
pub(crate) async fn keep(app: &App, envelope: &Envelope, drift: &DriftV1) -> Verdict {
    match try_keep(app, envelope, drift).await {
        Ok(()) => Verdict::Done,
        Err(error) => Verdict::retry(&error),
    }
}

async fn try_keep(app: &App, envelope: &Envelope, drift: &DriftV1) -> Result<(), KeepError> {
    let Some(client) = &app.github else { return Ok(()) };
    let name = &envelope.app;
    let read = |source| KeepError::App { app: name.clone(), source };
    let Some(row) = db::app::find(&app.pool, name).await.map_err(read)? else { return Ok(()) };
    if client.settings().slug(name, &row.repository).is_none() {
        return Ok(());
    }
    let is_open = envelope.event_type == EventType::DriftDetected;
    let text = is_open.then(|| Text::of(drift, envelope.at));
    let news = issue::News {
        app: name,
        environment: &drift.environment,
        kind: drift.kind,
        text: text.as_ref(),
        at: envelope.at,
        may_begin: is_open && app.clock.now() - envelope.at <= NEWS,
        pause: if drift.healing { HEALING } else { Duration::ZERO },
    };
    let written = issue::keep(&app.pool, &news).await;
    written.map_err(|source| KeepError::Write { app: name.clone(), source })?;
    app.reporting.notify_one();
    Ok(())
}
