//! `release.*`: what should run at its place may have changed. Where the release is, the deployer is asked;
//! an event that is lost, late or said twice therefore changes nothing but time.

use crate::app::App;
use crate::place::Place;
use bus::Verdict;
use events::Envelope;
use events::payload::{ReleaseV1, read};

pub(crate) fn handle(app: &App, envelope: &Envelope) -> Verdict {
    let release: ReleaseV1 = match read(envelope) {
        Ok(release) => release,
        Err(error) => return error.into(),
    };
    app.happened.at(Place { app: release.app, environment: release.environment });
    Verdict::Done
}
