//! One row for each container, written before the container exists; and the table composed from them.

use super::{Row, Store};
use crate::content::Service;
use crate::engine::Name;
use crate::router::{Route, Table, Target};
use crate::world::Trouble;
use events::ReleaseId;
use release::Mode;

/// Where a container is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Is {
    Intended,
    Starting,
    Ready,
    Draining,
    Stopped,
    Gone,
}

/// How long what failed stays to be looked into.
const WRECKS_KEPT: u64 = 20_000;

/// A container that stays for a while and is nobody's instance any more.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wreck {
    pub(crate) place: usize,
    pub(crate) release: ReleaseId,
    pub(crate) container: u64,
    pub(crate) until: u64,
}

/// What is known of a container.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instance {
    pub(crate) id: u64,
    pub(crate) place: usize,
    pub(crate) service: usize,
    pub(crate) replica: u64,
    pub(crate) made_of: Service,
    /// The release it was made for.
    pub(crate) release: ReleaseId,
    pub(crate) number: u64,
    pub(crate) container: Option<u64>,
    pub(crate) is: Is,
    /// Since when its container was seen not to answer; the tests' eye, not the deployer's.
    pub(crate) bad_since: Option<u64>,
}

impl Instance {
    pub(crate) fn name(&self) -> Name {
        (self.place, self.number, self.service, self.replica)
    }

    /// `release` runs on it.
    pub(crate) fn is_of(&self, release: &Row) -> bool {
        let service = &release.content.services[self.service];
        self.place == release.place
            && self.made_of.hash == service.hash
            && self.replica < service.replicas
    }
}

impl Store {
    pub(crate) fn instances_of(&self, place: usize) -> impl Iterator<Item = &Instance> {
        self.instances.iter().filter(move |row| row.place == place && row.is != Is::Gone)
    }

    /// The instances that `release` runs on.
    pub(crate) fn members(&self, release: &Row) -> Vec<Instance> {
        self.instances_of(release.place).filter(|row| row.is_of(release)).copied().collect()
    }

    /// Makes rows for what `release` needs and is not there, and gives all of its rows.
    pub(crate) fn describe(&mut self, release: &Row) -> Result<Vec<Instance>, Trouble> {
        self.fence(release)?;
        for (service, made_of) in release.content.services.into_iter().enumerate() {
            for replica in 0..made_of.replicas {
                let same = |row: &Instance| {
                    row.service == service
                        && row.made_of.hash == made_of.hash
                        && row.replica == replica
                };
                if self.instances_of(release.place).any(same) {
                    continue;
                }
                self.instances.push(Instance {
                    id: self.instances.len() as u64,
                    place: release.place,
                    service,
                    replica,
                    made_of,
                    release: release.id,
                    number: release.number,
                    container: None,
                    is: Is::Intended,
                    bad_since: None,
                });
            }
        }
        Ok(self.members(release))
    }

    pub(crate) fn instance(&mut self, id: u64) -> Option<&mut Instance> {
        self.instances.iter_mut().find(|row| row.id == id)
    }

    /// Records what was seen of an instance that is not gone.
    pub(crate) fn observe(&mut self, id: u64, is: Is, seen: Option<u64>) -> Result<(), Trouble> {
        match self.instance(id) {
            Some(row) if row.is != Is::Gone => {
                row.is = is;
                row.container = seen.or(row.container);
                Ok(())
            }
            _ => Err(Trouble::Away),
        }
    }

    pub(crate) fn gone(&mut self, id: u64) {
        if let Some(row) = self.instance(id) {
            row.is = Is::Gone;
        }
    }

    /// The container of `instance` stays for a while; those of other releases of the place do not any more.
    pub(crate) fn wreck(&mut self, release: &Row, instance: &Instance, container: u64) {
        let now = self.now;
        let (place, of, until) = (release.place, release.id, now + WRECKS_KEPT);
        self.wrecks.entry(instance.id).or_insert(Wreck { place, release: of, container, until });
        let others = self.wrecks.values_mut().filter(|it| it.place == place && it.release != of);
        for other in others {
            other.until = other.until.min(now);
        }
        self.gone(instance.id);
    }

    /// How long a container of `release` has not answered.
    pub(super) fn bad_for(&self, release: &Row) -> u64 {
        let members = self.members(release);
        let longest = members.iter().filter_map(|row| row.bad_since).min();
        longest.map_or(0, |since| self.now.saturating_sub(since))
    }

    /// The table of everything, with the newest generation.
    pub(crate) fn compose(&self) -> Table {
        let route = |(place, environment): (usize, &super::Environment)| {
            let traffic = &environment.traffic;
            let target = |share: &release::Share| {
                let row = self.releases.get(&share.release)?;
                let ready = |at: &Instance| at.service == 0 && at.is == Is::Ready && at.is_of(row);
                let upstreams = self.instances_of(place).filter(|at| ready(at));
                let upstreams = upstreams.filter_map(|at| at.container).collect();
                Some(Target { release: share.release, percent: share.percent, upstreams })
            };
            let targets: Vec<_> = traffic.shares.iter().filter_map(target).collect();
            let held = traffic.effective_mode() == Mode::Paused;
            (!targets.is_empty()).then_some(Route { place, held, targets })
        };
        let routes = self.environments.iter().enumerate().filter_map(route).collect();
        Table { generation: self.generation, routes }
    }
}
