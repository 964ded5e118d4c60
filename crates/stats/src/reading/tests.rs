//! References were computed with scipy 1.17 by integrating the likelihood over scale and difference.

use super::*;
use crate::chance::Chance;
use crate::plan::Floor;
use proptest::prelude::*;

fn readings(better: Better, worse_by: f64) -> Readings {
    let worse_by = Floor::try_from(worse_by).unwrap();
    let (name, least) = ("queue".to_owned(), Floor::default());
    Readings::new(ReadingPlan { name, better, worse_by, least })
}

fn of(excesses: &[f64]) -> Moments {
    let mut moments = Moments::default();
    for excess in excesses {
        moments.add(*excess);
    }
    moments
}

#[test]
fn it_agrees_with_numbers_computed_elsewhere() {
    let cases: [(&[f64], f64); 3] = [
        (&[1.2, 0.4, 0.9, 2.0, 1.1, 0.7], 2.630_344_411_9),
        (&[0.3, -0.2, 0.5, 0.1, 0.9, -0.4, 0.8, 0.2], 0.125_404_969_6),
        (&[5.0, 5.1, 4.9, 5.05, 4.95], 3.581_020_687_0),
    ];
    for (excesses, reference) in cases {
        let told = of(excesses).log_evidence(1.0);
        assert!((told - reference).abs() < 1e-8, "{excesses:?}: {told}");
        let mirrored: Vec<f64> = excesses.iter().map(|excess| -excess).collect();
        assert!((of(&mirrored).log_evidence(-1.0) - reference).abs() < 1e-8);
        assert!(of(excesses).log_evidence(-1.0).abs() < 1e-12);
    }
}

#[test]
fn the_interval_ends_where_the_evidence_does() {
    let excesses = [1.2, 0.4, 0.9, 2.0, 1.1, 0.7];
    let (mean, width) = of(&excesses).interval();
    let moved = |by: f64| excesses.map(|excess| excess - by);
    let at_the_end = of(&moved(mean - width)).log_evidence(1.0);
    assert!((at_the_end - 20.0_f64.ln()).abs() < 1e-9, "{at_the_end}");
}

/// Of 2000 runs of 60 readings with this mean, how many ever reached one in twenty.
fn reached(mean: f64) -> usize {
    let run = |seed| {
        let mut chance = Chance::new(seed);
        let mut readings = readings(Better::Lower, 0.0);
        for _ in 0..60 {
            readings.observe(ReadingPair { candidate: mean + chance.normal(), stable: 0.0 });
        }
        readings.worse >= 20.0_f64.ln()
    };
    (0..2000).filter(|&seed| run(seed)).count()
}

#[test]
fn it_is_called_worse_no_more_often_than_promised_however_often_one_looks() {
    // 5 % of 2000, and three standard deviations more.
    assert!(reached(0.0) <= 129);
    assert!(reached(-0.5) <= 20);
    assert!(reached(1.0) >= 1990);
}

#[test]
fn better_may_be_more() {
    let mut hit_rate = readings(Better::Higher, 0.1);
    for candidate in [0.6, 0.62, 0.58, 0.61, 0.6, 0.59, 0.6, 0.61, 0.6, 0.6] {
        hit_rate.observe(ReadingPair { candidate, stable: 0.9 });
    }
    assert!(hit_rate.log_worse() > 5.0 && hit_rate.log_fine().abs() < 1e-12);
}

#[test]
fn of_what_is_nothing_on_both_sides_only_a_least_difference_tells() {
    let fine = |least: f64| {
        let least = Floor::try_from(least).unwrap();
        let mut dead_letters = readings(Better::Lower, 0.2);
        dead_letters.plan.least = least;
        for _ in 0..6 {
            dead_letters.observe(ReadingPair { candidate: 0.0, stable: 0.0 });
        }
        dead_letters.log_fine()
    };
    assert!(fine(0.0).abs() < 1e-12 && fine(2.0) > 20.0_f64.ln());
}

proptest! {
    #[test]
    fn it_is_always_a_number(pairs in prop::collection::vec((any::<f64>(), any::<f64>()), 0..40)) {
        let mut readings = readings(Better::Lower, 0.2);
        for (candidate, stable) in pairs {
            readings.observe(ReadingPair { candidate, stable });
        }
        let (mean, width) = readings.difference();
        prop_assert!(!readings.log_worse().is_nan() && !readings.log_fine().is_nan());
        prop_assert!(!mean.is_nan() && !width.is_nan(), "{mean} {width}");
    }
}
