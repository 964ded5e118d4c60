//! Idle HTTP/1.1 connections of one worker, by instance; the one used last is used next.

use crate::instance::Instance;
use crate::live::Live;
use crate::upstream::http1::Connection;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

/// Idle connections kept per instance and worker: what kamal-proxy keeps, and some.
const KEPT: usize = 128;
/// How long one is kept; most servers close theirs earlier.
const IDLE: Duration = Duration::from_mins(1);

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Pool(RefCell<BTreeMap<u64, Vec<Idle>>>);

#[derive(Debug)]
struct Idle {
    connection: Box<Connection>,
    since: Instant,
}

impl Pool {
    /// A connection that can take a request, unless the instance has closed it: sending will tell.
    pub(crate) fn take(&self, instance: &Instance) -> Option<Box<Connection>> {
        let mut idle = self.0.borrow_mut();
        idle.get_mut(&instance.key)?.pop().map(|idle| idle.connection)
    }

    /// Keeps a connection whose answer was read to the end.
    pub(crate) fn keep(&self, instance: &Instance, mut connection: Box<Connection>, now: Instant) {
        if !connection.is_usable() {
            return;
        }
        let mut idle = self.0.borrow_mut();
        let kept = idle.entry(instance.key).or_default();
        if kept.len() < KEPT {
            kept.push(Idle { connection, since: now });
        }
    }

    /// Closes the connections to an instance that seems to have closed its side.
    pub(crate) fn forget(&self, instance: &Instance) {
        self.0.borrow_mut().remove(&instance.key);
    }

    /// Closes what is idle too long or was closed by the instance.
    pub(crate) fn tidy(&self, now: Instant) {
        self.0.borrow_mut().retain(|_, kept| {
            kept.retain_mut(|idle| {
                now.duration_since(idle.since) < IDLE && idle.connection.is_usable()
            });
            !kept.is_empty()
        });
    }

    /// Closes the connections to instances that are not in `live`, so that they can stop at once.
    pub(crate) fn follow(&self, live: &Live) {
        let routes = live.routes.iter().flat_map(|route| &route.targets);
        let known: HashSet<u64> =
            routes.flat_map(|target| &target.instances).map(|instance| instance.key).collect();
        self.0.borrow_mut().retain(|key, _| known.contains(key));
    }
}
