//! The table in force, with the counters of what it names, so that a request looks nothing up twice.

use crate::choose::{self, Load};
use crate::instance::Instance;
use crate::measure::Measured;
use crate::passage::Passage;
use crate::shadow::Counters;
use crate::table::{Mode, Route, RouteTable, Target};
use http::HeaderMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A table that is or was in force.
#[derive(Debug)]
pub(crate) struct Live {
    /// Grows by one with every swap in this process.
    pub(crate) epoch: u64,
    pub(crate) table: RouteTable,
    /// In the order of the table.
    pub(crate) routes: Vec<Arc<LiveRoute>>,
}

/// A route and its counters.
#[derive(Debug)]
pub(crate) struct LiveRoute {
    pub(crate) route: Route,
    pub(crate) passage: Arc<Passage>,
    /// In the order of the route.
    pub(crate) targets: Vec<LiveTarget>,
    /// Of the copies that the candidate gets.
    pub(crate) shadow: Option<Arc<Counters>>,
}

/// What a request shows to be sent to one release, whatever the shares are.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Shown<'a> {
    pub(crate) candidate: Option<&'a [u8]>,
    pub(crate) stable: Option<&'a [u8]>,
}

/// A target and its counters.
#[derive(Debug)]
pub(crate) struct LiveTarget {
    pub(crate) measured: Arc<Measured>,
    /// The release as text, for the log of requests.
    pub(crate) release: Box<str>,
    pub(crate) h2c: bool,
    pub(crate) instances: Vec<Arc<Instance>>,
    turn: AtomicUsize,
}

impl Live {
    /// The route of a request; `host` in normal form.
    pub(crate) fn route(&self, host: &str, path: &str) -> Option<&Arc<LiveRoute>> {
        choose::route(&self.table, host, path).map(|i| &self.routes[i])
    }

    /// Whether an instance is in this table.
    pub(crate) fn holds(&self, wanted: &Arc<Instance>) -> bool {
        let targets = self.routes.iter().flat_map(|route| &route.targets);
        targets.flat_map(|target| &target.instances).any(|instance| Arc::ptr_eq(instance, wanted))
    }
}

impl LiveRoute {
    pub(crate) fn mode(&self) -> Mode {
        self.route.mode
    }

    /// Index of the target of a request: the release whose token it shows, the candidate if it is an insider's, else by
    /// weight and `roll`, or by what the headers say of the client.
    pub(crate) fn target(
        &self,
        shown: Shown<'_>,
        headers: Option<&HeaderMap>,
        roll: u64,
    ) -> Option<usize> {
        let targets = &self.route.targets;
        if self.is_token(shown.candidate) {
            return targets.iter().position(|target| target.candidate);
        }
        if self.is_token(shown.stable)
            && let Some(stable) = targets.iter().position(|target| !target.candidate)
        {
            return Some(stable);
        }
        if let Some(candidate) = self.of_insiders(headers) {
            return Some(candidate);
        }
        let roll = self.roll_of_client(headers).unwrap_or(roll);
        choose::target(targets.iter().map(|target| target.weight), roll)
    }

    /// Whether somebody shows what addresses a release.
    pub(crate) fn is_token(&self, shown: Option<&[u8]>) -> bool {
        let token = self.route.candidate_token.as_ref();
        token.zip(shown).is_some_and(|(token, shown)| token.matches(shown))
    }

    /// The candidate, if it has a share and the request is one that it always answers then.
    fn of_insiders(&self, headers: Option<&HeaderMap>) -> Option<usize> {
        let (insiders, headers) = (&self.route.insiders, headers?);
        let is_one = insiders.iter().any(|insider| insider.is_shown(headers));
        let has_share = |target: &Target| target.candidate && target.weight > 0;
        is_one.then(|| self.route.targets.iter().position(has_share))?
    }

    fn roll_of_client(&self, headers: Option<&HeaderMap>) -> Option<u64> {
        let sticky = self.route.sticky.as_ref()?;
        let candidate = self.route.targets.last().filter(|target| target.candidate)?;
        sticky.roll(candidate.release, headers?)
    }
}

impl LiveTarget {
    pub(crate) fn new(
        release: Box<str>,
        h2c: bool,
        measured: Arc<Measured>,
        instances: Vec<Arc<Instance>>,
    ) -> Self {
        Self { measured, release, h2c, instances, turn: AtomicUsize::new(0) }
    }

    /// The instance for the next request, none of `tried`.
    pub(crate) fn instance(&self, tried: &[Arc<Instance>]) -> Option<&Arc<Instance>> {
        let load = |instance: &Arc<Instance>| Load {
            in_flight: instance.in_flight(),
            failing: instance.is_failing(),
            tried: tried.iter().any(|tried| Arc::ptr_eq(tried, instance)),
        };
        let turn = self.turn.fetch_add(1, Relaxed);
        choose::instance(self.instances.iter().map(load), turn).map(|i| &self.instances[i])
    }
}
