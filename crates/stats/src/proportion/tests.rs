use super::*;
use crate::chance::Chance;

const FEW: Guess = Guess { stable: 0.02, same: 0.02 };

fn hits(of: u32, share: f64, chance: &mut Chance) -> Tally {
    Tally { of: f64::from(of), hits: chance.hits(of, share) }
}

/// Looks `looks` times after 5 and 45 requests each; what the stable share is changes with `shares`.
fn observed(looks: usize, shares: impl Fn(usize) -> (f64, f64), chance: &mut Chance) -> Proportion {
    let mut proportion = Proportion::new(0.02);
    for look in 0..looks {
        let (candidate, stable) = shares(look);
        let candidate = hits(5, candidate, chance);
        proportion.observe(&Block { candidate, stable: hits(45, stable, chance) }, FEW);
    }
    proportion
}

/// Of 400 runs with 100 looks each, how many ever reached one in twenty.
fn reached(shares: impl Fn(usize) -> (f64, f64), log: impl Fn(&Proportion) -> f64) -> usize {
    let needed = Level::FALSE_PASS.log_needed();
    let run = |seed| observed(100, &shares, &mut Chance::new(seed));
    (0..400).filter(|&seed| log(&run(seed)) >= needed).count()
}

/// 5 % of 400 are 20, and three standard deviations more are 33.
const MOST: usize = 33;

#[test]
fn at_the_boundary_it_is_called_worse_no_more_often_than_promised_however_often_one_looks() {
    assert!(reached(|_| (0.04, 0.02), Proportion::log_worse) <= MOST);
}

#[test]
fn at_the_boundary_it_is_called_fine_no_more_often_than_promised() {
    assert!(reached(|_| (0.04, 0.02), Proportion::log_fine) <= MOST);
}

#[test]
fn bad_minutes_of_both_are_nobody_s_fault() {
    let storm = |look| if look % 7 == 0 { (0.42, 0.40) } else { (0.02, 0.02) };
    assert!(reached(storm, Proportion::log_worse) <= MOST);
}

#[test]
fn what_is_much_worse_is_found_and_what_is_the_same_passes() {
    assert!(reached(|_| (0.15, 0.02), Proportion::log_worse) >= 390);
    assert!(reached(|_| (0.005, 0.02), Proportion::log_fine) >= 300);
}

#[test]
fn what_turns_bad_late_is_found() {
    let late = |look| if look < 60 { (0.02, 0.02) } else { (0.4, 0.02) };
    assert!(reached(late, Proportion::log_worse) >= 390);
}

#[test]
fn about_as_much_is_needed_as_it_says() {
    let mut proportion = Proportion::new(0.01);
    let block =
        Block { candidate: Tally { of: 10.0, hits: 0.2 }, stable: Tally { of: 90.0, hits: 1.8 } };
    proportion.observe(&block, FEW);
    let needed = proportion.needed(FEW, Level::FALSE_PASS).expect("some");
    let mut more = 0.0;
    while proportion.log_fine() < Level::FALSE_PASS.log_needed() {
        proportion.observe(&block, FEW);
        more += 10.0;
    }
    assert!((0.7..1.4).contains(&(more / needed)), "{more} of {needed}");
}

/// Failed ones of so many requests, which come one by one, now to the one and now to the other.
fn in_turns(failed: &[bool]) -> Proportion {
    let mut proportion = Proportion::new(0.02);
    for (n, failed) in failed.iter().enumerate() {
        let one = Tally { of: 1.0, hits: f64::from(u8::from(*failed)) };
        let (candidate, stable) =
            if n % 2 == 0 { (one, Tally::default()) } else { (Tally::default(), one) };
        proportion.observe(&Block { candidate, stable }, FEW);
    }
    proportion
}

#[test]
fn requests_that_come_one_by_one_count_as_much_as_pairs() {
    let mut pairs = Proportion::new(0.02);
    let one = |hits| Tally { of: 1.0, hits };
    for _ in 0..2000 {
        pairs.observe(&Block { candidate: one(0.0), stable: one(0.0) }, FEW);
    }
    let turns = in_turns(&[false; 4000]);
    assert_eq!(turns, pairs);
    assert!(turns.log_fine() >= Level::FALSE_PASS.log_needed());
}

#[test]
fn what_comes_one_by_one_is_called_worse_no_more_often_than_promised() {
    let run = |seed: u64| {
        let chance = &mut Chance::new(seed);
        let one = |n: usize| if n.is_multiple_of(2) { 0.04 } else { 0.02 };
        let failed: Vec<bool> = (0..1000).map(|n| chance.hits(1, one(n)) > 0.0).collect();
        in_turns(&failed)
    };
    let needed = Level::FALSE_PASS.log_needed();
    let runs: Vec<Proportion> = (0..400).map(run).collect();
    assert!(runs.iter().filter(|it| it.log_worse() >= needed).count() <= MOST);
    assert!(runs.iter().filter(|it| it.log_fine() >= needed).count() <= MOST);
}

#[test]
fn the_guess_is_from_before_what_is_still_open() {
    let late = Guess { stable: 0.5, same: 0.5 };
    let one = Tally { of: 1.0, hits: 1.0 };
    let (mut one_by_one, mut at_once) = (Proportion::new(0.02), Proportion::new(0.02));
    one_by_one.observe(&Block { candidate: one, stable: Tally::default() }, FEW);
    one_by_one.observe(&Block { candidate: Tally::default(), stable: one }, late);
    at_once.observe(&Block { candidate: one, stable: one }, FEW);
    assert_eq!(one_by_one, at_once);
}

#[test]
fn a_new_step_asks_for_new_proof_and_forgets_no_fault() {
    let mut proportion = observed(100, |_| (0.0, 0.02), &mut Chance::new(1));
    let worse = proportion.log_worse();
    assert!(proportion.log_fine() > 1.0);
    proportion.forget_fine();
    assert!(proportion.log_fine().abs() < 1e-12);
    assert!((proportion.log_worse() - worse).abs() < 1e-12);
}
