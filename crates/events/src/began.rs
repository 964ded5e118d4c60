//! When drift of a column began, and with which release: what people look at first.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use std::fmt::{Display, Formatter};

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeganV1 {
    /// The number of the release of which it was seen first.
    pub number: i64,
    /// When that was.
    pub at: DateTime<Utc>,
    /// The number of the release of which it was seen last that there was none; nothing when it always drifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<i64>,
}

impl Display for BeganV1 {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { number, after, .. } = self;
        let at = self.at.to_rfc3339_opts(SecondsFormat::Secs, true);
        match after {
            Some(after) if after == number => {
                write!(f, "began while release {number} was live, seen {at}")
            }
            Some(after) => {
                write!(f, "began with release {number}: of release {after} there was none")
            }
            None => write!(f, "was there when it was first compared, {at}, with release {number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_by_release_or_by_time() {
        let told = |after| BeganV1 { number: 8, at: DateTime::UNIX_EPOCH, after }.to_string();
        assert_eq!(told(Some(7)), "began with release 8: of release 7 there was none");
        assert_eq!(told(Some(8)), "began while release 8 was live, seen 1970-01-01T00:00:00Z");
        assert_eq!(
            told(None),
            "was there when it was first compared, 1970-01-01T00:00:00Z, with release 8"
        );
    }
}
