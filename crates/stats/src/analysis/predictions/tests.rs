use crate::{
    Analysis, Floor, Judgement, Plan, PredictionPlan, Predictions, Share, Sight, Snapshot, Stance,
    Verdict, judge,
};
use insta::assert_snapshot;

fn plan(stance: Stance) -> Plan {
    let tenth = Share::try_from(0.1).ok();
    let apart = Floor::try_from(0.5).expect("a floor");
    let predictions = PredictionPlan { moved: tenth, disagree: tenth, apart, stance };
    Plan { latency: Vec::new(), predictions: Some(predictions), ..Plan::default() }
}

/// So many of each tenth between 0 and 1.
fn tenths(counts: [u64; 10]) -> Predictions {
    let number = |tenth: usize| f64::from(u32::try_from(tenth).unwrap_or_default()) / 10.0;
    Predictions::new(counts.iter().enumerate().map(|(tenth, count)| (number(tenth), *count)), [])
}

/// Requests of which none failed.
fn snapshot(requests: u64, predictions: Predictions) -> Snapshot {
    let snapshot = Snapshot::new(requests, 0, vec![0.1], &[requests, requests]);
    snapshot.expect("it is sound").with_predictions(predictions)
}

/// The looks of so many predictions of the candidate in each tenth every time; the stable release's are spread evenly,
/// 200 of them from before.
fn looks(candidate: [u64; 10], count: u64) -> Vec<Sight> {
    let look = |by: u64| Sight {
        candidate: snapshot(100 * by, tenths(candidate.map(|of| of * by))),
        stable: snapshot(300 * by, tenths([20 + 30 * by; 10])),
        readings: Vec::new(),
    };
    (0..=count).map(look).collect()
}

fn judged(stance: Stance, candidate: [u64; 10]) -> Judgement {
    judge(plan(stance), &looks(candidate, 20))
}

const LIKE_IT: [u64; 10] = [10; 10];
/// Every third prediction is in the highest tenth.
const HIGHER: [u64; 10] = [7, 7, 7, 7, 7, 7, 7, 7, 7, 37];

#[test]
fn predictions_that_are_where_they_were_are_fine() {
    assert_snapshot!(judged(Stance::Decides, LIKE_IT), @"inconclusive: disagreement: nothing was seen of the candidate; errors: 0 of 2000 requests (0 %) failed, of the stable release 0 of 6000 requests (0 %); worse by more than 1 point is ruled out; predictions: 400 of 2000 predictions (20 %) are below 0.199, of the stable release 1200 of 6000 predictions (20 %); more by over 10 points is ruled out");
}

#[test]
fn predictions_that_moved_are_told_with_where_and_a_person_is_asked() {
    assert_snapshot!(judged(Stance::Asks, HIGHER), @"inconclusive: predictions: 880 of 2000 predictions (44 %) are 0.797 or more, of the stable release 1200 of 6000 predictions (20 %); that is more by over 10 points, and a person says whether it is meant; errors: 0 of 2000 requests (0 %) failed, of the stable release 0 of 6000 requests (0 %); worse by more than 1 point is ruled out; disagreement: nothing was seen of the candidate");
    assert_eq!(judged(Stance::Decides, HIGHER).verdict, Verdict::Fail);
}

#[test]
fn what_is_not_shown_holds_nothing_up_that_is_only_asked_about() {
    let few = |stance| judge(plan(stance), &looks([0; 10], 20)).verdict;
    assert_eq!((few(Stance::Asks), few(Stance::Decides)), (Verdict::Pass, Verdict::Inconclusive));
}

#[test]
fn a_person_is_asked_once() {
    let mut analysis = Analysis::new(plan(Stance::Asks));
    let verdicts = |analysis: &mut Analysis, looks: &[Sight]| {
        for sight in looks {
            analysis.observe(sight);
        }
        analysis.judgement()
    };
    let looks = looks(HIGHER, 40);
    assert_eq!(verdicts(&mut analysis, &looks[..20]).verdict, Verdict::Inconclusive);
    analysis.next_step();
    let after = verdicts(&mut analysis, &looks[20..]);
    assert_eq!(after.verdict, Verdict::Pass, "{after}");
    assert!(after.to_string().contains("that is more by over 10 points, and was agreed to"));
}

/// The verdict when so many of each hundred predictions are so far from the stable release's.
fn disagreeing(far: u64, distance: f64) -> Judgement {
    let look = |by: u64| {
        let distances = Predictions::new([(0.0, (100 - far) * by), (distance, far * by)], []);
        let mut sight = looks(LIKE_IT, by).remove(usize::try_from(by).unwrap_or_default());
        sight.candidate = sight.candidate.with_distances(distances);
        sight
    };
    let looks: Vec<Sight> = (0..=20).map(look).collect();
    judge(plan(Stance::Decides), &looks)
}

#[test]
fn predictions_that_are_far_from_the_stable_releases_disagree_and_near_ones_do_not() {
    assert_snapshot!(disagreeing(30, 0.4), @"fail: disagreement: 600 of 2000 predictions (30 %) are not those of the stable release for the same requests; that is more than 10 %; errors: 0 of 2000 requests (0 %) failed, of the stable release 0 of 6000 requests (0 %); worse by more than 1 point is ruled out; predictions: 400 of 2000 predictions (20 %) are below 0.199, of the stable release 1200 of 6000 predictions (20 %); more by over 10 points is ruled out");
    // Half of the standard deviation is 0.14.
    assert_eq!(disagreeing(100, 0.1).verdict, Verdict::Pass);
    let one_in_twenty = disagreeing(5, 0.4);
    assert_eq!(one_in_twenty.verdict, Verdict::Pass, "{one_in_twenty}");
}

/// Whether a candidate ever fails that has as much more of one fifth as is allowed, looked at two hundred times.
fn ever_fails(seed: u64) -> bool {
    let mut analysis = Analysis::new(Plan { errors: None, ..plan(Stance::Decides) });
    let (mut state, mut all) = (seed, [[0; 10]; 2]);
    (0..200_u64).any(|look| {
        for roll in 0..30 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            // Of a hundred, 30 are in the two highest tenths of the candidate.
            let percent = usize::try_from((state >> 33) % 100).unwrap_or_default();
            let skewed = if percent < 70 { percent * 8 / 70 } else { 8 + (percent - 70) / 15 };
            let (side, tenth) = if roll < 10 { (0, skewed) } else { (1, percent / 10) };
            all[side][tenth] += 1;
        }
        let [candidate, stable] = all.map(|counts| snapshot(10 * look, tenths(counts)));
        analysis.observe(&Sight { candidate, stable, readings: Vec::new() });
        analysis.judgement().verdict == Verdict::Fail
    })
}

#[test]
fn of_what_moved_as_much_as_is_allowed_one_in_a_hundred_fails_at_most() {
    let failed = (0..200).filter(|seed| ever_fails(*seed)).count();
    assert!(failed <= 2, "{failed} of 200");
}

#[test]
fn stored_and_read_again_it_goes_on_where_it_was() {
    let looks = looks(HIGHER, 20);
    let mut through = Analysis::new(plan(Stance::Asks));
    for sight in &looks {
        through.observe(sight);
        let stored = serde_json::to_string(&through).expect("JSON");
        through = serde_json::from_str(&stored).expect("as it was");
    }
    let at_once = judge(plan(Stance::Asks), &looks);
    assert_eq!(through.judgement().to_string(), at_once.to_string());
}
