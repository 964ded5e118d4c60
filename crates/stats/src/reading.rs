//! A number read of both releases again and again: a sequential t-test. The scale is integrated out with the right
//! Haar measure, the standardised difference has a normal prior; the evidence has a closed form and rises with the
//! t-statistic, therefore it serves one side too. Differences are taken to be independent and about normal.

use crate::plan::{Better, ReadingPlan};
use serde::{Deserialize, Serialize};

/// Precision of the prior of the difference in standard deviations: about one is expected.
const PRECISION: f64 = 1.0;
/// Fewer readings cannot show what they vary by.
const LEAST: u32 = 5;

/// One reading of both, of the same minute.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReadingPair {
    /// Of the candidate.
    pub candidate: f64,
    /// Of the stable release.
    pub stable: f64,
}

/// All evidence so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Readings {
    plan: ReadingPlan,
    /// How much worse than allowed.
    excess: Moments,
    /// The same since it had to be shown anew.
    anew: Moments,
    candidates: f64,
    stables: f64,
    worse: f64,
    fine: f64,
}

impl Readings {
    pub(crate) fn new(plan: ReadingPlan) -> Self {
        Self {
            plan,
            excess: Moments::default(),
            anew: Moments::default(),
            candidates: 0.0,
            stables: 0.0,
            worse: 0.0,
            fine: 0.0,
        }
    }

    /// One pair; what is no number is no reading.
    pub(crate) fn observe(&mut self, pair: ReadingPair) {
        let excess = self.excess_of(pair);
        // A square must fit too.
        if !(excess.abs() < 1e150 && pair.candidate.is_finite() && pair.stable.is_finite()) {
            return;
        }
        self.candidates += pair.candidate;
        self.stables += pair.stable;
        self.excess.add(excess);
        self.anew.add(excess);
        self.worse = self.worse.max(self.excess.log_evidence(1.0));
        self.fine = self.fine.max(self.anew.log_evidence(-1.0));
    }

    pub(crate) fn forget_fine(&mut self) {
        self.fine = 0.0;
        self.anew = Moments::default();
    }

    pub(crate) fn plan(&self) -> &ReadingPlan {
        &self.plan
    }

    pub(crate) fn log_worse(&self) -> f64 {
        self.worse
    }

    pub(crate) fn log_fine(&self) -> f64 {
        self.fine
    }

    /// How many pairs, and the means of both.
    pub(crate) fn means(&self) -> (u32, f64, f64) {
        let count = f64::from(self.excess.count.max(1));
        (self.excess.count, self.candidates / count, self.stables / count)
    }

    /// The mean of how much worse than allowed, and how far the truth may be from it.
    pub(crate) fn difference(&self) -> (f64, f64) {
        self.excess.interval()
    }

    fn excess_of(&self, pair: ReadingPair) -> f64 {
        let relative = self.plan.worse_by.get() * pair.stable.abs();
        let allowed = relative.max(self.plan.least.get());
        match self.plan.better {
            Better::Lower => pair.candidate - pair.stable - allowed,
            Better::Higher => pair.stable - pair.candidate - allowed,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Moments {
    count: u32,
    sum: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.count = self.count.saturating_add(1);
        self.sum += value;
        self.squares += value * value;
    }

    /// Logarithm of the evidence that the mean has the sign of `side`.
    fn log_evidence(&self, side: f64) -> f64 {
        if self.count < LEAST || self.sum * side <= 0.0 || self.squares <= 0.0 {
            return 0.0;
        }
        let count = f64::from(self.count);
        let whole = count + PRECISION;
        let aligned = (self.sum / self.squares.sqrt()).powi(2).min(count);
        (0.5 * (PRECISION / whole).ln() - 0.5 * count * (1.0 - aligned / whole).ln()).max(0.0)
    }

    /// All means that the evidence at 95 % does not exclude.
    fn interval(&self) -> (f64, f64) {
        let count = f64::from(self.count);
        if self.count < LEAST {
            return (self.sum / count.max(1.0), f64::INFINITY);
        }
        let mean = self.sum / count;
        let whole = count + PRECISION;
        let most = whole * (1.0 - (0.05 * 0.05 * PRECISION / whole).powf(1.0 / count));
        let rest = (self.squares - count * mean * mean).max(0.0);
        if most >= count {
            return (mean, f64::INFINITY);
        }
        (mean, (most * rest / (count * (count - most))).sqrt())
    }
}

#[cfg(test)]
mod tests;
