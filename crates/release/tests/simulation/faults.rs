//! What goes wrong, and when: decided by the seed before the first step, and by the rate of errors.

use crate::rng::Rng;
use crate::tally::Tally;

/// Until when faults happen.
pub(crate) const QUIET: u64 = 90_000;

/// Something that happens to a process or to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The process is gone at once and comes back after so long.
    Kill { process: usize, away: u64 },
    /// The process gives back what it drives and comes back.
    Restart { process: usize, away: u64 },
    /// The process stands still for so long.
    Pause { process: usize, lasts: u64 },
    /// The wall clock of its host jumps.
    Jump { process: usize, by: i64 },
    /// Nobody answers for so long.
    Away { whom: Whom, lasts: u64 },
    /// The router comes back with the table of some tables ago.
    OldTable { back: usize },
    /// The bus loses what it holds.
    BusWiped,
}

impl Fault {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kill { .. } => "kill",
            Self::Restart { .. } => "restart",
            Self::Pause { .. } => "pause",
            Self::Jump { .. } => "clock jump",
            Self::Away { whom: Whom::Database, .. } => "database away",
            Self::Away { whom: Whom::Engine, .. } => "engine away",
            Self::Away { whom: Whom::Router, .. } => "router away",
            Self::Away { whom: Whom::Bus, .. } => "bus away",
            Self::OldTable { .. } => "router with an older table",
            Self::BusWiped => "bus wiped",
        }
    }
}

/// Who is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whom {
    Database,
    Engine,
    Router,
    Bus,
}

/// What becomes of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Done,
    /// It is not done, and said so.
    Error,
    /// It is done, and nobody hears of it.
    Unheard,
}

/// How much goes wrong in one run.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Calls in a thousand that fail.
    pub(crate) errors: u64,
    /// Starts of a container in a thousand that the engine refuses for good.
    pub(crate) denials: u64,
    /// Calls in a thousand before which whoever makes them dies or stands still.
    pub(crate) strikes: u64,
    pub(crate) away: [u64; 4],
    /// When the engine answered nothing last.
    pub(crate) engine_back: u64,
}

/// A run in eight has no faults at all.
pub(crate) fn plan(rng: &mut Rng, deployers: usize) -> (Faults, Vec<(u64, Fault)>) {
    if rng.chance(125) {
        return (Faults::default(), Vec::new());
    }
    let errors = rng.pick(&[0, 2, 10, 40]);
    let denials = rng.pick(&[0, 0, 0, 60]);
    let strikes = rng.pick(&[0, 4, 12]);
    let count = rng.below(8);
    let mut planned = Vec::new();
    for _ in 0..count {
        let at = rng.below(QUIET - 1_000);
        // All deployers at once, now and then.
        if rng.chance(60) {
            let away = rng.between(5_000, 40_000);
            planned.extend((0..deployers).map(|process| (at, Fault::Kill { process, away })));
        } else {
            planned.push((at, fault(rng, deployers)));
        }
    }
    (Faults { errors, denials, strikes, ..Faults::default() }, planned)
}

fn fault(rng: &mut Rng, deployers: usize) -> Fault {
    // The last process is the one that only listens.
    let process = usize::try_from(rng.below(deployers as u64 + 1)).expect("few processes");
    let lasts = rng.pick(&[300, 2_000, 7_000, 10_000, 40_000]);
    let lasts = rng.between(lasts / 2, lasts * 3 / 2);
    match rng.below(12) {
        0..=2 => Fault::Kill { process, away: rng.below(8_000) },
        3 => Fault::Restart { process, away: rng.below(3_000) },
        4..=7 => Fault::Pause { process, lasts },
        8 => Fault::Jump { process, by: rng.pick(&[-60_000, -3_000, 3_000, 60_000]) },
        9 | 10 => {
            let whom = rng.pick(&[Whom::Database, Whom::Engine, Whom::Router, Whom::Bus]);
            Fault::Away { whom, lasts: rng.between(500, 12_000) }
        }
        _ => match rng.below(2) {
            0 => Fault::BusWiped,
            _ => Fault::OldTable { back: usize::try_from(rng.below(3)).expect("small") },
        },
    }
}

impl Faults {
    /// What becomes of a call to `whom` at `now`.
    pub(crate) fn fate(&self, whom: Whom, now: u64, rng: &mut Rng, tally: &mut Tally) -> Fate {
        if self.away[whom as usize] > now {
            return Fate::Error;
        }
        if now >= QUIET || self.errors == 0 || !rng.chance(self.errors) {
            return Fate::Done;
        }
        if rng.chance(500) {
            tally.fault("error");
            return Fate::Error;
        }
        tally.fault("done but unheard");
        Fate::Unheard
    }
}
