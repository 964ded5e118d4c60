//! The checks can fail: each mistake that a deployer could make is found, in few runs.

use crate::flaw::Flaw;
use crate::life::live;

/// What the first run of at most `runs` says that finds `flaws`.
fn found(flaws: &'static [Flaw], runs: u64) -> Option<String> {
    (0..runs).find_map(|seed| {
        let wrong = live(seed, flaws, false).wrong;
        wrong.map(|wrong| format!("{wrong} (seed {seed})"))
    })
}

macro_rules! finds {
    ($($name:ident: $flaws:expr, $runs:expr => $says:expr;)*) => {
        $(#[test]
        fn $name() {
            let said = found(&$flaws, $runs);
            println!("{}: {said:?}", stringify!($name));
            assert!(said.as_ref().is_some_and(|said| said.contains($says)), "{said:?}");
        })*
    };
}

finds! {
    a_stable_release_that_stops_too_early: [Flaw::StopsFirst], 100 => "not all of them answer";
    traffic_before_the_gate: [Flaw::NoGate], 100 => "not all of them answer";
    consumers_without_an_inbox: [Flaw::NoInbox], 100 => "exactly once";
    states_without_a_deadline: [Flaw::NoDeadline], 300 => "does not end";
    drivers_that_nobody_tells_of_a_lost_lease: [Flaw::NoLease, Flaw::NoFence, Flaw::NoTenure], 300 => "";
    a_row_written_without_its_version: [Flaw::NoVersion], 500 => "";
}

/// What needs the worst moment is looked for where many runs are simulated: `make matrix`.
#[test]
fn rare_mistakes_are_found_in_many_runs() {
    let rare: [(&[Flaw], &str); 5] = [
        (&[Flaw::LateUntried], ""),
        (&[Flaw::NoTenure], ""),
        (&[Flaw::NoTenure, Flaw::NoFence], ""),
        (&[Flaw::RefusesUnread], "was refused by"),
        (&[Flaw::RemovesUnread], ""),
    ];
    let runs = crate::setting("SLIPWAY_SIMULATIONS").unwrap_or(0);
    for (flaws, says) in rare.into_iter().filter(|_| runs >= 10_000) {
        let said = found(flaws, runs);
        println!("{flaws:?}: {said:?}");
        assert!(said.as_ref().is_some_and(|said| said.contains(says)), "{flaws:?}: {said:?}");
    }
}
