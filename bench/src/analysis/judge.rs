//! What a judge of releases says after each look, and ours.

use super::traffic::{Counts, Look, bounds};
use stats::{Analysis, Plan, Sight, Snapshot, Verdict};

/// Told of each look in turn, it may decide once.
pub(crate) trait Judge {
    /// `Some(true)` lets the candidate pass, `Some(false)` sends it back.
    fn look(&mut self, look: &Look) -> Option<bool>;
}

/// Ours, with the defaults of the manifest.
#[derive(Debug)]
pub(crate) struct Ours {
    analysis: Analysis,
    candidate: Counts,
    stable: Counts,
    bounds: Vec<f64>,
    /// Otherwise it looks on, for a fault that is found later.
    ends_with_pass: bool,
}

impl Ours {
    /// `history` is what the stable release did before.
    pub(crate) fn new(history: &Counts, ends_with_pass: bool) -> Self {
        let mut none = Counts::default();
        none.latency.resize(history.latency.len(), 0);
        let analysis = Analysis::new(Plan::default());
        let (candidate, stable, bounds) = (none, history.clone(), bounds());
        let mut ours = Self { analysis, candidate, stable, bounds, ends_with_pass };
        ours.observe();
        ours
    }

    fn observe(&mut self) {
        let sight = Sight {
            candidate: snapshot(&self.candidate, &self.bounds),
            stable: snapshot(&self.stable, &self.bounds),
            readings: Vec::new(),
        };
        self.analysis.observe(&sight);
    }
}

impl Judge for Ours {
    fn look(&mut self, look: &Look) -> Option<bool> {
        self.candidate.add(&look.candidate);
        self.stable.add(&look.stable);
        self.observe();
        match self.analysis.judgement().verdict {
            Verdict::Pass => self.ends_with_pass.then_some(true),
            Verdict::Fail => Some(false),
            Verdict::Inconclusive => None,
        }
    }
}

fn snapshot(counts: &Counts, bounds: &[f64]) -> Snapshot {
    let mut below = 0;
    let cumulative: Vec<u64> = counts
        .latency
        .iter()
        .map(|count| {
            below += count;
            below
        })
        .collect();
    Snapshot::new(counts.requests, counts.failed, bounds.to_vec(), &cumulative)
        .expect("simulated counters are sound")
}
