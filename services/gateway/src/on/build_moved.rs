//! `build.queued`, `.started`, `.succeeded` and `.cancelled`: the forge is told.

use crate::app::App;
use crate::report;
use bus::Verdict;
use events::Envelope;
use events::payload::read;

/// Handles what a build came to.
pub(crate) async fn handle(app: App, envelope: Envelope) -> Verdict {
    match read(&envelope) {
        Ok(build) => report::build(&app, &envelope, &build).await,
        Err(error) => error.into(),
    }
}
