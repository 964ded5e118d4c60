//! What is released here: services that start, behave and stop in one of a few ways. Equal services of two
//! releases share their instances, as with real content.

use release::{Limits, Plan, Strategy};
use std::time::Duration;

/// How a service behaves once it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Temper {
    Good,
    NeverReady,
    CrashesAtStart,
    /// Its job before the start does not end.
    JobHangs,
    FailsVerify,
    /// It is ready, and some seconds later it is not any more.
    TurnsBad,
}

/// One service of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Service {
    /// What makes its containers; equal hashes share them.
    pub(crate) hash: u64,
    pub(crate) replicas: u64,
    pub(crate) temper: Temper,
    /// It cannot run twice.
    pub(crate) alone: bool,
}

/// How the release takes traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    BlueGreen,
    Recreate,
    Canary,
    Shadow,
}

/// The gates of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each gate is there or not, by itself")]
pub(crate) struct Gates {
    pub(crate) approval: bool,
    pub(crate) window: bool,
    pub(crate) jobs: bool,
    pub(crate) warm: bool,
    pub(crate) verify: bool,
}

/// What a release is. The first service has the requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) services: [Service; 2],
    pub(crate) way: Way,
    pub(crate) gates: Gates,
}

/// How long a good candidate is watched.
pub(crate) const BAKE: u64 = 5_000;

impl Content {
    pub(crate) fn is_good(&self) -> bool {
        self.services.iter().all(|service| service.temper == Temper::Good)
    }

    /// The services of `old` that must stop before this starts.
    pub(crate) fn stop_first(&self, old: &Self) -> Vec<usize> {
        let stops = |service: &usize| {
            let (new, old) = (&self.services[*service], &old.services[*service]);
            new.hash != old.hash && (self.way == Way::Recreate || new.alone || old.alone)
        };
        (0..self.services.len()).filter(stops).collect()
    }

    /// How it will go; a release that restores an earlier one waits for nobody and is not watched.
    pub(crate) fn plan(&self, restores: bool) -> Plan {
        let strategy = match self.way {
            Way::Canary if !restores => {
                Strategy::Canary { steps: vec![10, 50, 100], holds: Vec::new() }
            }
            Way::Recreate if !restores => Strategy::Recreate,
            Way::Shadow if !restores => Strategy::Shadow,
            Way::BlueGreen | Way::Canary | Way::Recreate | Way::Shadow => Strategy::BlueGreen,
        };
        Plan {
            strategy,
            limits: limits(),
            // Not drawn by itself: the seeds mean what they meant.
            ci: self.gates.approval && self.gates.verify && !restores,
            approval: self.gates.approval && !restores,
            window: self.gates.window && !restores,
            jobs: self.gates.jobs && !restores,
            warm: self.gates.warm,
            verify: self.gates.verify,
            bake: !restores,
            has_stable: false,
            irreversible: false,
        }
    }
}

/// Long enough for what a fault costs once, short enough that some pass.
fn limits() -> Limits {
    let seconds = Duration::from_secs;
    Limits {
        queue: seconds(600),
        ci: seconds(60),
        approval: seconds(60),
        window: seconds(60),
        prepare: seconds(40),
        jobs: seconds(40),
        start: seconds(45),
        warm: seconds(20),
        verify: seconds(20),
        shift: seconds(20),
        hold: seconds(20),
        decide: seconds(60),
        bake: seconds(20),
        settle: seconds(40),
        undo: seconds(60),
    }
}
