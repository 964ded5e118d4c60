//! From an event to the row that says what is so.

use super::Text;
use crate::app::App;
use crate::db::issue;
use crate::news::is_history;
use crate::report;
use bus::Verdict;
use events::payload::DriftV1;
use events::{Envelope, EventType};
use std::time::Duration;

/// How long a healing may go on before what it heals is filed: as long as its longest pause. Most take seconds.
const HEALING: Duration = Duration::from_mins(5);

/// Keeps what is said of drift.
pub(crate) async fn keep(app: &App, envelope: &Envelope, drift: &DriftV1) -> Verdict {
    let is_open = envelope.event_type == EventType::DriftDetected;
    let text = is_open.then(|| Text::of(drift, envelope.at));
    let news = issue::News {
        app: &envelope.app,
        environment: &drift.environment,
        kind: drift.kind,
        text: text.as_ref(),
        at: envelope.at,
        may_begin: is_open && !is_history(envelope, app.clock.now()),
        is_new: !drift.again,
        pause: if drift.healing { HEALING } else { Duration::ZERO },
    };
    report::keep(app, envelope, issue::keep(&app.pool, &news)).await
}
