//! Time between the wire and the program.

use chrono::{DateTime, Utc};
use std::time::Duration;

/// A point in time for the wire.
pub fn timestamp(at: DateTime<Utc>) -> prost_types::Timestamp {
    let nanos = i32::try_from(at.timestamp_subsec_nanos()).unwrap_or(999_999_999);
    prost_types::Timestamp { seconds: at.timestamp(), nanos }
}

/// A point in time from the wire; nothing when it is out of range.
pub fn from_timestamp(at: &prost_types::Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(at.seconds, u32::try_from(at.nanos).ok()?)
}

/// A span of time for the wire.
pub fn duration(span: Duration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: i64::try_from(span.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(span.subsec_nanos()).unwrap_or(999_999_999),
    }
}

/// A span of time from the wire; nothing when it is negative.
pub fn from_duration(span: &prost_types::Duration) -> Option<Duration> {
    Some(Duration::new(u64::try_from(span.seconds).ok()?, u32::try_from(span.nanos).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_survives_the_wire() {
        let at = DateTime::from_timestamp(1_700_000_000, 123_456_789).expect("in range");
        assert_eq!(from_timestamp(&timestamp(at)), Some(at));
        let span = Duration::new(7, 5);
        assert_eq!(from_duration(&duration(span)), Some(span));
    }
}
