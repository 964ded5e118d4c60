//! Deterministic simulation of drivers on a fake world: several deployers, a database, an engine, a router and
//! a bus, with faults between any two moments. One number decides everything, so that a failure is its seed.
//!
//! The machine, its plan, its effects and the shares of traffic are those of this crate. What the deployer adds
//! with tokio, SQL and Docker is played by the files here, call by call: `driver` is `drive.rs`, `perform` is
//! `perform/`, `store` the statements of `db/`, `sweep` and `removal` theirs; a change there is made here, too.
//! `SLIPWAY_SIMULATIONS` says how many runs, `SLIPWAY_SEED` which one alone, with everything that happens in it.

mod bus;
mod check;
mod content;
mod driver;
mod engine;
mod faults;
mod flaw;
mod flaws;
mod hand;
mod life;
mod people;
mod perform;
mod process;
mod removal;
mod rng;
mod router;
mod store;
mod sweep;
mod tally;
mod world;

use life::live;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use tally::Tally;

/// Runs where nobody says how many.
const SAMPLE: u64 = 500;
/// The last lines of a failure's trace that are printed.
const LINES: usize = 150;

#[expect(clippy::disallowed_methods, reason = "a test that is told how much, not a service")]
fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().expect("the settings of the simulation are numbers"))
}

/// The story of a run that went wrong, and how to see it again.
fn story(seed: u64) -> String {
    let end = live(seed, &[], true);
    let from = end.trace.len().saturating_sub(LINES);
    let wrong = end.wrong.unwrap_or_default();
    format!(
        "{}\n\nseed {seed}: {wrong}\nSLIPWAY_SEED={seed} cargo test -p release --test simulation driver",
        end.trace[from..].join("\n")
    )
}

/// Every seed from 0 on, on all processors; the first that goes wrong.
fn simulate(runs: u64) -> (Tally, Option<u64>) {
    let (next, all, wrong) =
        (AtomicU64::new(0), Mutex::new(Tally::default()), AtomicU64::new(u64::MAX));
    let work = || {
        let mut mine = Tally::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= runs.min(wrong.load(Ordering::Relaxed)) {
                break;
            }
            let end = live(seed, &[], false);
            mine.join(&end.tally);
            if end.wrong.is_some() {
                wrong.fetch_min(seed, Ordering::Relaxed);
            }
        }
        all.lock().expect("nobody panicked with it").join(&mine);
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let wrong = Some(wrong.into_inner()).filter(|seed| *seed != u64::MAX);
    (all.into_inner().expect("nobody panicked with it"), wrong)
}

#[test]
fn the_driver_survives_every_seeded_fault() {
    if let Some(seed) = setting("SLIPWAY_SEED") {
        let end = live(seed, &[], true);
        println!("{}\n\n{}", end.trace.join("\n"), end.tally);
        assert_eq!(end.wrong, None, "seed {seed}");
        return;
    }
    let (tally, wrong) = simulate(setting("SLIPWAY_SIMULATIONS").unwrap_or(SAMPLE));
    println!("{tally}");
    assert!(wrong.is_none(), "{}", wrong.map(story).unwrap_or_default());
}

#[test]
fn a_seed_is_the_same_life_every_time() {
    let lives = || (0..10).map(|seed| live(seed, &[], true).trace.join("\n")).collect::<Vec<_>>();
    let (once, again) = (lives(), lives());
    assert_eq!(once, again);
    assert_ne!(once[0], once[1]);
}
