//! The difference of two proportions, each interval for itself so that changing load cannot fool it, and an interval
//! around it that holds at every moment: Mantel-Haenszel weights, the normal mixture of Robbins. The interval is
//! asymptotic and for people; verdicts rest on the exact evidence of `block`.

use crate::block::Block;
use serde::{Deserialize, Serialize};

/// The boundary is tightest at about so many pairs of requests.
const TIGHTEST_AT: f64 = 1000.0;
/// By this much is the variance divided that the boundary is tuned to, for 95 %.
const TUNING: f64 = 8.0;
/// Wrong at most this often, at any moment.
const LEVEL: f64 = 0.05;

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spread {
    weight: f64,
    sum: f64,
    variance: f64,
    tuning: f64,
}

impl Spread {
    /// One interval; what the shares of the two sides are about is `candidate` and `stable`.
    pub(crate) fn observe(&mut self, block: &Block, candidate: f64, stable: f64) {
        let (candidates, stables) = (block.candidate.of, block.stable.of);
        if candidates <= 0.0 || stables <= 0.0 {
            return;
        }
        let weight = candidates * stables / (candidates + stables);
        let noise = candidate * (1.0 - candidate) / candidates + stable * (1.0 - stable) / stables;
        if self.tuning == 0.0 {
            self.tuning = (TIGHTEST_AT * stable * (1.0 - stable) / TUNING).max(1e-9);
        }
        self.weight += weight;
        self.sum += weight * (block.candidate.share() - block.stable.share());
        self.variance += weight * weight * noise;
    }

    /// The difference, drawn towards `guess` as if that had been seen in `weight` pairs.
    pub(crate) fn difference_near(&self, guess: f64, weight: f64) -> f64 {
        (self.sum + guess * weight) / (self.weight + weight)
    }

    /// The difference; 0 without requests.
    pub(crate) fn difference(&self) -> f64 {
        if self.weight > 0.0 { self.sum / self.weight } else { 0.0 }
    }

    /// How far the truth may be from it.
    pub(crate) fn half_width(&self) -> f64 {
        if self.weight <= 0.0 {
            return 1.0;
        }
        let whole = self.variance + self.tuning;
        let boundary = (whole * (whole / (self.tuning * LEVEL * LEVEL)).ln()).sqrt();
        (boundary / self.weight).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Tally;

    fn block(candidate: (f64, f64), stable: (f64, f64)) -> Block {
        let tally = |(of, hits)| Tally { of, hits };
        Block { candidate: tally(candidate), stable: tally(stable) }
    }

    #[test]
    fn load_that_moves_between_releases_does_not_fool_it() {
        // In a bad minute the candidate has most of the traffic, in a good one little: pooled, it would look ten
        // times worse. Each minute for itself says that there is no difference.
        let mut spread = Spread::default();
        spread.observe(&block((900.0, 90.0), (100.0, 10.0)), 0.1, 0.1);
        spread.observe(&block((100.0, 0.0), (900.0, 0.0)), 0.1, 0.1);
        assert!(spread.difference().abs() < 1e-12);
    }

    #[test]
    fn it_narrows_with_what_is_seen_and_knows_nothing_before() {
        let mut spread = Spread::default();
        assert!((spread.half_width() - 1.0).abs() < 1e-12);
        let mut last = 1.0;
        for _ in 0..50 {
            spread.observe(&block((100.0, 5.0), (900.0, 45.0)), 0.05, 0.05);
            assert!(spread.half_width() < last);
            last = spread.half_width();
        }
    }
}
