//! Several bets at once: wealth that starts as 1 and is multiplied by the evidence of each interval. Under the null
//! hypothesis it ever reaches 1/a with probability a at most (Ville), so it may be looked at at any moment.

use serde::{Deserialize, Serialize};

/// One interval multiplies wealth by 20 at most: the logarithm of that. Requests of one moment have more in common than
/// is known, so that no single interval decides.
const MOST_AT_ONCE: f64 = 3.0;

/// Wealth of some bets. Part of it waits and enters later, a share of 1/((k+1)(k+2)) in interval k, so that a strange
/// interval does not silence a bet for ever and what turns bad late is seen too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mixture {
    /// Logarithms; empty before the first interval.
    wealth: Vec<f64>,
    intervals: u32,
    /// The most there ever was.
    best: f64,
}

impl Default for Mixture {
    fn default() -> Self {
        Self { wealth: Vec::new(), intervals: 0, best: 0.0 }
    }
}

impl Mixture {
    /// One interval: the logarithm of the evidence of each bet. Their number must not change.
    pub(crate) fn observe(&mut self, evidence: &[f64]) {
        let interval = f64::from(self.intervals);
        let share = -((interval + 1.0) * (interval + 2.0)).ln() - count(evidence).ln();
        self.wealth.resize(evidence.len(), f64::NEG_INFINITY);
        for (wealth, log) in self.wealth.iter_mut().zip(evidence) {
            *wealth = log_sum([*wealth, share]) + log.min(MOST_AT_ONCE);
        }
        self.intervals = self.intervals.saturating_add(1);
        self.best = self.best.max(self.log_value());
    }

    /// Logarithm of all wealth, with what waits.
    pub(crate) fn log_value(&self) -> f64 {
        let waiting = -(f64::from(self.intervals) + 1.0).ln();
        log_sum(self.wealth.iter().copied().chain([waiting]))
    }

    /// Logarithm of the most there ever was.
    pub(crate) fn log_best(&self) -> f64 {
        self.best
    }
}

#[expect(clippy::cast_precision_loss, reason = "a handful of bets")]
fn count(bets: &[f64]) -> f64 {
    bets.len().max(1) as f64
}

/// Logarithm of the sum of what `logs` are logarithms of.
fn log_sum(logs: impl IntoIterator<Item = f64> + Clone) -> f64 {
    let most = logs.clone().into_iter().fold(f64::NEG_INFINITY, f64::max);
    if most.is_infinite() {
        return most;
    }
    most + logs.into_iter().map(|log| (log - most).exp()).sum::<f64>().ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wealth_is_kept_when_nothing_is_told() {
        let mut mixture = Mixture::default();
        for _ in 0..100 {
            mixture.observe(&[0.0, 0.0, 0.0]);
            assert!(mixture.log_value().abs() < 1e-12);
        }
    }

    #[test]
    fn it_begins_with_half_of_the_wealth_divided() {
        let mut mixture = Mixture::default();
        mixture.observe(&[3.0_f64.ln(), 5.0_f64.ln()]);
        assert!((mixture.log_value().exp() - (0.25 * 3.0 + 0.25 * 5.0 + 0.5)).abs() < 1e-12);
    }

    #[test]
    fn one_bad_interval_is_recovered_from() {
        let mut mixture = Mixture::default();
        mixture.observe(&[-1e6]);
        (0..20).for_each(|_| mixture.observe(&[1.0]));
        assert!(mixture.log_value() > 15.0, "{}", mixture.log_value());
    }

    #[test]
    fn no_single_interval_decides() {
        let mut mixture = Mixture::default();
        mixture.observe(&[1e9]);
        assert!(mixture.log_value() < 20.0_f64.ln());
    }

    #[test]
    fn the_best_is_remembered() {
        let mut mixture = Mixture::default();
        mixture.observe(&[2.0]);
        let best = mixture.log_best();
        mixture.observe(&[-50.0]);
        assert!(mixture.log_best() >= best && mixture.log_value() < 1.0);
    }
}
