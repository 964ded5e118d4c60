//! The candidate's predictions beside those of the stable release: where they are, and which of them are others for
//! the same requests. By what they are told apart is fixed by what the stable release predicted before.

use crate::block::{Block, Tally};
use crate::evidence::Stance;
use crate::groups::Groups;
use crate::plan::PredictionPlan;
use crate::prediction::{Cut, Predictions};
use crate::proportion::{Guess, Proportion};
use crate::snapshot::{Interval, tally};
use serde::{Deserialize, Serialize};

/// So many predictions of the stable release tell fifths apart.
const LEAST: u64 = 100;
/// What the stable release predicts follows its last so many predictions.
const MEMORY: f64 = 50_000.0;
/// That a release predicts what it did itself needs no showing: it is as good as seen so often in each interval.
const CERTAIN: Tally = Tally { of: 1e6, hits: 0.0 };
/// A release that is like the stable one never disagrees.
pub(crate) const AGREES: Guess = Guess { stable: 0.0, same: 0.0 };

/// See the module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Model {
    pub(crate) plan: PredictionPlan,
    /// What the stable release predicted while there were no groups yet.
    history: Predictions,
    groups: Option<Groups>,
    /// Of each group, whether the candidate has more of it.
    pub(crate) moved: Vec<Proportion>,
    /// Of each group, how much the stable release has of it.
    usual: Vec<Tally>,
    /// Numbers that are further apart disagree.
    tolerance: f64,
    pub(crate) disagreement: Option<Proportion>,
}

impl Model {
    /// Nothing was seen yet.
    pub(crate) fn new(plan: PredictionPlan) -> Self {
        Self {
            plan,
            history: Predictions::default(),
            groups: None,
            moved: Vec::new(),
            usual: Vec::new(),
            tolerance: 0.0,
            disagreement: plan.disagree.map(|allowed| Proportion::new(allowed.get())),
        }
    }

    /// What the stable release predicted before the first look.
    pub(crate) fn begin(&mut self, stable: &Predictions) {
        self.history.add(stable);
        self.tell_apart();
    }

    /// One interval.
    pub(crate) fn observe(&mut self, candidate: &Interval, stable: &Interval) {
        let Some(groups) = &self.groups else { return self.begin(&stable.predictions) };
        let both = [&candidate.predictions, &stable.predictions];
        let [of_candidate, of_stable] = both.map(Predictions::total);
        let [in_candidate, in_stable] = both.map(|predictions| groups.count(predictions));
        let counts = in_candidate.into_iter().zip(in_stable);
        for ((moved, usual), (mine, theirs)) in
            self.moved.iter_mut().zip(&mut self.usual).zip(counts)
        {
            let stable = tally(of_stable, theirs);
            moved.observe(&Block { candidate: tally(of_candidate, mine), stable }, guess(*usual));
            usual.add(stable);
            *usual = usual.limited_to(MEMORY);
        }
        let disagreeing = self.disagreeing(&candidate.distances);
        if let Some(disagreement) = &mut self.disagreement {
            let candidate = tally(candidate.distances.total(), disagreeing);
            disagreement.observe(&Block { candidate, stable: CERTAIN }, AGREES);
        }
    }

    /// What was fine so far has to be shown anew.
    pub(crate) fn forget_fine(&mut self) {
        self.moved.iter_mut().chain(&mut self.disagreement).for_each(Proportion::forget_fine);
    }

    /// Somebody saw it and wants it so.
    pub(crate) fn is_wanted(&mut self) {
        self.plan.stance = Stance::Told;
    }

    /// What the predictions of a group are.
    pub(crate) fn name(&self, group: usize) -> String {
        self.groups.as_ref().map(|groups| groups.name(group)).unwrap_or_default()
    }

    /// What is usual for a group.
    pub(crate) fn guess(&self, group: usize) -> Option<Guess> {
        self.usual.get(group).copied().map(guess)
    }

    fn disagreeing(&self, distances: &Predictions) -> u64 {
        let limit = Cut::of(self.tolerance);
        let far = distances.numbers().filter(|(distance, _)| *distance > limit);
        far.map(|(_, count)| count).chain(distances.values().map(|(_, count)| count)).sum()
    }

    /// As soon as enough is known of the stable release.
    fn tell_apart(&mut self) {
        if self.groups.is_some() || self.history.total() < LEAST {
            return;
        }
        let history = std::mem::take(&mut self.history);
        let groups = Groups::of(&history);
        let of = history.total();
        self.usual = groups.count(&history).into_iter().map(|hits| tally(of, hits)).collect();
        self.tolerance = self.plan.apart.get() * history.deviation();
        if let Some(allowed) = self.plan.moved {
            self.moved = vec![Proportion::new(allowed.get()); groups.len()];
        }
        self.groups = Some(groups);
    }
}

fn guess(usual: Tally) -> Guess {
    let stable = usual.share_near(0.0, 1.0);
    Guess { stable, same: stable }
}
