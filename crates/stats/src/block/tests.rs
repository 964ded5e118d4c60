//! References were computed with scipy 1.17: the nearest pair by bounded minimisation of the relative entropy, the
//! logarithms from `binom.logpmf`.

use super::*;
use proptest::prelude::*;

fn block(candidate: (f64, f64), stable: (f64, f64)) -> Block {
    let tally = |(of, hits)| Tally { of, hits };
    Block { candidate: tally(candidate), stable: tally(stable) }
}

fn bet(candidate: f64, stable: f64) -> Bet {
    Bet { candidate, stable }
}

#[test]
fn it_agrees_with_numbers_computed_elsewhere() {
    let cases = [
        ((20.0, 3.0), (180.0, 4.0), bet(0.10, 0.02), 0.01, 1.961_989_406_2),
        ((20.0, 0.0), (180.0, 4.0), bet(0.02, 0.02), 0.01, 0.207_460_656_1),
        ((500.0, 40.0), (4500.0, 210.0), bet(0.0725, 0.05), 0.0, 4.095_836_704_3),
        ((12.0, 1.0), (100.0, 0.0), bet(0.3, 0.01), 0.05, -0.885_720_392_3),
        ((1000.0, 2.0), (9000.0, 30.0), bet(0.003, 0.003), 0.01, 7.262_104_388_4),
        ((50.0, 5.0), (50.0, 9.0), bet(0.10, 0.15), -0.02, 0.301_442_557_0),
    ];
    for (candidate, stable, bet, boundary, reference) in cases {
        let told = log_evidence(&block(candidate, stable), bet, boundary);
        assert!((told - reference).abs() < 1e-6, "{candidate:?} {stable:?}: {told}");
    }
}

/// Chances of 0 to `of` hits.
fn binomial(of: u32, share: f64) -> Vec<f64> {
    let mut chances = vec![1.0];
    for _ in 0..of {
        let with = |i: usize| chances.get(i).copied().unwrap_or(0.0);
        let next =
            |i: usize| with(i) * (1.0 - share) + if i > 0 { with(i - 1) * share } else { 0.0 };
        chances = (0..=chances.len()).map(next).collect();
    }
    chances
}

fn expectation(of: (u32, u32), bet: Bet, boundary: f64, truth: (f64, f64)) -> f64 {
    let (candidates, stables) = (binomial(of.0, truth.0), binomial(of.1, truth.1));
    let mut sum = 0.0;
    for (x, chance) in (0_u32..).zip(&candidates) {
        for (y, other) in (0_u32..).zip(&stables) {
            let seen = block((of.0.into(), x.into()), (of.1.into(), y.into()));
            sum += chance * other * log_evidence(&seen, bet, boundary).exp();
        }
    }
    sum
}

#[test]
fn nobody_gains_by_betting_against_what_is_true() {
    let bets = [(bet(0.3, 0.05), 0.1), (bet(0.9, 0.2), 0.0), (bet(0.05, 0.05), 0.1)];
    for (bet, boundary) in bets {
        let wins_above = bet.candidate - bet.stable > boundary;
        for step in 0..=20 {
            let stable = f64::from(step) / 20.0;
            for excess in [0.0, 0.05, 0.3] {
                let excess = if wins_above { boundary - excess } else { boundary + excess };
                let candidate = stable + excess;
                if (0.0..=1.0).contains(&candidate) {
                    let gain = expectation((6, 11), bet, boundary, (candidate, stable));
                    assert!(gain <= 1.0 + 1e-9, "{bet:?} at {candidate}, {stable}: {gain}");
                }
            }
        }
    }
}

#[test]
fn who_bets_on_the_truth_gains() {
    let gain = expectation((30, 60), bet(0.3, 0.05), 0.1, (0.3, 0.05));
    assert!(gain > 2.0, "{gain}");
}

#[test]
fn one_side_alone_tells_nothing() {
    for seen in [block((0.0, 0.0), (9.0, 9.0)), block((9.0, 9.0), (0.0, 0.0))] {
        assert!(log_evidence(&seen, bet(0.9, 0.1), 0.01).abs() < 1e-12);
    }
}

fn share() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(1.0), 0.0..1.0, 0.0..1e-5]
}

prop_compose! {
    fn tally()(of in prop_oneof![0.0..30.0, 0.0..1e6], part in share()) -> (f64, f64) {
        (of, of * part)
    }
}

proptest! {
    #[test]
    fn it_is_always_a_number(
        candidate in tally(), stable in tally(), a in share(), b in share(), boundary in -1.0..1.0,
    ) {
        let told = log_evidence(&block(candidate, stable), Bet::new(a, b), boundary);
        prop_assert!(!told.is_nan(), "{told}");
    }

    #[test]
    fn the_sides_may_be_exchanged(
        candidate in tally(), stable in tally(), a in share(), b in share(), boundary in -0.5..0.5,
    ) {
        let one = log_evidence(&block(candidate, stable), Bet::new(a, b), boundary);
        let other = log_evidence(&block(stable, candidate), Bet::new(b, a), -boundary);
        prop_assert!((one - other).abs() <= 1e-3 * (1.0 + one.abs()), "{one} {other}");
    }

    #[test]
    fn one_more_failure_is_never_evidence_that_it_is_fine(
        (of, hits) in tally(), stable in tally(), b in share(), excess in 0.0..0.5, boundary in 0.0..0.3,
    ) {
        let bet = Bet::new(b + boundary + excess, b);
        prop_assume!(of >= 1.0 && bet.candidate > bet.stable + boundary);
        let hits = hits.min(of - 1.0);
        let less = log_evidence(&block((of, hits), stable), bet, boundary);
        let more = log_evidence(&block((of, hits + 1.0), stable), bet, boundary);
        prop_assert!(more >= less - 1e-6 * (1.0 + less.abs()), "{less} {more}");
    }
}
