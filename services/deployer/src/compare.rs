//! What the router measured of a candidate and of the stable release, as the analysis wants it. Pure.

use crate::content::Content;
use manifest::{
    Analysis, Consequence, Percent, Predictions, ReadingName, Shadow, Strategy, WorseBy,
};
use proto::v1::{self, PredictionStats, ReleaseStats, ShadowCounts, ShadowStats};
use stats::{
    Better, Floor, LatencyPlan, Plan, PredictionPlan, ReadingPlan, Share, Sight, Snapshot, Stance,
};

/// What the router measured of the releases of an environment.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    pub(crate) releases: Vec<ReleaseStats>,
    pub(crate) predictions: Vec<PredictionStats>,
}

/// What a release is judged by while it has a share, or copies; nothing where it has neither.
pub(crate) fn plan_of(content: &Content) -> Option<Plan> {
    let data = content.resolved.drift.data.as_ref();
    let predicts = data.is_some_and(|data| data.capture.prediction.is_some());
    match &content.resolved.strategy {
        Strategy::Canary(canary) => Some(plan_of_canary(&canary.analysis, predicts)),
        Strategy::Shadow(shadow) => Some(plan_of_shadow(shadow, predicts)),
        Strategy::BlueGreen | Strategy::Recreate => None,
    }
}

fn plan_of_canary(analysis: &Analysis, predicts: bool) -> Plan {
    let predictions = predictions(&analysis.predictions).filter(|_| predicts);
    // Both get other requests, so that nothing can disagree.
    let predictions = predictions.map(|plan| PredictionPlan { disagree: None, ..plan });
    Plan { predictions, ..plan(analysis) }
}

/// The same for copies of requests, whose answers are compared as well; where all may differ, nothing is judged of that.
fn plan_of_shadow(shadow: &Shadow, predicts: bool) -> Plan {
    let differences = judged(shadow.differences);
    let predictions = predictions(&shadow.analysis.predictions).filter(|_| predicts);
    Plan { differences, predictions, ..plan(&shadow.analysis) }
}

/// How much worse a candidate may be, as the manifest says.
fn plan(analysis: &Analysis) -> Plan {
    let usual = Plan::default();
    // The manifest's parser lets nothing pass that is out of range.
    let errors = Share::try_from(analysis.errors.worse_by.fraction()).ok();
    let readings = analysis.readings.iter().map(reading).collect();
    Plan { errors: errors.or(usual.errors), latency: latency(analysis), readings, ..usual }
}

/// The quantiles that it asks for.
fn latency(analysis: &Analysis) -> Vec<LatencyPlan> {
    let Analysis { p50, p95, p99, .. } = analysis;
    let all = [(Share::MEDIAN, p50.as_ref()), (Share::P95, Some(p95)), (Share::P99, p99.as_ref())];
    let plan = |(quantile, allowed): (Share, Option<&WorseBy>)| {
        let worse_by = Floor::try_from(allowed?.worse_by.fraction()).unwrap_or(Floor::A_FIFTH);
        Some(LatencyPlan { quantile, worse_by })
    };
    all.into_iter().filter_map(plan).collect()
}

fn reading((name, reading): (&ReadingName, &manifest::Reading)) -> ReadingPlan {
    let least = reading.least.as_f64().and_then(|least| Floor::try_from(least).ok());
    ReadingPlan {
        name: name.to_string(),
        better: match reading.better {
            manifest::Better::Lower => Better::Lower,
            manifest::Better::Higher => Better::Higher,
        },
        worse_by: Floor::try_from(reading.worse_by.fraction()).unwrap_or(Floor::A_FIFTH),
        least: least.unwrap_or_default(),
    }
}

fn predictions(wanted: &Predictions) -> Option<PredictionPlan> {
    let stance = match wanted.then {
        Consequence::Ask => Stance::Asks,
        Consequence::Fail => Stance::Decides,
    };
    let apart = Floor::try_from(wanted.apart.fraction()).ok()?;
    let (moved, disagree) = (judged(wanted.moved), judged(wanted.disagree));
    Some(PredictionPlan { moved, disagree, apart, stance })
}

