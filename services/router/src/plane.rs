//! The data plane's state that all workers share: the table in force, and how it is replaced.
//!
//! Invariant: once [`Plane::apply`] has answered, no request goes to anything that only an earlier table names.
//! A worker counts a request at its instance first and looks at the epoch after that; the epoch is raised before
//! `apply` answers. Either the worker sees the new epoch and takes the count back, or its count was there before
//! the epoch changed and is seen by whoever waits for the instance to drain.

use crate::instance::{self, Claim, Instance};
use crate::ledger::Ledger;
use crate::live::Live;
use crate::store::{Store, StoreError};
use crate::table::{InvalidTable, RouteTable};
use crate::way_back::{self, NoWayBack};
use arc_swap::ArcSwap;
use events::InstanceId;
use futures_util::future::join_all;
use parking_lot::Mutex;
use proto::v1::{self, LocalRollback};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// See the module.
#[derive(Debug)]
pub(crate) struct Plane {
    live: ArcSwap<Live>,
    epoch: AtomicU64,
    /// Told when the table was replaced, for those who wait for another one.
    replaced: Notify,
    ledger: Mutex<Ledger>,
    /// The table as it came; held while one is replaced.
    applied: tokio::sync::Mutex<v1::RouteTable>,
    /// It is on the disk too.
    saved: AtomicBool,
    store: Store,
}

/// Why a table was not put in force.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// It says nothing that can be done.
    #[error(transparent)]
    Invalid(#[from] InvalidTable),
    /// A newer one is in force.
    #[error("generation {offered} is older than generation {current}, which is in force")]
    Stale {
        /// Of the refused table.
        offered: u64,
        /// Of the one in force.
        current: u64,
    },
    /// Another table of this generation is in force.
    #[error("another table of generation {0} is in force")]
    Reused(u64),
    /// It would leave a rollback that was taken here without instances.
    #[error(
        "{environment} was rolled back here by {by}, and the table names no instance of that release"
    )]
    RolledBack {
        /// Where.
        environment: String,
        /// By whom.
        by: String,
    },
}

/// What came of a table.
#[derive(Debug)]
pub(crate) struct Applied {
    pub(crate) generation: u64,
    /// Whether a restarted router will know it.
    pub(crate) saved: Result<(), StoreError>,
}

/// The table changed while a request was being assigned: assign it again.
#[derive(Debug)]
pub(crate) struct Replaced;

impl Plane {
    /// Starts with the table on disk, or with none.
    pub(crate) fn new(store: Store, stored: Option<v1::RouteTable>) -> Self {
        let table = stored.as_ref().and_then(|wire| {
            let refused = |error: &InvalidTable| {
                tracing::error!(error = error as &dyn std::error::Error, "using the table on disk");
            };
            RouteTable::try_from(&way_back::in_force(wire)).inspect_err(refused).ok()
        });
        let wire = stored.filter(|_| table.is_some()).unwrap_or_default();
        let mut ledger = Ledger::default();
        let live = ledger.enter(1, table.unwrap_or_else(RouteTable::empty));
        Self {
            live: ArcSwap::from_pointee(live),
            epoch: AtomicU64::new(1),
            replaced: Notify::new(),
            ledger: Mutex::new(ledger),
            applied: tokio::sync::Mutex::new(wire),
            saved: AtomicBool::new(true),
            store,
        }
    }

    /// Puts a table in force. A disk that cannot be written to does not keep users on a bad release: the table
    /// counts, and the answer says that it was not saved.
    pub(crate) async fn apply(&self, mut wire: v1::RouteTable) -> Result<Applied, ApplyError> {
        let mut applied = self.applied.lock().await;
        wire.local_rollbacks.clone_from(&applied.local_rollbacks);
        let table = RouteTable::try_from(&way_back::in_force(&wire))?;
        let (offered, current) = (table.generation, self.live().table.generation);
        if offered < current {
            return Err(ApplyError::Stale { offered, current });
        }
        if offered == current {
            let same = self.live().table == table;
            let acknowledged = Applied { generation: current, saved: Ok(()) };
            return same.then_some(acknowledged).ok_or(ApplyError::Reused(current));
        }
        if let Some(LocalRollback { environment, by, .. }) = way_back::undone(&wire).cloned() {
            return Err(ApplyError::RolledBack { environment, by });
        }
        let saved = self.put(&mut applied, wire, table).await;
        Ok(Applied { generation: offered, saved })
    }

