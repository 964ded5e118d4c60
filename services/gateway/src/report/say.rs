//! From an event to the row that says what is so. Nothing is written where no GitHub is told.

use super::stage::{of_build, of_release, sentence_of_build, sentence_of_release};
use super::{Stage, Subject};
use crate::app::App;
use crate::db::{self, report};
use bus::Verdict;
use chrono::TimeDelta;
use events::payload::{BuildV1, ReleaseV1};
use events::{AppName, CommitSha, Envelope};

/// What began before is history that nobody has to be told.
const NEWS: TimeDelta = TimeDelta::days(1);

/// Why what happened could not be kept to be told.
#[derive(Debug, thiserror::Error)]
enum KeepError {
    #[error("read the app {app}")]
    App { app: AppName, source: sqlx::Error },
    #[error("write what is to be told of {app}")]
    Write { app: AppName, source: sqlx::Error },
}

/// What an event says.
struct Heard<'a> {
    subject: Subject,
    commit: Option<&'a CommitSha>,
    version: i64,
    stage: Stage,
    sentence: String,
}

/// Keeps what is said of a release.
pub(crate) async fn release(app: &App, envelope: &Envelope, release: &ReleaseV1) -> Verdict {
    let Some(stage) = of_release(envelope.event_type, release) else { return Verdict::Done };
    let environment = release.environment.clone();
    let subject = Subject::Release { id: release.release, environment, number: release.number };
    let heard = Heard {
        subject,
        commit: None,
        version: release.version,
        stage,
        sentence: sentence_of_release(envelope.event_type, release),
    };
    verdict(keep(app, envelope, &heard).await)
}

/// Keeps what is said of a build.
pub(crate) async fn build(app: &App, envelope: &Envelope, build: &BuildV1) -> Verdict {
    let Some((stage, version)) = of_build(envelope.event_type) else { return Verdict::Done };
    let heard = Heard {
        subject: Subject::Build(build.build),
        commit: Some(&build.commit),
        version,
        stage,
        sentence: sentence_of_build(stage, build),
    };
    verdict(keep(app, envelope, &heard).await)
}

fn verdict(kept: Result<(), KeepError>) -> Verdict {
    kept.map_or_else(|error| Verdict::retry(&error), |()| Verdict::Done)
}

async fn keep(app: &App, envelope: &Envelope, heard: &Heard<'_>) -> Result<(), KeepError> {
    let Some(client) = &app.github else { return Ok(()) };
    let name = &envelope.app;
    let read = |source| KeepError::App { app: name.clone(), source };
    let Some(row) = db::app::find(&app.pool, name).await.map_err(read)? else { return Ok(()) };
    if client.settings().slug(name, &row.repository).is_none() {
        return Ok(());
    }
    let is_history = app.clock.now() - envelope.at > NEWS;
    let news = report::News {
        app: name,
        subject: &heard.subject,
        commit: heard.commit,
        version: heard.version,
        stage: heard.stage,
        sentence: &heard.sentence,
        at: envelope.at,
        may_begin: !is_history && heard.stage != Stage::Replaced,
    };
    let written = report::keep(&app.pool, &news).await;
    written.map_err(|source| KeepError::Write { app: name.clone(), source })?;
    app.reporting.notify_one();
    Ok(())
}
