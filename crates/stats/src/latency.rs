//! A quantile of latency as two proportions: slower than the stable release's quantile, and slower than that by more
//! than is allowed. A candidate slower by exactly what is allowed has the same share above the later time.

use crate::block::{Block, Tally};
use crate::histogram::{Cut, quantile};
use crate::plan::LatencyPlan;
use crate::proportion::{Guess, Proportion};
use serde::{Deserialize, Serialize};

/// Where slow begins follows the last so many requests of the stable release.
const MEMORY: f64 = 20_000.0;
/// What the quantile itself promises counts as so many requests.
const PROMISE: f64 = 50.0;

/// All evidence so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Latency {
    plan: LatencyPlan,
    bounds: Vec<f64>,
    /// Of the stable release, by bucket.
    recent: Vec<f64>,
    /// Shares by bucket, each interval weighted alike on both sides.
    candidate: Vec<f64>,
    stable: Vec<f64>,
    /// What came, by bucket, since one side has had no request.
    #[serde(default)]
    open: Option<(Vec<f64>, Vec<f64>)>,
    pub(crate) proportion: Proportion,
}

impl Latency {
    /// `history` is what was seen of the stable release before, by bucket.
    pub(crate) fn new(plan: LatencyPlan, bounds: &[f64], history: &[f64]) -> Self {
        let none = vec![0.0; history.len()];
        let mut latency = Self {
            plan,
            bounds: bounds.to_vec(),
            recent: none.clone(),
            candidate: none.clone(),
            stable: none,
            open: None,
            proportion: Proportion::new(0.0),
        };
        latency.remember(history);
        latency
    }

    /// One interval. With buckets of another shape it says nothing. It lasts until both sides had a request, and where
    /// slow begins is chosen from what came before it.
    pub(crate) fn observe(&mut self, bounds: &[f64], candidate: &[f64], stable: &[f64]) {
        if bounds != self.bounds {
            return;
        }
        let (mut mine, mut theirs) = self.open.take().unwrap_or_default();
        add(&mut mine, candidate);
        add(&mut theirs, stable);
        if let Some((cut, guess)) = self.cut() {
            let of = |counts: &[f64]| counts.iter().sum::<f64>();
            let block = Block {
                candidate: Tally { of: of(&mine), hits: cut.slow_candidate(&mine) },
                stable: Tally { of: of(&theirs), hits: cut.slow_stable(&theirs) },
            };
            if block.is_one_sided() {
                self.open = Some((mine, theirs));
                return;
            }
            self.proportion.observe(&block, guess);
        }
        self.weigh(&mine, &theirs);
        self.remember(&theirs);
    }

    /// What is likely now; `None` when too little is known.
    pub(crate) fn guess(&self) -> Option<Guess> {
        self.cut().map(|(_, guess)| guess)
    }

    /// The quantiles of candidate and stable release, in seconds.
    pub(crate) fn quantiles(&self) -> (Option<f64>, Option<f64>) {
        let of = |shares: &[f64]| quantile(&self.bounds, shares, self.plan.quantile.get());
        (of(&self.candidate), of(&self.stable))
    }

    fn cut(&self) -> Option<(Cut, Guess)> {
        let quantile = self.plan.quantile.get();
        let multiple = 1.0 + self.plan.worse_by.get();
        let cut = Cut::choose(&self.bounds, &self.recent, quantile, multiple)?;
        let of = self.recent.iter().sum();
        let near = |hits| Tally { of, hits }.share_near(1.0 - quantile, PROMISE);
        let stable = near(cut.slow_stable(&self.recent));
        let same = Tally { of, hits: cut.slow_candidate(&self.recent) }.share_near(stable, 1.0);
        Some((cut, Guess { stable, same }))
    }

    fn weigh(&mut self, candidate: &[f64], stable: &[f64]) {
        let (candidates, stables) = (candidate.iter().sum::<f64>(), stable.iter().sum::<f64>());
        if candidates <= 0.0 || stables <= 0.0 {
            return;
        }
        let weight = candidates * stables / (candidates + stables);
        let weighted = |shares: &mut [f64], counts: &[f64], of: f64| {
            shares.iter_mut().zip(counts).for_each(|(share, count)| *share += weight * count / of);
        };
        weighted(&mut self.candidate, candidate, candidates);
        weighted(&mut self.stable, stable, stables);
    }

    fn remember(&mut self, stable: &[f64]) {
        add(&mut self.recent, stable);
        let total: f64 = self.recent.iter().sum();
        if total > MEMORY {
            self.recent.iter_mut().for_each(|count| *count *= MEMORY / total);
        }
    }
}

fn add(sum: &mut Vec<f64>, counts: &[f64]) {
    sum.resize(counts.len(), 0.0);
    sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
}

#[cfg(test)]
mod tests;
