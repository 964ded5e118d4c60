//! Time for people.

use chrono::{DateTime, Utc};
use prost_types::Timestamp;
use std::time::Duration;

/// The point in time of a message, when it has one.
pub(crate) fn at(time: Option<&Timestamp>) -> Option<DateTime<Utc>> {
    time.and_then(proto::time::from_timestamp)
}

/// How long from `start` to `end`; nothing when the clock went backwards.
pub(crate) fn between(start: DateTime<Utc>, end: DateTime<Utc>) -> Duration {
    (end - start).to_std().unwrap_or_default()
}

/// A span of time, with two units at most.
pub(crate) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..10 => format!("{:.1}s", span.as_secs_f64()),
        10..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// How long ago something was; empty when it was not.
pub(crate) fn age(time: Option<&Timestamp>, now: DateTime<Utc>) -> String {
    at(time).map_or_else(String::new, |time| {
        let seconds = Duration::from_secs(between(time, now).as_secs());
        match seconds.as_secs() {
            0 => "now".to_owned(),
            1..10 => format!("{}s ago", seconds.as_secs()),
            _ => format!("{} ago", span(seconds)),
        }
    })
}

/// A point in time to the second, in UTC; empty when there is none.
pub(crate) fn clock(time: Option<&Timestamp>) -> String {
    at(time).map_or_else(String::new, |time| time.format("%Y-%m-%d %H:%M:%SZ").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_two_units_at_most() {
        let spans = [50, 9_949, 42_000, 185_000, 18_600_000, 273_600_000];
        let told: Vec<_> = spans.map(|millis| span(Duration::from_millis(millis))).to_vec();
        assert_eq!(told, ["0.1s", "9.9s", "42s", "3m05s", "5h10m", "3d04h"]);
    }

    #[test]
    fn an_age_is_told_from_now() {
        let now = DateTime::from_timestamp(1_000, 0).expect("in range");
        let before = |seconds: i64| Some(Timestamp { seconds: 1_000 - seconds, nanos: 0 });
        assert_eq!(age(before(0).as_ref(), now), "now");
        assert_eq!(age(before(7).as_ref(), now), "7s ago");
        assert_eq!(age(before(95).as_ref(), now), "1m35s ago");
        assert_eq!(age(None, now), "");
    }
}
