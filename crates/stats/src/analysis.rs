//! From two snapshots at a time to a verdict: what the deployer calls at each look.

mod predictions;

use crate::block::{Block, Tally};
use crate::evidence::{
    EValue, Evidence, Finding, Interval, Judgement, Metric, Seen, Stance, Verdict,
};
use crate::latency::Latency;
use crate::level::Share;
use crate::model::Model;
use crate::plan::{LatencyPlan, Plan, as_before, several};
use crate::proportion::{Guess, Proportion};
use crate::reading::{ReadingPair, Readings};
use crate::snapshot::Snapshot;
use serde::{Deserialize, Serialize};

/// How often the stable release fails follows its last so many requests,
const MEMORY: f64 = 50_000.0;
/// and before there are any it is taken for one in a hundred,
const USUAL: f64 = 0.01;
/// as if that had been seen so many times.
const BELIEF: f64 = 50.0;
/// That a release answers as it did itself needs no showing: it is as good as seen so often in each interval.
const CERTAIN: f64 = 1e6;
/// A release that is like the stable one never answers differently.
const SAME: Guess = Guess { stable: 0.0, same: 0.0 };

/// What is seen at one look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sight {
    /// Counters of the candidate.
    pub candidate: Snapshot,
    /// Counters of the stable release at the same moment.
    pub stable: Snapshot,
    /// One for each of the plan's, in its order; `None` when there is nothing new.
    pub readings: Vec<Option<ReadingPair>>,
}

/// All that is known so far. It is a value: stored and read again it goes on where it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    plan: Plan,
    last: Option<(Snapshot, Snapshot)>,
    /// Requests of the stable release, from before too.
    recent: Tally,
    errors: Option<Proportion>,
    #[serde(default)]
    differences: Option<Proportion>,
    /// In the order of the plan; none before the beginning.
    #[serde(serialize_with = "as_before", deserialize_with = "several")]
    latency: Vec<Latency>,
    #[serde(default)]
    model: Option<Model>,
    readings: Vec<Readings>,
}

/// What follows from all looks, the first of which is the beginning.
pub fn judge<'a>(plan: Plan, sights: impl IntoIterator<Item = &'a Sight>) -> Judgement {
    let mut analysis = Analysis::new(plan);
    for sight in sights {
        analysis.observe(sight);
    }
    analysis.judgement()
}

impl Analysis {
    /// Nothing was seen yet.
    pub fn new(plan: Plan) -> Self {
        let proportion = |allowed: Option<Share>| allowed.map(|it| Proportion::new(it.get()));
        let (errors, differences) = (proportion(plan.errors), proportion(plan.differences));
        let readings = plan.readings.iter().cloned().map(Readings::new).collect();
        let (last, recent, latency) = (None, Tally::default(), Vec::new());
        let model = plan.predictions.map(Model::new);
        Self { plan, last, recent, errors, differences, latency, model, readings }
    }

    /// One look. The first is the beginning: what the stable release did before tells what is usual for it, what the
    /// candidate did before does not count.
    pub fn observe(&mut self, sight: &Sight) {
        let next = (sight.candidate.clone(), sight.stable.clone());
        match self.last.replace(next) {
            None => self.begin(&sight.stable),
            Some((candidate, stable)) => self.compare(sight, &candidate, &stable),
        }
        for (readings, pair) in self.readings.iter_mut().zip(&sight.readings) {
            if let Some(pair) = pair {
                readings.observe(*pair);
            }
        }
    }

    /// The candidate gets more traffic: that it is fine with that has to be shown anew. Evidence that it is worse stays;
    /// what a person was asked about is not asked again.
    pub fn next_step(&mut self) {
        self.accept_predictions();
        self.model.iter_mut().for_each(Model::forget_fine);
        self.errors.iter_mut().chain(&mut self.differences).for_each(Proportion::forget_fine);
        self.latency.iter_mut().for_each(|latency| latency.proportion.forget_fine());
        self.readings.iter_mut().for_each(Readings::forget_fine);
    }

    /// What follows by now. It may be asked at any moment and as often as one likes.
    pub fn judgement(&self) -> Judgement {
        let errors = self.errors.as_ref().map(|errors| self.on_errors(errors));
        let differences = self.differences.as_ref().map(|all| self.on_differences(all));
        let latency = self.plan.latency.iter().enumerate();
        let latency = latency.map(|(n, plan)| self.on_latency(plan, self.latency.get(n)));
        let latency = differences.into_iter().chain(latency);
        let predictions = self.model.iter().flat_map(|model| self.on_predictions(model));
        let readings = self.readings.iter().map(|readings| self.on_reading(readings));
        Judgement::of(
            errors.into_iter().chain(latency).chain(predictions).chain(readings).collect(),
        )
    }

    fn begin(&mut self, stable: &Snapshot) {
        let history = stable.whole();
        self.recent = history.requests.limited_to(MEMORY);
        let latency = |plan: &LatencyPlan| Latency::new(*plan, stable.bounds(), &history.latency);
        self.latency = self.plan.latency.iter().map(latency).collect();
        self.model.iter_mut().for_each(|model| model.begin(&history.predictions));
    }

    fn compare(&mut self, sight: &Sight, candidate: &Snapshot, stable: &Snapshot) {
        let candidate = sight.candidate.since(candidate);
        let stable = sight.stable.since(stable);
        let guess = self.guess();
        if let Some(errors) = &mut self.errors {
            let block = Block { candidate: candidate.requests, stable: stable.requests };
            errors.observe(&block, guess);
        }
        if let Some(differences) = &mut self.differences {
            let same = Tally { of: CERTAIN, hits: 0.0 };
            differences.observe(&Block { candidate: candidate.answers, stable: same }, SAME);
        }
        let same_shape = sight.candidate.bounds() == sight.stable.bounds();
        for latency in self.latency.iter_mut().filter(|_| same_shape) {
            latency.observe(sight.stable.bounds(), &candidate.latency, &stable.latency);
        }
        self.model.iter_mut().for_each(|model| model.observe(&candidate, &stable));
        self.recent.add(stable.requests);
        self.recent = self.recent.limited_to(MEMORY);
    }

