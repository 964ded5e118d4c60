//! A judge like Flagger with the thresholds of its tutorials: each minute at least 99 % of the candidate's requests
//! succeed and its p99 is at most 500 ms. A minute without requests is a failed one. The fifth failed minute sends it
//! back, the tenth good one lets it pass.

use super::judge::Judge;
use super::traffic::{Counts, LOOKS_A_MINUTE, Look, bounds, quantile};

const SUCCESS: f64 = 0.99;
const P99_SECONDS: f64 = 0.5;
const FAILED_CHECKS: u32 = 5;
const GOOD_CHECKS: u32 = 10;

/// What it knows.
#[derive(Debug, Default)]
pub(crate) struct Flagger {
    minute: Counts,
    looks: usize,
    failed: u32,
    good: u32,
}

impl Judge for Flagger {
    fn look(&mut self, look: &Look) -> Option<bool> {
        self.minute.add(&look.candidate);
        self.looks += 1;
        if !self.looks.is_multiple_of(LOOKS_A_MINUTE) {
            return None;
        }
        let minute = std::mem::take(&mut self.minute);
        if good(&minute) {
            self.good += 1;
        } else {
            self.failed += 1;
        }
        if self.failed >= FAILED_CHECKS {
            return Some(false);
        }
        (self.good >= GOOD_CHECKS).then_some(true)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests fit in 52 bits")]
fn good(minute: &Counts) -> bool {
    let succeeded = (minute.requests - minute.failed) as f64;
    let p99 = quantile(&bounds(), &minute.latency, 0.99);
    let fast = p99.is_some_and(|seconds| seconds <= P99_SECONDS);
    minute.requests > 0 && succeeded >= SUCCESS * minute.requests as f64 && fast
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When it decides, in minutes, and what.
    fn decided(requests: u64, failed: u64, bucket: usize) -> Option<(usize, bool)> {
        let mut latency = vec![0; bounds().len() + 1];
        latency[bucket] = requests;
        let candidate = Counts { requests, failed, latency };
        let look = Look { candidate, stable: Counts::default() };
        let mut judge = Flagger::default();
        (1..=20 * LOOKS_A_MINUTE)
            .find_map(|looks| Some((looks / LOOKS_A_MINUTE, judge.look(&look)?)))
    }

    #[test]
    fn five_bad_minutes_or_ten_good_ones() {
        assert_eq!(decided(100, 0, 10), Some((10, true)));
        assert_eq!(decided(100, 2, 10), Some((5, false)));
        assert_eq!(decided(100, 0, 40), Some((5, false)));
        assert_eq!(decided(0, 0, 10), Some((5, false)));
    }
}
