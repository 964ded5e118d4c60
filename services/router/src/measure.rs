//! What one release had to do: counters without locks, and what they say at one moment.

use std::ops::{AddAssign, Sub};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Upper bounds of response times in microseconds: ten steps of about 26 % per decade (the R10 series of preferred
/// numbers) from half a millisecond to a minute, fine enough to see a p95 that is a fifth worse.
pub(crate) const BOUNDS: [u64; 52] = [
    500, 630, 800, //
    1_000, 1_250, 1_600, 2_000, 2_500, 3_150, 4_000, 5_000, 6_300, 8_000, //
    10_000, 12_500, 16_000, 20_000, 25_000, 31_500, 40_000, 50_000, 63_000, 80_000, //
    100_000, 125_000, 160_000, 200_000, 250_000, 315_000, 400_000, 500_000, 630_000,
    800_000, //
    1_000_000, 1_250_000, 1_600_000, 2_000_000, 2_500_000, 3_150_000, 4_000_000, 5_000_000,
    6_300_000, 8_000_000, //
    10_000_000, 12_500_000, 16_000_000, 20_000_000, 25_000_000, 31_500_000, 40_000_000, 50_000_000,
    60_000_000,
];

/// Counts requests of one release behind one route.
#[derive(Debug)]
pub(crate) struct Measured {
    abandoned: AtomicU64,
    /// By first digit: 1xx (switched protocols) to 5xx.
    status: [AtomicU64; 5],
    upstream_errors: AtomicU64,
    broken_answers: AtomicU64,
    /// The last one counts what is above all bounds.
    buckets: [AtomicU64; BOUNDS.len() + 1],
    sum_micros: AtomicU64,
}

impl Default for Measured {
    fn default() -> Self {
        Self {
            abandoned: AtomicU64::new(0),
            status: [const { AtomicU64::new(0) }; 5],
            upstream_errors: AtomicU64::new(0),
            broken_answers: AtomicU64::new(0),
            buckets: [const { AtomicU64::new(0) }; BOUNDS.len() + 1],
            sum_micros: AtomicU64::new(0),
        }
    }
}

impl Measured {
    /// The head of an answer came after `elapsed`, from the instance or from us in its place.
    pub(crate) fn answered(&self, status: http::StatusCode, elapsed: Duration) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.partition_point(|&bound| bound < micros);
        self.status[class].fetch_add(1, Relaxed);
        self.buckets[bucket].fetch_add(1, Relaxed);
        self.sum_micros.fetch_add(micros, Relaxed);
    }

    /// The client went away before there was an answer.
    pub(crate) fn abandoned(&self) {
        self.abandoned.fetch_add(1, Relaxed);
    }

    /// The instance gave no answer.
    pub(crate) fn upstream_failed(&self) {
        self.upstream_errors.fetch_add(1, Relaxed);
    }

    /// The instance broke off within an answer whose status was counted.
    pub(crate) fn broke_off(&self) {
        self.broken_answers.fetch_add(1, Relaxed);
        self.upstream_failed();
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            abandoned: self.abandoned.load(Relaxed),
            status: std::array::from_fn(|i| self.status[i].load(Relaxed)),
            upstream_errors: self.upstream_errors.load(Relaxed),
            broken_answers: self.broken_answers.load(Relaxed),
            buckets: std::array::from_fn(|i| self.buckets[i].load(Relaxed)),
            sum_micros: self.sum_micros.load(Relaxed),
        }
    }
}

/// What the counters said at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) abandoned: u64,
    pub(crate) status: [u64; 5],
    pub(crate) upstream_errors: u64,
    pub(crate) broken_answers: u64,
    pub(crate) buckets: [u64; BOUNDS.len() + 1],
    pub(crate) sum_micros: u64,
}

impl Default for Snapshot {
    fn default() -> Self {
        Measured::default().snapshot()
    }
}

impl Snapshot {
    /// All requests, also those whose client went away.
    pub(crate) fn requests(&self) -> u64 {
        self.abandoned + self.status.iter().sum::<u64>()
    }

    /// As on the wire; switched protocols count as 2xx.
    pub(crate) fn stats(&self, route: &str, release: String) -> proto::v1::ReleaseStats {
        let mut below = 0;
        let cumulative = self.buckets.iter().map(|count| {
            below += count;
            below
        });
        proto::v1::ReleaseStats {
            route: route.to_owned(),
            release,
            requests: self.requests(),
            status_2xx: self.status[0] + self.status[1],
            status_3xx: self.status[2],
            status_4xx: self.status[3],
            status_5xx: self.status[4],
            upstream_errors: self.upstream_errors,
            broken_answers: self.broken_answers,
            latency_counts: cumulative.collect(),
            latency_bounds_seconds: BOUNDS.iter().map(|&bound| seconds(bound)).collect(),
            latency_sum_seconds: seconds(self.sum_micros),
        }
    }
}

/// Microseconds in seconds.
#[expect(clippy::cast_precision_loss, reason = "exact up to 285 years")]
pub(crate) fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

impl Sub for Snapshot {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            abandoned: self.abandoned - before.abandoned,
            status: std::array::from_fn(|i| self.status[i] - before.status[i]),
            upstream_errors: self.upstream_errors - before.upstream_errors,
            broken_answers: self.broken_answers - before.broken_answers,
            buckets: std::array::from_fn(|i| self.buckets[i] - before.buckets[i]),
            sum_micros: self.sum_micros - before.sum_micros,
        }
    }
}

impl AddAssign for Snapshot {
    fn add_assign(&mut self, more: Self) {
        self.abandoned += more.abandoned;
        self.upstream_errors += more.upstream_errors;
        self.broken_answers += more.broken_answers;
        self.sum_micros += more.sum_micros;
        self.status.iter_mut().zip(more.status).for_each(|(sum, more)| *sum += more);
        self.buckets.iter_mut().zip(more.buckets).for_each(|(sum, more)| *sum += more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    #[test]
    fn a_response_time_is_in_the_first_bucket_that_holds_it() {
        let measured = Measured::default();
        for micros in [1, 500, 501, 60_000_000, 60_000_001] {
            measured.answered(StatusCode::OK, Duration::from_micros(micros));
        }
        let buckets = measured.snapshot().buckets;
        assert_eq!((buckets[0], buckets[1]), (2, 1));
        assert_eq!((buckets[BOUNDS.len() - 1], buckets[BOUNDS.len()]), (1, 1));
    }

    #[test]
    fn every_request_is_counted_once() {
        let measured = Measured::default();
        for status in [101, 200, 304, 404, 502] {
            measured.answered(StatusCode::from_u16(status).expect("valid"), Duration::ZERO);
        }
        measured.abandoned();
        let stats = measured.snapshot().stats("shop", "r".to_owned());
        let classes = [stats.status_2xx, stats.status_3xx, stats.status_4xx, stats.status_5xx];
        assert_eq!((stats.requests, classes), (6, [2, 1, 1, 1]));
        assert_eq!(stats.latency_counts.last(), Some(&5));
    }

    #[test]
    fn the_bounds_rise() {
        assert!(BOUNDS.is_sorted_by(|a, b| a < b));
    }
}
