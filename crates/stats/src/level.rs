//! Probabilities that mean different things: how often a verdict may be wrong, and a share of requests.

use serde::{Deserialize, Serialize};

/// A number that is no probability.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{value} is not between 0 and 1")]
pub struct OutOfRange {
    value: f64,
}

/// How often a verdict may be wrong: more than 0, less than 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Level(f64);

impl Level {
    /// Of a release that is not worse, one in a hundred may go back.
    pub const FALSE_ROLLBACK: Self = Self(0.01);
    /// Of releases that are worse by more than is allowed, one in twenty may pass.
    pub const FALSE_PASS: Self = Self(0.05);

    /// What must be reached to be so sure: the logarithm of one in how many.
    pub(crate) fn log_needed(self) -> f64 {
        -self.0.ln()
    }

    /// The same promise kept by `count` verdicts together, whatever they have to do with each other (Bonferroni).
    #[must_use]
    pub fn shared_by(self, count: usize) -> Self {
        let count = u32::try_from(count.max(1)).unwrap_or(u32::MAX);
        Self((self.0 / f64::from(count)).max(f64::MIN_POSITIVE))
    }

    /// As a number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Level {
    type Error = OutOfRange;

    fn try_from(value: f64) -> Result<Self, OutOfRange> {
        (value > 0.0 && value < 1.0).then_some(Self(value)).ok_or(OutOfRange { value })
    }
}

impl From<Level> for f64 {
    fn from(level: Level) -> Self {
        level.0
    }
}

/// A share of requests: 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Share(f64);

impl Share {
    /// One request in a hundred: the floor of the manifest for errors.
    pub const ONE_PERCENT: Self = Self(0.01);
    /// Half of the requests.
    pub const MEDIAN: Self = Self(0.5);
    /// The quantile that latency is judged by, if nothing else is said.
    pub const P95: Self = Self(0.95);
    /// The slowest request in a hundred.
    pub const P99: Self = Self(0.99);

    /// As a number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Share {
    type Error = OutOfRange;

    fn try_from(value: f64) -> Result<Self, OutOfRange> {
        (0.0..=1.0).contains(&value).then_some(Self(value)).ok_or(OutOfRange { value })
    }
}

impl From<Share> for f64 {
    fn from(share: Share) -> Self {
        share.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_probability_is_refused() {
        for wrong in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(Level::try_from(wrong).is_err() && Share::try_from(wrong).is_err());
        }
        assert!(Level::try_from(0.0).is_err() && Level::try_from(1.0).is_err());
        assert!(Share::try_from(0.0).is_ok() && Share::try_from(1.0).is_ok());
        assert!(serde_json::from_str::<Level>("1.5").is_err());
    }

    #[test]
    fn a_shared_promise_is_kept_by_each_a_little_better() {
        assert!((Level::FALSE_ROLLBACK.shared_by(4).get() - 0.0025).abs() < 1e-15);
        assert_eq!(Level::FALSE_ROLLBACK.shared_by(0), Level::FALSE_ROLLBACK);
    }
}
