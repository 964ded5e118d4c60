use super::*;
use crate::chance::Chance;

/// Ten a decade, from 10 ms to 2.5 s, as the router's.
fn bounds() -> Vec<f64> {
    (0..25).map(|step| 0.01 * 10.0_f64.powf(f64::from(step) / 10.0)).collect()
}

/// Log-normal about 90 ms, so that the p95 is about 200 ms, times `multiple`.
fn requests(count: u32, multiple: f64, chance: &mut Chance) -> Vec<f64> {
    let bounds = bounds();
    let mut counts = vec![0.0; bounds.len() + 1];
    for _ in 0..count {
        let time = 0.09 * multiple * (0.5 * chance.normal()).exp();
        counts[bounds.partition_point(|&bound| bound < time)] += 1.0;
    }
    counts
}

fn observed(looks: u32, multiple: f64, history: u32, seed: u64) -> Latency {
    let chance = &mut Chance::new(seed);
    let history = requests(history, 1.0, chance);
    let mut latency = Latency::new(LatencyPlan::default(), &bounds(), &history);
    for look in 0..looks {
        // A load that comes and goes slows both.
        let load = 1.0 + 0.3 * f64::from(look % 4);
        let candidate = requests(20, multiple * load, chance);
        latency.observe(&bounds(), &candidate, &requests(60, load, chance));
    }
    latency
}

fn reached(runs: u64, looks: u32, multiple: f64, log: impl Fn(&Proportion) -> f64) -> usize {
    let enough =
        |seed: &u64| log(&observed(looks, multiple, 2000, *seed).proportion) >= 20.0_f64.ln();
    (0..runs).filter(enough).count()
}

#[test]
fn slower_by_exactly_what_is_allowed_is_called_worse_no_more_often_than_promised() {
    // 5 % of 200, and three standard deviations more.
    assert!(reached(200, 60, 1.2, Proportion::log_worse) <= 19);
    assert!(reached(200, 60, 1.2, Proportion::log_fine) <= 19);
}

#[test]
fn what_is_twice_as_slow_is_found_and_what_is_the_same_passes() {
    assert!(reached(50, 40, 2.0, Proportion::log_worse) == 50);
    assert!(reached(50, 80, 1.0, Proportion::log_fine) >= 45);
}

#[test]
fn without_history_the_first_requests_of_the_stable_release_are_the_history() {
    let latency = observed(1, 1.0, 0, 1);
    assert_eq!((latency.guess(), latency.proportion.candidate.of), (None, 0.0));
    let latency = observed(4, 1.0, 0, 1);
    assert!(latency.guess().is_some() && latency.proportion.candidate.of > 0.0);
}

#[test]
fn quantiles_are_of_the_same_minutes() {
    let (candidate, stable) = observed(60, 1.5, 2000, 3).quantiles();
    let ratio = candidate.unwrap() / stable.unwrap();
    assert!((1.35..1.65).contains(&ratio), "{ratio}");
}

#[test]
fn buckets_of_another_shape_say_nothing() {
    let mut latency = observed(4, 1.0, 2000, 1);
    let before = latency.clone();
    latency.observe(&[0.1], &[1.0, 1.0], &[1.0, 1.0]);
    assert_eq!(latency, before);
}

#[test]
fn requests_that_come_one_by_one_count_as_much_as_pairs() {
    let chance = &mut Chance::new(5);
    let history = requests(2000, 1.0, chance);
    let start = Latency::new(LatencyPlan::default(), &bounds(), &history);
    let (mut turns, mut pairs, none) = (start.clone(), start, requests(0, 1.0, chance));
    for _ in 0..50 {
        let (mine, theirs) = (requests(1, 1.0, chance), requests(1, 1.0, chance));
        turns.observe(&bounds(), &mine, &none);
        turns.observe(&bounds(), &none, &theirs);
        pairs.observe(&bounds(), &mine, &theirs);
    }
    assert_eq!(turns, pairs);
    assert!(turns.proportion.candidate.of > 49.0);
}
