//! What the counters of one release said at one moment, and what came between two moments.

use crate::block::Tally;
use crate::prediction::Predictions;
use serde::{Deserialize, Serialize};

/// Counters that only rise, as the router keeps them for each release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    requests: u64,
    failed: u64,
    bounds: Vec<f64>,
    /// By bucket, not cumulative; one more than bounds.
    counts: Vec<u64>,
    /// Answers that were compared with those of the other release, and those of them that differed.
    #[serde(default)]
    compared: u64,
    #[serde(default)]
    different: u64,
    /// What it predicted,
    #[serde(default)]
    predictions: Predictions,
    /// and how far that was from what the other release predicted for the same requests.
    #[serde(default)]
    distances: Predictions,
}

/// Counters that cannot be.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SnapshotError {
    /// Buckets without an end, or ends without a bucket.
    #[error("{counts} counts of latency for {bounds} bounds; there must be one more")]
    Shape {
        /// How many bounds.
        bounds: usize,
        /// How many counts.
        counts: usize,
    },
    /// Bounds must be more than 0, rise and be numbers.
    #[error("the bounds of latency do not rise")]
    Bounds,
    /// Cumulative counts never fall.
    #[error("the counts of latency are not cumulative")]
    Counts,
}

impl Snapshot {
    /// `cumulative` counts what took at most as long as each bound, in seconds, and all.
    pub fn new(
        requests: u64,
        failed: u64,
        bounds: Vec<f64>,
        cumulative: &[u64],
    ) -> Result<Self, SnapshotError> {
        if cumulative.len() != bounds.len() + 1 {
            let (bounds, counts) = (bounds.len(), cumulative.len());
            return Err(SnapshotError::Shape { bounds, counts });
        }
        let positive = bounds.iter().all(|bound| *bound > 0.0 && bound.is_finite());
        if !positive || !bounds.is_sorted_by(|a, b| a < b) {
            return Err(SnapshotError::Bounds);
        }
        let mut below = 0;
        let mut counts = Vec::with_capacity(cumulative.len());
        for &count in cumulative {
            counts.push(count.checked_sub(below).ok_or(SnapshotError::Counts)?);
            below = count;
        }
        let nothing = Predictions::default;
        let (predictions, distances) = (nothing(), nothing());
        let (compared, different) = (0, 0);
        Ok(Self { requests, failed, bounds, counts, compared, different, predictions, distances })
    }

    /// The same, with so many answers compared with those of the stable release to the same requests.
    #[must_use]
    pub fn with_answers(self, compared: u64, different: u64) -> Self {
        Self { compared, different, ..self }
    }

    /// The same, of a release that predicted this.
    #[must_use]
    pub fn with_predictions(self, predictions: Predictions) -> Self {
        Self { predictions, ..self }
    }

    /// The same, of a release whose predictions are so far from those of the stable one for the same requests: numbers
    /// by their distance, 0 for others that are equal, and any other value for what has no distance.
    #[must_use]
    pub fn with_distances(self, distances: Predictions) -> Self {
        Self { distances, ..self }
    }

    pub(crate) fn bounds(&self) -> &[f64] {
        &self.bounds
    }

    /// What came since `before`. Counters that fell, or buckets of another shape, began anew in between.
    pub(crate) fn since(&self, before: &Self) -> Interval {
        let fell = self.requests < before.requests
            || self.failed < before.failed
            || self.compared < before.compared
            || self.different < before.different
            || self.bounds != before.bounds
            || self.counts.iter().zip(&before.counts).any(|(now, before)| now < before);
        if fell {
            return self.whole();
        }
        let counts = self.counts.iter().zip(&before.counts);
        Interval {
            requests: tally(self.requests - before.requests, self.failed - before.failed),
            latency: counts.map(|(now, before)| number(now - before)).collect(),
            answers: tally(self.compared - before.compared, self.different - before.different),
            predictions: self.predictions.since(&before.predictions),
            distances: self.distances.since(&before.distances),
        }
    }

    /// What came since counting began.
    pub(crate) fn whole(&self) -> Interval {
        Interval {
            requests: tally(self.requests, self.failed),
            latency: self.counts.iter().map(|&count| number(count)).collect(),
            answers: tally(self.compared, self.different),
            predictions: self.predictions.clone(),
            distances: self.distances.clone(),
        }
    }
}

/// What one release did in an interval.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Interval {
    pub(crate) requests: Tally,
    /// By bucket.
    pub(crate) latency: Vec<f64>,
    /// Those that were compared, and those of them that differed.
    pub(crate) answers: Tally,
    pub(crate) predictions: Predictions,
    pub(crate) distances: Predictions,
}

/// Counters are read one after the other, so a failure may be seen before its request.
pub(crate) fn tally(requests: u64, failed: u64) -> Tally {
    Tally { of: number(requests), hits: number(failed.min(requests)) }
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests fit in 52 bits")]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(requests: u64, failed: u64, cumulative: &[u64]) -> Snapshot {
        Snapshot::new(requests, failed, vec![0.1, 0.2], cumulative).expect("it is sound")
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let new = |bounds: &[f64], counts: &[u64]| Snapshot::new(9, 0, bounds.to_vec(), counts);
        assert_eq!(new(&[0.1], &[1]), Err(SnapshotError::Shape { bounds: 1, counts: 1 }));
        for bounds in [[0.2, 0.1], [0.1, f64::NAN], [0.0, 0.1], [0.1, f64::INFINITY]] {
            assert_eq!(new(&bounds, &[1, 2, 3]), Err(SnapshotError::Bounds), "{bounds:?}");
        }
        assert_eq!(new(&[0.1], &[2, 1]), Err(SnapshotError::Counts));
    }

    #[test]
    fn between_two_moments_is_their_difference() {
        let interval = snapshot(30, 3, &[10, 20, 30]).since(&snapshot(10, 1, &[4, 8, 10]));
        assert_eq!(interval.requests, Tally { of: 20.0, hits: 2.0 });
        assert_eq!(interval.latency, [6.0, 6.0, 8.0]);
    }

    #[test]
    fn a_router_that_began_anew_is_counted_from_its_beginning() {
        let interval = snapshot(5, 0, &[5, 5, 5]).since(&snapshot(10, 1, &[4, 8, 10]));
        assert_eq!(interval.requests, Tally { of: 5.0, hits: 0.0 });
    }
}