    /// A candidate like the stable release fails as often.
    fn guess(&self) -> Guess {
        let stable = self.recent.share_near(USUAL, BELIEF);
        Guess { stable, same: stable }
    }

    fn on_errors(&self, errors: &Proportion) -> Finding {
        let allowed = self.plan.errors.map_or(0.0, f64::from);
        let both = (seen(errors.candidate), seen(errors.stable));
        let (metric, guess) = (Metric::Errors, Some(self.guess()));
        self.on_proportion(metric, (allowed, allowed), (errors, 0.0), guess, both)
    }

    fn on_differences(&self, differences: &Proportion) -> Finding {
        let both = seen_of_one(differences.candidate);
        let allowed = self.plan.differences.map_or(0.0, f64::from);
        let metric = Metric::Differences;
        self.on_proportion(metric, (allowed, allowed), (differences, 0.0), Some(SAME), both)
    }

    fn on_latency(&self, plan: &LatencyPlan, latency: Option<&Latency>) -> Finding {
        let nothing = Latency::new(*plan, &[], &[]);
        let latency = latency.unwrap_or(&nothing);
        let (candidate, stable) = latency.quantiles();
        let seen = (
            Seen { of: whole(latency.proportion.candidate.of), value: candidate },
            Seen { of: whole(latency.proportion.stable.of), value: stable },
        );
        let (metric, allowed) = (Metric::Latency(plan.quantile), (plan.worse_by.get(), 0.0));
        self.on_proportion(metric, allowed, (&latency.proportion, 0.0), latency.guess(), seen)
    }

    /// `allowed` is what people allow, and the difference of shares that it comes to; of the evidence that it is worse
    /// the toll is taken off.
    fn on_proportion(
        &self,
        metric: Metric,
        allowed: (f64, f64),
        (proportion, toll): (&Proportion, f64),
        guess: Option<Guess>,
        (candidate, stable): (Seen, Seen),
    ) -> Finding {
        let worse = (proportion.log_worse() - toll).max(0.0);
        let verdict = self.verdict(worse, proportion.log_fine());
        let (estimate, width) = proportion.difference();
        let level = self.plan.false_pass;
        let needed = guess.and_then(|guess| proportion.needed(guess, level)).map(rounded);
        let evidence = Evidence {
            candidate,
            stable,
            estimate,
            interval: interval(verdict, estimate, width, allowed.1),
            worse: EValue::of_log(worse),
            fine: EValue::of_log(proportion.log_fine()),
            needed: needed.filter(|_| verdict == Verdict::Inconclusive),
        };
        Finding { metric, allowed: allowed.0, verdict, evidence, stance: Stance::Decides }
    }

    fn on_reading(&self, readings: &Readings) -> Finding {
        let verdict = self.verdict(readings.log_worse(), readings.log_fine());
        let (count, candidate, stable) = readings.means();
        let seen = |value| Seen { of: count.into(), value: (count > 0).then_some(value) };
        let (estimate, width) = readings.difference();
        let evidence = Evidence {
            candidate: seen(candidate),
            stable: seen(stable),
            estimate,
            interval: interval(verdict, estimate, width, 0.0),
            worse: EValue::of_log(readings.log_worse()),
            fine: EValue::of_log(readings.log_fine()),
            needed: None,
        };
        let plan = readings.plan();
        let metric = Metric::Reading(plan.name.clone());
        let (allowed, stance) = (plan.worse_by.get(), Stance::Decides);
        Finding { metric, allowed, verdict, evidence, stance }
    }

    fn verdict(&self, worse: f64, fine: f64) -> Verdict {
        if self.is_shown(worse) {
            Verdict::Fail
        } else if fine >= self.plan.false_pass.log_needed() {
            Verdict::Pass
        } else {
            Verdict::Inconclusive
        }
    }

    /// Whether so much evidence shows that something is worse.
    fn is_shown(&self, worse: f64) -> bool {
        worse >= self.plan.fail_level().log_needed()
    }
}

/// What of one side was seen.
fn seen(tally: Tally) -> Seen {
    Seen { of: whole(tally.of), value: (tally.of > 0.0).then(|| tally.share()) }
}

/// The same, where the other side is known: it never differs from itself.
fn seen_of_one(tally: Tally) -> (Seen, Seen) {
    let candidate = seen(tally);
    (candidate, Seen { value: candidate.value.map(|_| 0.0), ..candidate })
}

/// What the exact evidence has shown, or has not, counts more than the approximate interval.
fn interval(verdict: Verdict, estimate: f64, width: f64, allowed: f64) -> Interval {
    let (low, high) = (estimate - width, estimate + width);
    let (low, high) = match verdict {
        Verdict::Fail => (low.max(allowed), high.max(allowed)),
        Verdict::Pass => (low.min(allowed), high.min(allowed)),
        Verdict::Inconclusive => (low.min(allowed), high.max(allowed)),
    };
    let known = |bound: f64| bound.is_finite().then_some(bound);
    Interval { low: known(low), high: known(high) }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
fn whole(count: f64) -> u64 {
    count.max(0.0).round() as u64
}

/// To two digits, upwards: more would pretend to know.
fn rounded(count: f64) -> u64 {
    let unit = 10.0_f64.powf(count.max(10.0).log10().floor() - 1.0);
    whole((count / unit).ceil() * unit)
}

#[cfg(test)]
mod tests;