/// The share that may be otherwise; nothing where all may.
fn judged(allowed: Percent) -> Option<Share> {
    Share::try_from(allowed.fraction()).ok().filter(|_| allowed < Percent::HUNDRED)
}

/// One look at copies, over all routes of an environment: how both did on the same requests.
pub(crate) fn sight_of_copies(copied: &[ShadowStats]) -> Option<Sight> {
    let of = |side: fn(&ShadowStats) -> Option<&ReleaseStats>| {
        let named = |of: &ReleaseStats| ReleaseStats { release: String::new(), ..of.clone() };
        let all: Vec<_> = copied.iter().filter_map(side).map(named).collect();
        snapshot(&all, "")
    };
    let counts = || copied.iter().filter_map(|it| it.counts.as_ref());
    let (compared, different) = (counts().map(read).sum(), counts().map(different).sum());
    let all = |side: fn(&ShadowStats) -> Option<&v1::Predictions>| {
        predicted(copied.iter().filter_map(side))
    };
    let candidate = of(|it| it.candidate.as_ref())?.with_answers(compared, different);
    let candidate = candidate.with_predictions(all(|it| it.candidate_predictions.as_ref()));
    let stable = of(|it| it.stable.as_ref())?;
    Some(Sight {
        candidate: candidate.with_distances(all(|it| it.distances.as_ref())),
        stable: stable.with_predictions(all(|it| it.stable_predictions.as_ref())),
        readings: Vec::new(),
    })
}

/// How many answers were compared as a whole: one of which only the status is known is not shown to be the same.
fn read(counts: &ShadowCounts) -> u64 {
    counts.compared.saturating_sub(counts.unread)
}

/// How many of these differ.
fn different(counts: &ShadowCounts) -> u64 {
    let status = counts.status_different.saturating_sub(counts.unread_status_different);
    status + counts.body_different
}

/// One look at both, over all routes of an environment; nothing when the counters cannot be.
pub(crate) fn sight(measured: &Measured, candidate: &str, stable: &str) -> Option<Sight> {
    let of = |release: &str| {
        let own = measured.predictions.iter().filter(|of| of.release == release);
        let predicted = predicted(own.filter_map(|of| of.predictions.as_ref()));
        Some(snapshot(&measured.releases, release)?.with_predictions(predicted))
    };
    Some(Sight { candidate: of(candidate)?, stable: of(stable)?, readings: Vec::new() })
}

fn predicted<'s>(all: impl Iterator<Item = &'s v1::Predictions>) -> stats::Predictions {
    let mut sum = stats::Predictions::default();
    for of in all {
        let numbers = of.numbers.iter().map(|of| (of.number, of.count));
        let values = of.values.iter().map(|(value, count)| (value.clone(), *count));
        sum.add(&stats::Predictions::new(numbers, values));
    }
    sum
}

