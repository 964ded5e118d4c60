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

#[test]
fn a_new_step_asks_for_new_proof_and_forgets_no_fault() {
    let mut proportion = observed(100, |_| (0.0, 0.02), &mut Chance::new(1));
    let worse = proportion.log_worse();
    assert!(proportion.log_fine() > 1.0);
    proportion.forget_fine();
    assert!(proportion.log_fine().abs() < 1e-12);
    assert!((proportion.log_worse() - worse).abs() < 1e-12);
}
