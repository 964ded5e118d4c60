//! From an event to the row that says what is so.

use super::kept::keep;
use super::stage::{of_build, of_release, sentence_of_build, sentence_of_release};
use super::{Stage, Subject};
use crate::app::App;
use crate::db::report::{self, News};
use crate::news::is_history;
use bus::Verdict;
use events::Envelope;
use events::payload::{BuildV1, ReleaseV1};

/// Keeps what is said of a release.
pub(crate) async fn release(app: &App, envelope: &Envelope, release: &ReleaseV1) -> Verdict {
    let Some(stage) = of_release(envelope.event_type, release) else { return Verdict::Done };
    let environment = release.environment.clone();
    let subject = Subject::Release { id: release.release, environment, number: release.number };
    let sentence = sentence_of_release(envelope.event_type, release);
    let news = News {
        app: &envelope.app,
        subject: &subject,
        commit: None,
        version: release.version,
        stage,
        sentence: &sentence,
        at: envelope.at,
        may_begin: may_begin(app, envelope, stage),
    };
    keep(app, envelope, report::keep(&app.pool, &news)).await
}

/// Keeps what is said of a build.
pub(crate) async fn build(app: &App, envelope: &Envelope, build: &BuildV1) -> Verdict {
    let Some((stage, version)) = of_build(envelope.event_type) else { return Verdict::Done };
    let sentence = sentence_of_build(stage, build);
    let news = News {
        app: &envelope.app,
        subject: &Subject::Build(build.build),
        commit: Some(&build.commit),
        version,
        stage,
        sentence: &sentence,
        at: envelope.at,
        may_begin: may_begin(app, envelope, stage),
    };
    keep(app, envelope, report::keep(&app.pool, &news)).await
}

fn may_begin(app: &App, envelope: &Envelope, stage: Stage) -> bool {
    !is_history(envelope, app.clock.now()) && stage != Stage::Replaced
}
