use super::*;
use crate::level::Share;
use crate::plan::{Better, Floor, ReadingPlan};
use proptest::prelude::*;

/// Of so many requests so many fail, each twentieth is slow.
fn snapshot(requests: u64, failed: u64) -> Snapshot {
    let below = requests - requests / 20;
    Snapshot::new(requests, failed, vec![0.1, 0.2, 0.4], &[requests / 2, below, requests, requests])
        .unwrap()
}

fn sight(candidate: (u64, u64), stable: (u64, u64)) -> Sight {
    let (candidate, stable) = (snapshot(candidate.0, candidate.1), snapshot(stable.0, stable.1));
    Sight { candidate, stable, readings: Vec::new() }
}

/// Twenty looks with so many more of each every time.
fn looked(candidate: (u64, u64), stable: (u64, u64)) -> Vec<Sight> {
    let times = |(of, hits): (u64, u64), by: u64| (of * by, hits * by);
    let before = |(of, hits)| (of + 5000, hits + 20);
    let look = |by| sight(times(candidate, by), before(times(stable, by)));
    (0..=20).map(look).collect()
}

fn verdicts(judgement: &Judgement) -> Vec<Verdict> {
    judgement.findings.iter().map(|finding| finding.verdict).collect()
}

#[test]
fn without_data_there_is_no_verdict() {
    assert_eq!(judge(Plan::default(), &[]).verdict, Verdict::Inconclusive);
    let nothing = vec![sight((0, 0), (0, 0)); 50];
    assert_eq!(judge(Plan::default(), &nothing).verdict, Verdict::Inconclusive);
    let alone = looked((0, 0), (900, 9));
    assert_eq!(judge(Plan::default(), &alone).verdict, Verdict::Inconclusive);
    let unmeasured = Plan { errors: None, latency: Vec::new(), ..Plan::default() };
    assert_eq!(judge(unmeasured, &looked((100, 0), (900, 0))).verdict, Verdict::Inconclusive);
}

#[test]
fn one_metric_that_is_worse_is_enough() {
    let judgement = judge(Plan::default(), &looked((100, 6), (900, 9)));
    assert_eq!(verdicts(&judgement), [Verdict::Fail, Verdict::Pass]);
    assert_eq!(judgement.verdict, Verdict::Fail);
    let judgement = judge(Plan::default(), &looked((100, 0), (900, 4)));
    assert_eq!(judgement.verdict, Verdict::Pass);
}

#[test]
fn requests_of_our_own_that_go_to_the_two_in_turn_count_each() {
    // One a second, as often as there is a look.
    let look = |n: u64| sight((n / 2, 0), (5000 + n.div_ceil(2), 20));
    let looks: Vec<Sight> = (0..=1200).map(look).collect();
    let judgement = judge(Plan::default(), &looks);
    assert_eq!(judgement.verdict, Verdict::Pass, "{judgement}");
    let look = |n: u64| sight((n / 2, n / 10), (5000 + n.div_ceil(2), 20));
    let looks: Vec<Sight> = (0..=200).map(look).collect();
    assert_eq!(judge(Plan::default(), &looks).verdict, Verdict::Fail);
}

/// The verdict when so many of each hundred answers differ, of which a hundredth may.
fn differing(different: u64, looks: u64) -> Verdict {
    let plan = Plan { differences: Share::try_from(0.01).ok(), ..Plan::default() };
    let look = |by: u64| {
        let seen = snapshot(100 * by, 0);
        let candidate = seen.clone().with_answers(100 * by, different * by);
        Sight { candidate, stable: seen, readings: Vec::new() }
    };
    let looks: Vec<Sight> = (0..=looks).map(look).collect();
    judge(plan, &looks).verdict
}

#[test]
fn answers_that_differ_are_worse_and_the_same_ones_are_fine() {
    assert_eq!(differing(10, 3), Verdict::Fail);
    assert_eq!(differing(0, 20), Verdict::Pass);
    assert_eq!(differing(0, 1), Verdict::Inconclusive);
}

/// Whether a candidate ever fails of whose answers as many differ as is allowed, looked at two hundred times.
fn ever_fails(seed: u64) -> bool {
    let differences = Share::try_from(0.05).ok();
    let mut analysis =
        Analysis::new(Plan { errors: None, latency: Vec::new(), differences, ..Plan::default() });
    let (mut state, mut different) = (seed, 0);
    (1..=200_u64).any(|look| {
        for _ in 0..10 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            different += u64::from((state >> 33).is_multiple_of(20));
        }
        let seen = snapshot(10 * look, 0);
        let candidate = seen.clone().with_answers(10 * look, different);
        analysis.observe(&Sight { candidate, stable: seen, readings: Vec::new() });
        analysis.judgement().verdict == Verdict::Fail
    })
}

#[test]
fn of_what_differs_as_much_as_is_allowed_one_in_a_hundred_fails_at_most() {
    let failed = (0..500).filter(|seed| ever_fails(*seed)).count();
    assert!(failed <= 5, "{failed} of 500");
}

#[test]
fn what_the_candidate_did_before_does_not_count() {
    let look = |by: u64| sight((400 + 100 * by, 400), (5000 + 900 * by, 20 + 4 * by));
    let looks: Vec<Sight> = (0..=20).map(look).collect();
    assert_eq!(judge(Plan::default(), &looks).verdict, Verdict::Pass);
}

