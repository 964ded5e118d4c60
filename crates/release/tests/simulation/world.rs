//! Everything there is: the database, the engine, the router, the bus, the processes and their hosts.

use crate::bus::Bus;
use crate::content::Content;
use crate::engine::Engine;
use crate::faults::{Fault, Faults, QUIET};
use crate::flaw::Flaw;
use crate::rng::Rng;
use crate::router::Router;
use crate::store::{Lease, Store};
use crate::tally::Tally;

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nobody answered, or what was read is over: to be tried again.
    Away,
    /// Another driver has the release, or it changed meanwhile.
    Lost,
    /// Another release of the environment moves.
    Busy,
    /// The machine does not react.
    Refused(String),
    /// The engine refuses for good.
    Denied,
}

/// A process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process {
    pub(crate) alive: bool,
    /// It names itself in leases, anew at every start.
    pub(crate) owner: u64,
    /// It stands still until then.
    pub(crate) still_until: u64,
    /// How wrong the wall clock of its host is.
    pub(crate) jump: i64,
    /// How often something was committed in it.
    pub(crate) nudges: u64,
}

/// Everything there is.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) now: u64,
    /// When the task that is being polled wants to be polled again.
    pub(crate) wake: u64,
    pub(crate) rng: Rng,
    pub(crate) store: Store,
    pub(crate) engine: Engine,
    pub(crate) router: Router,
    pub(crate) bus: Bus,
    /// What was built of each change, and when it came.
    pub(crate) builds: Vec<(u64, Content)>,
    pub(crate) processes: Vec<Process>,
    pub(crate) faults: Faults,
    pub(crate) tally: Tally,
    /// Something happened that checks look at.
    pub(crate) changed: bool,
    /// Releases that processes began to drive in this step.
    pub(crate) claimed: Vec<(usize, Lease)>,
    /// Processes in which something was committed in this step.
    pub(crate) nudged: Vec<usize>,
    /// What happens before anybody goes on.
    pub(crate) struck: Vec<Fault>,
    trace: Option<Vec<String>>,
}

impl World {
    pub(crate) fn new(seed: u64, flaws: &'static [Flaw], traced: bool) -> Self {
        let mut rng = Rng::new(seed);
        let environments = rng.pick(&[1, 1, 2]);
        Self {
            now: 0,
            wake: u64::MAX,
            rng,
            store: Store::new(flaws, environments),
            engine: Engine::default(),
            router: Router::default(),
            bus: Bus::default(),
            builds: Vec::new(),
            processes: Vec::new(),
            faults: Faults::default(),
            tally: Tally::default(),
            changed: false,
            claimed: Vec::new(),
            nudged: Vec::new(),
            struck: Vec::new(),
            trace: traced.then(Vec::new),
        }
    }

    /// Whether `at` has come; else the task is polled again then.
    pub(crate) fn is_reached(&mut self, at: u64) -> bool {
        if self.now < at {
            self.wake = self.wake.min(at);
        }
        self.now >= at
    }

    pub(crate) fn say(&mut self, what: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            let (seconds, millis) = (self.now / 1000, self.now % 1000);
            trace.push(format!("{seconds:>5}.{millis:03} {}", what()));
        }
    }

    pub(crate) fn trace(&mut self) -> Vec<String> {
        self.trace.take().unwrap_or_default()
    }

    /// Whether something happens to `process` just now, between two calls.
    pub(crate) fn strike(&mut self, process: usize) -> bool {
        let strikes = self.faults.strikes;
        if self.now >= QUIET || strikes == 0 || !self.rng.chance(strikes) {
            return false;
        }
        let fault = if self.rng.chance(300) {
            Fault::Kill { process, away: self.rng.below(8_000) }
        } else {
            Fault::Pause { process, lasts: self.rng.between(1_000, 50_000) }
        };
        self.struck.push(fault);
        true
    }

    /// What of a fault concerns the world and not the tasks of a process.
    pub(crate) fn suffer(&mut self, fault: Fault) {
        self.say(|| format!("FAULT {fault:?}"));
        self.tally.fault(fault.name());
        self.changed = true;
        match fault {
            Fault::Kill { process, .. } | Fault::Restart { process, .. } => {
                self.processes[process].alive = false;
            }
            Fault::Pause { process, lasts } => {
                let still = &mut self.processes[process].still_until;
                *still = (*still).max(self.now + lasts);
            }
            Fault::Jump { process, by } => self.processes[process].jump += by,
            Fault::Away { whom, lasts } => {
                let until = self.now + lasts;
                self.faults.away[whom as usize] = until;
                if whom == crate::faults::Whom::Engine {
                    self.faults.engine_back = until;
                }
            }
            Fault::OldTable { back } => self.router.restart(back),
            Fault::BusWiped => self.bus.wipe(),
        }
    }
}