fn snapshot(measured: &[ReleaseStats], release: &str) -> Option<Snapshot> {
    let mut own = measured.iter().filter(|of| of.release == release);
    let mut sum = own.next()?.clone();
    for of in own.filter(|of| of.latency_bounds_seconds == sum.latency_bounds_seconds) {
        sum.requests += of.requests;
        sum.status_5xx += of.status_5xx;
        sum.broken_answers += of.broken_answers;
        for (mine, theirs) in sum.latency_counts.iter_mut().zip(&of.latency_counts) {
            *mine += theirs;
        }
    }
    let failed = sum.status_5xx + sum.broken_answers;
    Snapshot::new(sum.requests, failed, sum.latency_bounds_seconds, &sum.latency_counts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(release: &str, requests: u64, failed: u64) -> ReleaseStats {
        ReleaseStats {
            release: release.to_owned(),
            requests,
            status_5xx: failed,
            latency_bounds_seconds: vec![0.1, 1.0],
            latency_counts: vec![requests / 2, requests, requests],
            ..ReleaseStats::default()
        }
    }

    fn predicting(release: &str, number: f64, count: u64) -> PredictionStats {
        let numbers = vec![v1::PredictedNumber { number, count }];
        let predictions = v1::Predictions { numbers, ..v1::Predictions::default() };
        PredictionStats {
            release: release.to_owned(),
            predictions: Some(predictions),
            ..PredictionStats::default()
        }
    }

    #[test]
    fn routes_of_an_environment_are_taken_together() {
        let releases =
            vec![measured("new", 10, 1), measured("old", 100, 2), measured("new", 30, 1)];
        let predictions = vec![predicting("new", 0.5, 3), predicting("old", 0.25, 9)];
        let all = Measured { releases, predictions };
        let wanted = Snapshot::new(40, 2, vec![0.1, 1.0], &[20, 40, 40]).expect("counters");
        let wanted = wanted.with_predictions(stats::Predictions::new([(0.5, 3)], []));
        assert_eq!(sight(&all, "new", "old").map(|sight| sight.candidate), Some(wanted));
        assert_eq!(sight(&all, "new", "older"), None);
    }

    #[test]
    fn copies_of_all_routes_are_taken_together_with_how_they_differ() {
        let copied = |copies: u64, failed: u64| ShadowStats {
            counts: Some(ShadowCounts {
                compared: copies - failed + 7,
                status_different: 4,
                body_different: 2,
                unread: 7,
                unread_status_different: 3,
                ..ShadowCounts::default()
            }),
            candidate: Some(measured("new", copies, failed)),
            stable: Some(measured("", copies, 0)),
            ..ShadowStats::default()
        };
        let sight = sight_of_copies(&[copied(10, 1), copied(30, 0)]).expect("copies");
        let snapshot = |failed| Snapshot::new(40, failed, vec![0.1, 1.0], &[20, 40, 40]);
        let wanted = snapshot(1).expect("counters").with_answers(39, 6);
        assert_eq!((sight.candidate, sight.stable), (wanted, snapshot(0).expect("counters")));
        assert_eq!(sight_of_copies(&[]), None);
    }

    fn strategy(text: &str) -> Strategy {
        let text = format!(
            "app: a\nservices: {{ web: {{ build: . }} }}\nenvironments: {{ p: {{ track: {{ branch: x }}, \
             strategy: {text} }} }}"
        );
        let manifest = manifest::parse(&text).expect("a manifest");
        manifest.environments.values().next().expect("one").strategy.clone()
    }

    fn shadowing(text: &str, predicts: bool) -> Plan {
        let Strategy::Shadow(shadow) = strategy(text) else { panic!("{text}") };
        plan_of_shadow(&shadow, predicts)
    }

    #[test]
    fn latency_is_judged_at_the_quantiles_that_are_named_and_always_at_p95() {
        let quantiles = |analysis: &str| {
            let plan = shadowing(&format!("{{ shadow: {{ analysis: {{ {analysis} }} }} }}"), false);
            let of = |it: &LatencyPlan| (it.quantile.get(), it.worse_by.get());
            plan.latency.iter().map(of).collect::<Vec<_>>()
        };
        assert_eq!(quantiles("errors: 1%"), [(0.95, 0.2)]);
        assert_eq!(quantiles("p50: 10%, p99: 50%"), [(0.5, 0.1), (0.95, 0.2), (0.99, 0.5)]);
    }

    #[test]
    fn where_all_answers_may_differ_that_is_not_judged() {
        let judged = |differences: &str| {
            let plan = shadowing(&format!("{{ shadow: {{ differences: {differences} }} }}"), false);
            plan.differences.map(f64::from)
        };
        assert_eq!((judged("5%"), judged("100%")), (Some(0.05), None));
    }

    #[test]
    fn predictions_are_judged_where_they_are_captured_and_ask_a_person_unless_it_is_said() {
        let plan = |text: &str, predicts| shadowing(text, predicts).predictions;
        assert_eq!(plan("shadow", false), None);
        let usual = plan("shadow", true).expect("judged");
        assert_eq!((usual.moved, usual.stance), (usual.disagree, Stance::Asks));
        let own = "{ shadow: { analysis: { predictions: { moved: 100%, then: fail } } } }";
        let own = plan(own, true).expect("judged");
        assert_eq!((own.moved, own.disagree, own.stance), (None, usual.disagree, Stance::Decides));
        let Strategy::Canary(canary) = strategy("canary") else { panic!("a canary") };
        let of_canary = plan_of_canary(&canary.analysis, true).predictions.expect("judged");
        assert_eq!((of_canary.moved, of_canary.disagree), (usual.moved, None));
    }
}