    /// Sends all requests of an environment back to the release whose instances still run; the same again when that
    /// was done already. Past a job that cannot be undone only when that is confirmed.
    pub(crate) async fn roll_back(
        &self,
        wanted: LocalRollback,
        is_confirmed: bool,
    ) -> Result<(LocalRollback, Result<(), StoreError>), NoWayBack> {
        let mut applied = self.applied.lock().await;
        let before = applied.local_rollbacks.iter().find(|it| it.environment == wanted.environment);
        if let Some(before) = before {
            return Ok((before.clone(), Ok(())));
        }
        let release = way_back::warm(&applied, &wanted.environment)?;
        way_back::confirmed(&applied, (&wanted.environment, &release), is_confirmed)?;
        let rollback = LocalRollback { release, ..wanted };
        let mut wire = applied.clone();
        wire.local_rollbacks.push(rollback.clone());
        let table = reweighed(&wire);
        Ok((rollback, self.put(&mut applied, wire, table).await))
    }

    /// The weights of the table count again where this rollback stood above them.
    pub(crate) async fn clear(&self, uid: &str) -> Result<(), StoreError> {
        let mut applied = self.applied.lock().await;
        let mut wire = applied.clone();
        wire.local_rollbacks.retain(|rollback| rollback.uid != uid);
        if wire == *applied {
            return Ok(());
        }
        let table = reweighed(&wire);
        self.put(&mut applied, wire, table).await
    }

    async fn put(
        &self,
        applied: &mut v1::RouteTable,
        wire: v1::RouteTable,
        table: RouteTable,
    ) -> Result<(), StoreError> {
        let saved = self.store.save(&wire).await;
        self.saved.store(saved.is_ok(), SeqCst);
        self.swap(table);
        *applied = wire;
        saved
    }

    /// Saves the table in force if that could not be done before; nothing where it is on the disk.
    pub(crate) async fn save_again(&self) -> Option<Result<(), StoreError>> {
        if self.saved.load(SeqCst) {
            return None;
        }
        let applied = self.applied.lock().await;
        let saved = self.store.save(&applied).await;
        self.saved.store(saved.is_ok(), SeqCst);
        Some(saved)
    }

    fn swap(&self, table: RouteTable) {
        for (route, first, host) in table.shadowed() {
            tracing::warn!(route, first, ?host, "two routes serve the same host and path");
        }
        let mut ledger = self.ledger.lock();
        let epoch = self.epoch.load(SeqCst) + 1;
        let live = Arc::new(ledger.enter(epoch, table));
        self.live.store(live.clone());
        self.epoch.store(epoch, SeqCst);
        // Only from here on does an instance that left and is idle stay idle.
        ledger.forget(&live, Instant::now());
        drop(ledger);
        self.replaced.notify_waiters();
    }

    /// The table in force.
    pub(crate) fn live(&self) -> Arc<Live> {
        self.live.load_full()
    }

    /// Whether a table a worker holds is still in force.
    pub(crate) fn is_in_force(&self, live: &Live) -> bool {
        live.epoch >= self.epoch.load(SeqCst)
    }

    /// Assigns a request to an instance of `live`, unless that table was replaced.
    pub(crate) fn claim(&self, live: &Live, instance: &Arc<Instance>) -> Result<Claim, Replaced> {
        let claim = Claim::on(instance);
        if self.is_in_force(live) { Ok(claim) } else { Err(Replaced) }
    }

    /// Waits until `live` is no longer in force.
    pub(crate) async fn replaced(&self, live: &Live) {
        loop {
            let replaced = self.replaced.notified();
            tokio::pin!(replaced);
            replaced.as_mut().enable();
            if !self.is_in_force(live) {
                return;
            }
            replaced.await;
        }
    }

    /// Waits until none of the instances has anything in flight, or the time is over; then those that still have.
    pub(crate) async fn await_drained(
        &self,
        ids: &[InstanceId],
        limit: Duration,
    ) -> Vec<v1::InstanceStats> {
        let find = |id: &InstanceId| self.ledger().instance(*id);
        let wanted: Vec<Vec<Arc<Instance>>> = ids.iter().map(find).collect();
        let all = wanted.iter().flatten().map(|instance| instance.drained());
        if tokio::time::timeout(limit, join_all(all)).await.is_ok() {
            return Vec::new();
        }
        let busy = wanted.iter().flatten().filter(|instance| instance.in_flight() > 0);
        busy.for_each(|instance| instance.drained_too_slowly());
        let remaining = wanted.iter().filter_map(|at_each| instance::stats(at_each));
        remaining.filter(|stats| stats.in_flight > 0).collect()
    }

    /// The table as it came.
    pub(crate) async fn applied(&self) -> v1::RouteTable {
        self.applied.lock().await.clone()
    }

    /// All that is known of instances and releases.
    pub(crate) fn ledger(&self) -> parking_lot::MutexGuard<'_, Ledger> {
        self.ledger.lock()
    }
}

/// The table in force, with other weights.
fn reweighed(wire: &v1::RouteTable) -> RouteTable {
    RouteTable::try_from(&way_back::in_force(wire))
        .expect("it was valid, and weights are any number")
}

#[cfg(test)]
mod tests;
