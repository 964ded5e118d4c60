//! What follows of the predictions of both.

use super::{Analysis, seen, seen_of_one};
use crate::evidence::{Finding, Metric, Stance, Verdict};
use crate::model::{AGREES, Model};
use crate::proportion::Proportion;

impl Analysis {
    /// Where they are, and whether they are the same for the same requests.
    pub(super) fn on_predictions(&self, model: &Model) -> impl Iterator<Item = Finding> {
        let findings = [self.on_moved(model), self.on_disagreement(model)];
        let stance = model.plan.stance;
        findings.into_iter().flatten().map(move |finding| Finding { stance, ..finding })
    }

    /// A person who lets a release go on past what was shown wants it so.
    pub(super) fn accept_predictions(&mut self) {
        let Some(model) = &self.model else { return };
        let asked =
            |finding: Finding| finding.stance == Stance::Asks && finding.verdict == Verdict::Fail;
        if self.on_predictions(model).any(asked) {
            self.model.iter_mut().for_each(Model::is_wanted);
        }
    }

    /// The group that gained most, or the one of which that is least ruled out.
    fn on_moved(&self, model: &Model) -> Option<Finding> {
        let allowed = model.plan.moved?.get();
        let groups = || model.moved.iter().enumerate();
        // Any of them may have gained, so each must show as many times as much.
        let toll = groups().map(|_| 1.0).sum::<f64>().max(1.0).ln();
        let gained = groups().max_by(|a, b| a.1.log_worse().total_cmp(&b.1.log_worse()));
        let gained = gained.filter(|(_, most)| self.is_shown(most.log_worse() - toll));
        let least = || groups().min_by(|a, b| a.1.log_fine().total_cmp(&b.1.log_fine()));
        let nothing = Proportion::new(allowed);
        let (group, proportion) = gained.or_else(least).unwrap_or((0, &nothing));
        let both = (seen(proportion.candidate), seen(proportion.stable));
        let metric = Metric::Predictions(model.name(group));
        let guess = model.guess(group);
        Some(self.on_proportion(metric, (allowed, allowed), (proportion, toll), guess, both))
    }

    fn on_disagreement(&self, model: &Model) -> Option<Finding> {
        let allowed = model.plan.disagree?.get();
        let disagreement = model.disagreement.as_ref()?;
        let both = seen_of_one(disagreement.candidate);
        let proportion = (disagreement, 0.0);
        let metric = Metric::Disagreement;
        Some(self.on_proportion(metric, (allowed, allowed), proportion, Some(AGREES), both))
    }
}

#[cfg(test)]
mod tests;
