//! The engine: containers by deterministic names. What it was asked is done, whether or not who asked still
//! lives when the answer comes.

use crate::content::{Service, Temper};
use events::ReleaseId;
use std::collections::BTreeMap;

/// Environment, number of the release, service, replica.
pub(crate) type Name = (usize, u64, usize, u64);

/// A container.
#[derive(Debug, Clone)]
pub(crate) struct Container {
    pub(crate) name: Name,
    /// The instance it was made for.
    pub(crate) uid: u64,
    pub(crate) release: ReleaseId,
    pub(crate) temper: Temper,
    pub(crate) created_at: u64,
    pub(crate) running: bool,
    /// From when on it answers; never, when it has not started or is not that sort.
    pub(crate) ready_at: u64,
    /// From when on it does not answer any more.
    pub(crate) bad_at: u64,
}

impl Container {
    pub(crate) fn is_ready(&self, now: u64) -> bool {
        self.running && self.ready_at <= now && now < self.bad_at
    }
}

/// All containers of the machine.
#[derive(Debug, Default)]
pub(crate) struct Engine {
    pub(crate) containers: BTreeMap<u64, Container>,
    last: u64,
    is_healed: bool,
}

/// Why a container is not made.
#[derive(Debug)]
pub(crate) struct NameTaken;

impl Engine {
    pub(crate) fn find(&self, name: Name) -> Option<(u64, &Container)> {
        let mut found = self.containers.iter().filter(|(_, container)| container.name == name);
        found.next().map(|(id, container)| (*id, container))
    }

    pub(crate) fn create(
        &mut self,
        name: Name,
        (uid, release): (u64, ReleaseId),
        service: &Service,
        now: u64,
    ) -> Result<u64, NameTaken> {
        if self.find(name).is_some() {
            return Err(NameTaken);
        }
        self.last += 1;
        let made = Container {
            name,
            uid,
            release,
            temper: service.temper,
            created_at: now,
            running: false,
            ready_at: u64::MAX,
            bad_at: u64::MAX,
        };
        self.containers.insert(self.last, made);
        Ok(self.last)
    }

    /// Starts it; one that runs is well. `takes` and `lasts` say when it answers and until when, if it turns bad.
    pub(crate) fn start(&mut self, id: u64, (takes, lasts): (u64, u64), now: u64) -> bool {
        let Some(container) = self.containers.get_mut(&id) else { return false };
        if container.running {
            return true;
        }
        container.running = container.temper != Temper::CrashesAtStart;
        container.bad_at = u64::MAX;
        container.ready_at = match container.temper {
            Temper::NeverReady | Temper::CrashesAtStart => u64::MAX,
            Temper::Good | Temper::JobHangs | Temper::FailsVerify | Temper::TurnsBad => now + takes,
        };
        if container.temper == Temper::TurnsBad && !self.is_healed {
            container.bad_at = now + takes + lasts;
        }
        true
    }

    /// Stops it; one that does not run, or is gone, is well.
    pub(crate) fn stop(&mut self, id: u64) {
        if let Some(container) = self.containers.get_mut(&id) {
            container.running = false;
            container.ready_at = u64::MAX;
        }
    }

    pub(crate) fn remove(&mut self, id: u64) {
        self.containers.remove(&id);
    }

    /// Nothing turns bad any more, and what was bad is well.
    pub(crate) fn heal(&mut self) {
        self.is_healed = true;
        for container in self.containers.values_mut() {
            container.bad_at = u64::MAX;
        }
    }
}
