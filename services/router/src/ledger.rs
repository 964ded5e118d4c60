//! All instances and releases the router knows, also those that left the table.
//!
//! Invariant: an instance that left the table stays until nothing is in flight, seen after the table without it is in
//! force: until then a request may still choose it. A release stays for an hour, so that who compares releases finds
//! the earlier one.

use crate::instance::{self, Instance};
use crate::live::{Live, LiveRoute, LiveTarget};
use crate::measure::{Measured, Snapshot};
use crate::passage::Passage;
use crate::shadow::Counters;
use crate::table::{Route, RouteTable, Target, Upstream};
use events::{InstanceId, ReleaseId};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the figures of a release stay after it left the table.
const REMEMBERED: Duration = Duration::from_hours(1);

/// Which side of a comparison a release is on; label of the metrics, so that they do not grow with releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Slot {
    Stable,
    Candidate,
}

impl Slot {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Candidate => "candidate",
        }
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// One per address: an instance that was restarted may have got another one.
    instances: BTreeMap<InstanceId, Vec<Arc<Instance>>>,
    releases: BTreeMap<(String, ReleaseId), Release>,
    slots: BTreeMap<(String, Slot), Snapshot>,
    passages: BTreeMap<String, Arc<Passage>>,
    /// By candidate.
    shadows: BTreeMap<(String, ReleaseId), Arc<Counters>>,
}

#[derive(Debug)]
struct Release {
    measured: Arc<Measured>,
    slot: Slot,
    /// What its slot has been told.
    told: Snapshot,
    /// When it left the table; nothing while it is in it.
    left: Option<Instant>,
}

impl Ledger {
    /// Makes a table ready to be put in force, with the counters that exist.
    pub(crate) fn enter(&mut self, epoch: u64, table: RouteTable) -> Live {
        self.settle();
        let routes = table.routes.iter().map(|route| Arc::new(self.route(route))).collect();
        Live { epoch, table, routes }
    }

    /// Lets go of what `live` does not name and nobody needs. To be called when that table is in force, not before.
    pub(crate) fn forget(&mut self, live: &Live, now: Instant) {
        for at_each in self.instances.values_mut() {
            at_each.retain(|instance| {
                let named = live.holds(instance);
                instance.is_in_table(named);
                named || instance.in_flight() > 0
            });
        }
        self.instances.retain(|_, at_each| !at_each.is_empty());
        let named: HashSet<(&str, ReleaseId)> = live
            .table
            .routes
            .iter()
            .flat_map(|route| {
                route.targets.iter().map(|target| (route.name.as_str(), target.release))
            })
            .collect();
        self.releases.retain(|(route, id), release| {
            if named.contains(&(route.as_str(), *id)) {
                release.left = None;
                return true;
            }
            now.duration_since(*release.left.get_or_insert(now)) < REMEMBERED
        });
        self.shadows.retain(|candidate, _| self.releases.contains_key(candidate));
    }

    /// An instance at each of its addresses.
    pub(crate) fn instance(&self, id: InstanceId) -> Vec<Arc<Instance>> {
        self.instances.get(&id).cloned().unwrap_or_default()
    }

    pub(crate) fn instance_stats(&self) -> Vec<proto::v1::InstanceStats> {
        self.instances.values().filter_map(|at_each| instance::stats(at_each)).collect()
    }

    /// Of one route, or of all when the name is empty.
    pub(crate) fn release_stats(&self, route: &str) -> Vec<proto::v1::ReleaseStats> {
        self.releases
            .iter()
            .filter(|((name, _), _)| route.is_empty() || name == route)
            .map(|((name, id), release)| release.measured.snapshot().stats(name, id.to_string()))
            .collect()
    }

    /// What befell requests of one route, or of all when the name is empty; never goes down.
    pub(crate) fn route_stats(&mut self, route: &str) -> Vec<proto::v1::RouteStats> {
        self.settle();
        let wanted =
            self.passages.iter().filter(|(name, _)| route.is_empty() || name.as_str() == route);
        let told = wanted.map(|(name, passage)| {
            let mut answered = Snapshot::default();
            for slot in [Slot::Stable, Slot::Candidate] {
                answered += self.slots.get(&(name.clone(), slot)).copied().unwrap_or_default();
            }
            passage.stats(name, &answered)
        });
        told.collect()
    }

    /// What came of copies of requests of one route, or of all when the name is empty.
    pub(crate) fn shadow_stats(&self, route: &str) -> Vec<proto::v1::ShadowStats> {
        let wanted = self.shadows.iter().filter(|((name, _), _)| route.is_empty() || name == route);
        wanted.map(|((name, id), counters)| counters.stats(name, &id.to_string())).collect()
    }

    /// What each side of each route had to do, whichever releases were on it.
    pub(crate) fn by_slot(&mut self) -> BTreeMap<(String, Slot), Snapshot> {
        self.settle();
        self.slots.clone()
    }

    /// Tells each slot what its release did since it was told last.
    fn settle(&mut self) {
        for ((route, _), release) in &mut self.releases {
            let now = release.measured.snapshot();
            let slot = self.slots.entry((route.clone(), release.slot)).or_default();
            *slot += now - release.told;
            release.told = now;
        }
    }