#[test]
fn a_verdict_stays_whatever_comes_and_a_fault_found_late_still_counts() {
    let mut analysis = Analysis::new(Plan::default());
    for sight in looked((100, 0), (900, 4)) {
        analysis.observe(&sight);
    }
    assert_eq!(analysis.judgement().verdict, Verdict::Pass);
    analysis.next_step();
    assert_eq!(analysis.judgement().verdict, Verdict::Inconclusive);
    for by in 1..=20 {
        analysis.observe(&sight((2000 + 100 * by, 30 * by), (23000 + 900 * by, 100 + 4 * by)));
    }
    assert_eq!(analysis.judgement().verdict, Verdict::Fail);
}

#[test]
fn stored_and_read_again_it_goes_on_where_it_was() {
    let looks = looked((7, 1), (60, 1));
    let mut through = Analysis::new(Plan::default());
    for sight in &looks {
        through.observe(sight);
        let stored = serde_json::to_string(&through).unwrap();
        through = serde_json::from_str(&stored).unwrap();
    }
    assert_eq!(through.judgement().to_string(), judge(Plan::default(), &looks).to_string());
}

#[test]
fn more_metrics_need_more_evidence_to_fail() {
    let reading = |name: &str| ReadingPlan {
        name: name.to_owned(),
        better: Better::Lower,
        worse_by: Floor::A_FIFTH,
        least: Floor::default(),
    };
    let alone = Plan { latency: Vec::new(), ..Plan::default() };
    let many = Plan { readings: ["a", "b", "c"].map(reading).to_vec(), ..alone.clone() };
    assert!(many.fail_level() < alone.fail_level());
    assert!((many.fail_level().get() - 0.0025).abs() < 1e-12);
}

#[test]
fn at_two_hundred_a_second_five_percent_errors_go_back_within_ten_looks_of_a_second() {
    let look = |by: u64| sight((20 * by, by), (10_000 + 180 * by, 10));
    let looks: Vec<Sight> = (0..=10).map(look).collect();
    assert_eq!(judge(Plan::default(), &looks).verdict, Verdict::Fail);
}

#[test]
fn the_interval_does_not_contradict_the_verdict() {
    for (candidate, stable) in [((100, 6), (900, 9)), ((100, 0), (900, 4)), ((5, 1), (45, 0))] {
        let finding = judge(Plan::default(), &looked(candidate, stable)).findings.remove(0);
        let Interval { low: Some(low), high: Some(high) } = finding.evidence.interval else {
            panic!("shares have an interval")
        };
        match finding.verdict {
            Verdict::Fail => assert!(low >= Share::ONE_PERCENT.get()),
            Verdict::Pass => assert!(high <= Share::ONE_PERCENT.get()),
            Verdict::Inconclusive => assert!(low <= 0.01 && high >= 0.01),
        }
        assert!(low <= finding.evidence.estimate && finding.evidence.estimate <= high);
    }
}

prop_compose! {
    fn any_snapshot()(
        requests in any::<u32>(), failed in any::<u32>(), mut counts in prop::array::uniform4(any::<u32>()),
    ) -> Snapshot {
        counts.sort_unstable();
        Snapshot::new(requests.into(), failed.into(), vec![0.1, 0.2, 0.4], &counts.map(u64::from)).unwrap()
    }
}

proptest! {
    #[test]
    fn whatever_the_counters_say_there_are_numbers_and_a_sentence(
        looks in prop::collection::vec((any_snapshot(), any_snapshot()), 0..12),
    ) {
        let looks: Vec<Sight> = looks
            .into_iter()
            .map(|(candidate, stable)| Sight { candidate, stable, readings: vec![None] })
            .collect();
        let judgement = judge(Plan::default(), &looks);
        for finding in &judgement.findings {
            let Evidence { estimate, worse, fine, .. } = finding.evidence;
            prop_assert!(estimate.is_finite() && worse.get().is_finite() && fine.get().is_finite());
            prop_assert!(worse.get() >= 1.0 - 1e-9 && fine.get() >= 1.0 - 1e-9);
        }
        prop_assert!(!judgement.to_string().contains("NaN"));
    }
}

#[test]
fn what_was_stored_with_one_quantile_or_none_goes_on_and_several_are_judged() {
    let stored = |analysis: &Analysis| serde_json::to_value(analysis).expect("JSON");
    let before = stored(&Analysis::new(Plan::default()));
    assert!(before["plan"]["latency"].is_object(), "a program of before reads it: {before}");
    assert_eq!(before["latency"], serde_json::Value::Null);
    let read: Analysis = serde_json::from_value(before).expect("as it was stored before");
    assert_eq!(read, Analysis::new(Plan::default()));
    let p99 = LatencyPlan { quantile: Share::P99, ..LatencyPlan::default() };
    let both =
        Analysis::new(Plan { latency: vec![LatencyPlan::default(), p99], ..Plan::default() });
    assert!(stored(&both)["plan"]["latency"].is_array());
    let judged: Vec<_> = both.judgement().findings.iter().map(|it| it.metric.to_string()).collect();
    assert_eq!(judged, ["errors", "p95", "p99"]);
}
