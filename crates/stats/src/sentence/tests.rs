use crate::{Better, Floor, Plan, ReadingPair, ReadingPlan, Share, Sight, Snapshot, judge};
use insta::assert_snapshot;

fn snapshot(requests: u64, failed: u64, slow: u64) -> Snapshot {
    let bounds = vec![0.1, 0.2, 0.25, 0.4];
    let below = requests - slow;
    let cumulative = [requests / 2, below, below + slow * 3 / 4, requests, requests];
    Snapshot::new(requests, failed, bounds, &cumulative).unwrap()
}

/// Twenty looks: requests, failed and slow of both at each.
fn said(candidate: [u64; 3], stable: [u64; 3]) -> String {
    let look = |by: u64| {
        let [requests, failed, slow] = candidate.map(|count| count * by);
        let candidate = snapshot(requests, failed, slow);
        let [requests, failed, slow] = stable.map(|count| count * by);
        let stable = snapshot(5000 + requests, 20 + failed, 250 + slow);
        Sight { candidate, stable, readings: Vec::new() }
    };
    let looks: Vec<Sight> = (0..=20).map(look).collect();
    judge(Plan::default(), &looks).to_string()
}

#[test]
fn a_candidate_that_fails_more() {
    assert_snapshot!(said([41, 2, 2], [370, 1, 18]), @"fail: errors: 40 of 820 requests (4.88 %) failed, of the stable release 20 of 7400 requests (0.27 %); that is worse by more than 1 point; p95: 200 ms over 820 requests, 200 ms over 7400 of the stable release; slower by more than 20 % is ruled out");
}

#[test]
fn a_candidate_that_is_slower() {
    assert_snapshot!(said([100, 0, 30], [900, 4, 45]), @"fail: p95: 300 ms over 2000 requests, 200 ms over 18000 of the stable release; that is slower by more than 20 %; errors: 0 of 2000 requests (0 %) failed, of the stable release 80 of 18000 requests (0.44 %); worse by more than 1 point is ruled out");
}

#[test]
fn a_candidate_that_is_fine() {
    assert_snapshot!(said([100, 0, 5], [900, 4, 45]), @"pass: errors: 0 of 2000 requests (0 %) failed, of the stable release 80 of 18000 requests (0.44 %); worse by more than 1 point is ruled out; p95: 200 ms over 2000 requests, 200 ms over 18000 of the stable release; slower by more than 20 % is ruled out");
}

#[test]
fn a_candidate_with_little_traffic() {
    assert_snapshot!(said([1, 0, 0], [9, 0, 0]), @"inconclusive: errors: 0 of 20 requests (0 %) failed, of the stable release 0 of 180 requests (0 %); too little to tell whether that is worse by more than 1 point, some 590 requests more may show it; p95: 190 ms over 20 requests, 190 ms over 180 of the stable release; too little to tell whether that is slower by more than 20 %, some 230 requests more may show it");
}

#[test]
fn a_candidate_without_traffic() {
    assert_snapshot!(said([0, 0, 0], [9, 0, 0]), @"inconclusive: errors: nothing was seen of the candidate; p95: nothing was seen of the candidate");
    assert_snapshot!(judge(Plan { errors: None, latency: Vec::new(), ..Plan::default() }, &[]), @"inconclusive: nothing is compared");
}

#[test]
fn answers_that_differ() {
    let plan = Plan {
        errors: None,
        latency: Vec::new(),
        differences: Share::try_from(0.01).ok(),
        ..Plan::default()
    };
    let look = |by: u64| {
        let candidate = snapshot(50 * by, 0, 0).with_answers(49 * by, 5 * by);
        Sight { candidate, stable: snapshot(50 * by, 0, 0), readings: Vec::new() }
    };
    let looks: Vec<Sight> = (0..=8).map(look).collect();
    assert_snapshot!(judge(plan.clone(), &looks), @"fail: differences: 40 of 392 answers (10.2 %) are not those of the stable release; that is more than 1 %");
    assert_snapshot!(judge(plan, &looks[..1]), @"inconclusive: differences: nothing was seen of the candidate");
}

#[test]
fn readings() {
    let queue = ReadingPlan {
        name: "queue length".to_owned(),
        better: Better::Lower,
        worse_by: Floor::A_FIFTH,
        least: Floor::default(),
    };
    let plan = Plan { errors: None, latency: Vec::new(), readings: vec![queue], ..Plan::default() };
    let said = |candidate: f64| {
        let sight = |by: u32| {
            let wobble = f64::from(by % 3);
            let pair = ReadingPair { candidate: candidate + wobble, stable: 12.0 - wobble };
            let none = snapshot(0, 0, 0);
            Sight { candidate: none.clone(), stable: none, readings: vec![Some(pair)] }
        };
        judge(plan.clone(), &(0..14).map(sight).collect::<Vec<_>>()).to_string()
    };
    assert_snapshot!(said(20.0), @"fail: queue length: 20.9 on average of 14 readings, 11.1 of the stable release; that is worse by more than 20 %");
    assert_snapshot!(said(8.5), @"pass: queue length: 9.43 on average of 14 readings, 11.1 of the stable release; worse by more than 20 % is ruled out");
    assert_snapshot!(said(12.5), @"inconclusive: queue length: 13.4 on average of 14 readings, 11.1 of the stable release; too little to tell whether that is worse by more than 20 %");
}
