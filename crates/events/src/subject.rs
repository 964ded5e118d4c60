//! Every subject, stream and consumer name of the bus.
//!
//! | subject | stream |
//! |---|---|
//! | `slipway.v1.<app>.<type>`, as `slipway.v1.shop.release.live` | [`EVENTS`] |
//! | `slipway.logs.<build>` | [`LOGS`] |
//! | `slipway.samples.<app>.<environment>` | [`SAMPLES`] |

use crate::{AppName, BuildId, EnvironmentName, EventType};

/// The stream of events: file storage, limits retention, 30 days, discard new.
pub const EVENTS: &str = "SLIPWAY_EVENTS";
/// The stream of live build logs: bounded, asynchronous persistence.
pub const LOGS: &str = "SLIPWAY_LOGS";
/// What [`EVENTS`] captures.
pub const EVENTS_FILTER: &str = "slipway.v1.>";
/// What [`LOGS`] captures.
pub const LOGS_FILTER: &str = "slipway.logs.>";

/// The stream of captured traffic: bounded, asynchronous persistence.
pub const SAMPLES: &str = "SLIPWAY_SAMPLES";
/// What [`SAMPLES`] captures.
pub const SAMPLES_FILTER: &str = "slipway.samples.>";

/// The subject of one event.
pub fn event(app: &AppName, event_type: EventType) -> String {
    format!("slipway.v1.{app}.{event_type}")
}

/// The subject of one type of event, of every app.
pub fn every_app(event_type: EventType) -> String {
    format!("slipway.v1.*.{event_type}")
}

/// The subject of the live log of one build.
pub fn build_log(build: BuildId) -> String {
    format!("slipway.logs.{build}")
}

/// The subject of what was captured of the requests of one environment.
pub fn samples(app: &AppName, environment: &EnvironmentName) -> String {
    format!("slipway.samples.{app}.{environment}")
}

/// The app and type of the event on `subject`.
pub fn parse_event(subject: &str) -> Option<(AppName, EventType)> {
    let (app, event_type) = subject.strip_prefix("slipway.v1.")?.split_once('.')?;
    Some((AppName::parse(app).ok()?, EventType::parse(event_type)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_tells_app_and_type() {
        let app = AppName::parse("shop").expect("valid");
        let subject = event(&app, EventType::ReleaseLive);
        assert_eq!(subject, "slipway.v1.shop.release.live");
        assert_eq!(parse_event(&subject), Some((app, EventType::ReleaseLive)));
        assert_eq!(parse_event("slipway.v1.shop.release"), None);
    }
}