    fn route(&mut self, route: &Route) -> LiveRoute {
        let targets = route.targets.iter().map(|target| self.target(route, target));
        let targets = targets.collect();
        let passage = self.passages.entry(route.name.clone()).or_default().clone();
        let shadow = self.shadow(route);
        LiveRoute { targets, route: route.clone(), passage, shadow }
    }

    fn shadow(&mut self, route: &Route) -> Option<Arc<Counters>> {
        let candidate = route.targets.iter().find(|target| target.candidate)?;
        let key = (route.name.clone(), candidate.release);
        route.shadow.is_some().then(|| self.shadows.entry(key).or_default().clone())
    }

    fn target(&mut self, route: &Route, target: &Target) -> LiveTarget {
        let compared = target.candidate && route.targets.len() > 1;
        let slot = if compared { Slot::Candidate } else { Slot::Stable };
        let known = self.releases.entry((route.name.clone(), target.release));
        let release = known.or_insert_with(|| Release {
            measured: Arc::default(),
            slot,
            told: Snapshot::default(),
            left: None,
        });
        release.slot = slot;
        let measured = release.measured.clone();
        let upstreams = target.upstreams.iter();
        let instances = upstreams.map(|upstream| self.known(target.release, upstream)).collect();
        LiveTarget::new(target.release.to_string().into(), target.h2c, measured, instances)
    }

    fn known(&mut self, release: ReleaseId, upstream: &Upstream) -> Arc<Instance> {
        let at_each = self.instances.entry(upstream.instance).or_default();
        if let Some(known) = at_each.iter().find(|known| known.address == upstream.address) {
            return known.clone();
        }
        let new = Arc::new(Instance::new(upstream.instance, release, upstream.address.clone()));
        at_each.push(new.clone());
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::Claim;
    use crate::table::tests::{route, table};
    use std::time::Duration as Span;

    const OLD: u128 = 1;
    const NEW: u128 = 2;

    fn shop(release: u128, address: &str) -> RouteTable {
        table([route("shop").host("*").target(release, &[(release, address)])])
    }

    fn put(ledger: &mut Ledger, epoch: u64, table: RouteTable, now: Instant) -> Live {
        let live = ledger.enter(epoch, table);
        ledger.forget(&live, now);
        live
    }

    fn answered(live: &Live) {
        live.routes[0].targets[0].measured.answered(http::StatusCode::OK, Span::ZERO);
    }

    #[test]
    fn an_instance_that_left_is_known_until_nothing_is_in_flight() {
        let (mut ledger, now) = (Ledger::default(), Instant::now());
        let live = put(&mut ledger, 1, shop(OLD, "h:1"), now);
        let claim = Claim::on(&live.routes[0].targets[0].instances[0]);
        put(&mut ledger, 2, shop(NEW, "h:2"), now);
        assert_eq!(ledger.instance_stats().len(), 2);
        drop(claim);
        put(&mut ledger, 3, shop(NEW, "h:2"), now);
        assert_eq!(ledger.instance_stats().len(), 1);
    }

    #[test]
    fn an_instance_that_is_chosen_while_its_table_is_replaced_is_not_forgotten() {
        let (mut ledger, now) = (Ledger::default(), Instant::now());
        let old = put(&mut ledger, 1, shop(OLD, "h:1"), now);
        let new = ledger.enter(2, shop(NEW, "h:2"));
        let claim = Claim::on(&old.routes[0].targets[0].instances[0]);
        ledger.forget(&new, now);
        let in_flight: u64 = ledger.instance_stats().iter().map(|known| known.in_flight).sum();
        assert_eq!(in_flight, 1);
        drop(claim);
    }

    #[test]
    fn an_instance_at_a_new_address_is_still_one_instance() {
        let (mut ledger, now) = (Ledger::default(), Instant::now());
        let live = put(&mut ledger, 1, shop(OLD, "h:1"), now);
        let _claim = Claim::on(&live.routes[0].targets[0].instances[0]);
        let moved = put(&mut ledger, 2, shop(OLD, "h:2"), now);
        let _other = Claim::on(&moved.routes[0].targets[0].instances[0]);
        let stats = ledger.instance_stats();
        assert_eq!((stats.len(), stats[0].in_flight), (1, 2));
    }

    #[test]
    fn figures_survive_a_swap_and_are_forgotten_an_hour_after_the_release_left() {
        let (mut ledger, now) = (Ledger::default(), Instant::now());
        answered(&put(&mut ledger, 1, shop(OLD, "h:1"), now));
        let later = now + REMEMBERED * 3;
        answered(&put(&mut ledger, 2, shop(OLD, "h:1"), later));
        put(&mut ledger, 3, shop(NEW, "h:2"), later);
        assert_eq!(ledger.release_stats("shop")[0].requests, 2);
        put(&mut ledger, 4, shop(NEW, "h:2"), later + REMEMBERED);
        assert_eq!(ledger.release_stats("").len(), 1);
    }

    #[test]
    fn what_a_slot_did_never_goes_down() {
        let (mut ledger, now) = (Ledger::default(), Instant::now());
        let stable = ("shop".to_owned(), Slot::Stable);
        answered(&put(&mut ledger, 1, shop(OLD, "h:1"), now));
        assert_eq!(ledger.by_slot()[&stable].requests(), 1);
        answered(&put(&mut ledger, 2, shop(NEW, "h:2"), now));
        put(&mut ledger, 3, shop(NEW, "h:2"), now + REMEMBERED);
        assert_eq!(ledger.by_slot()[&stable].requests(), 2);
    }
}
