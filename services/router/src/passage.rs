//! What befell the requests of one route on their way, whoever answered them: counters without locks that only grow.

use crate::instance::Instance;
use crate::measure::Snapshot;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Passage {
    held: AtomicU64,
    turned_away: AtomicU64,
    retried: AtomicU64,
    drained: AtomicU64,
    cut: AtomicU64,
}

impl Passage {
    /// A request waits for another table.
    pub(crate) fn held(&self) {
        self.held.fetch_add(1, Relaxed);
    }

    /// A request was refused before it belonged to a release.
    pub(crate) fn turned_away(&self) {
        self.turned_away.fetch_add(1, Relaxed);
    }

    /// A request is offered to another instance.
    pub(crate) fn retried(&self) {
        self.retried.fetch_add(1, Relaxed);
    }

    /// A request is over that `instance` worked on.
    pub(crate) fn ended_on(&self, instance: &Instance) {
        if instance.is_overdue() {
            self.cut.fetch_add(1, Relaxed);
        } else if instance.has_left() {
            self.drained.fetch_add(1, Relaxed);
        }
    }

    /// As on the wire; `answered` is what all releases behind the route had to do.
    pub(crate) fn stats(&self, route: &str, answered: &Snapshot) -> proto::v1::RouteStats {
        let turned_away = self.turned_away.load(Relaxed);
        let [.., server_errors] = answered.status;
        proto::v1::RouteStats {
            route: route.to_owned(),
            requests: answered.requests() + turned_away,
            failed: server_errors + answered.broken_answers + turned_away,
            retried: self.retried.load(Relaxed),
            held: self.held.load(Relaxed),
            drained: self.drained.load(Relaxed),
            cut: self.cut.load(Relaxed),
        }
    }
}
