//! One instance at one address while the router knows it: how many requests it works on, and whether it answers.
//!
//! Invariant: `in_flight` counts every claim from before it is used until it is dropped, so that zero, seen after
//! a table without the instance is in force, means that nothing of ours reaches it any more.

use crate::table::Address;
use events::{InstanceId, ReleaseId};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How long an instance that refused a connection is passed over while others work.
const AVOIDED: Duration = Duration::from_secs(2);

/// One instance; the same object in every table that names it.
#[derive(Debug)]
pub(crate) struct Instance {
    /// Unlike that of any other in this process: connections are kept by it.
    pub(crate) key: u64,
    pub(crate) release: ReleaseId,
    pub(crate) address: Address,
    /// The identity as text, for the log of requests.
    pub(crate) label: Box<str>,
    in_flight: AtomicU64,
    requests: AtomicU64,
    connect_failures: AtomicU64,
    /// When it may be chosen again, in milliseconds since `known_since`; 0 when it works.
    avoided_until: AtomicU64,
    known_since: Instant,
    idle: Notify,
    /// No table in force names it.
    left: AtomicBool,
    /// It left, and the time in which it was to have nothing in flight is over.
    overdue: AtomicBool,
}

impl Instance {
    pub(crate) fn new(id: InstanceId, release: ReleaseId, address: Address) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self {
            key: NEXT.fetch_add(1, Relaxed),
            release,
            address,
            label: id.to_string().into(),
            in_flight: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            connect_failures: AtomicU64::new(0),
            avoided_until: AtomicU64::new(0),
            known_since: Instant::now(),
            idle: Notify::new(),
            left: AtomicBool::new(false),
            overdue: AtomicBool::new(false),
        }
    }

    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight.load(SeqCst)
    }

    /// Whether it refused a connection a moment ago. Reads the clock only when it ever did.
    pub(crate) fn is_failing(&self) -> bool {
        match self.avoided_until.load(Relaxed) {
            0 => false,
            until => self.age() < until,
        }
    }

    pub(crate) fn connect_failed(&self) {
        self.connect_failures.fetch_add(1, Relaxed);
        let until = self.age() + u64::try_from(AVOIDED.as_millis()).unwrap_or(u64::MAX);
        self.avoided_until.store(until, Relaxed);
    }

    pub(crate) fn connected(&self) {
        self.avoided_until.store(0, Relaxed);
    }

    /// The table in force names it, or does not any more.
    pub(crate) fn is_in_table(&self, named: bool) {
        self.left.store(!named, Relaxed);
        if named {
            self.overdue.store(false, Relaxed);
        }
    }

    pub(crate) fn has_left(&self) -> bool {
        self.left.load(Relaxed)
    }

    /// The time to drain is over.
    pub(crate) fn drained_too_slowly(&self) {
        self.overdue.store(self.has_left(), Relaxed);
    }

    pub(crate) fn is_overdue(&self) -> bool {
        self.overdue.load(Relaxed)
    }

    /// Waits until nothing is in flight.
    pub(crate) async fn drained(&self) {
        loop {
            let idle = self.idle.notified();
            tokio::pin!(idle);
            idle.as_mut().enable();
            if self.in_flight() == 0 {
                return;
            }
            idle.await;
        }
    }

    fn age(&self) -> u64 {
        u64::try_from(self.known_since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// An instance at all its addresses, as on the wire.
pub(crate) fn stats(at_each: &[Arc<Instance>]) -> Option<proto::v1::InstanceStats> {
    let sum = |of: fn(&Instance) -> u64| at_each.iter().map(|instance| of(instance)).sum();
    at_each.last().map(|instance| proto::v1::InstanceStats {
        instance: instance.label.to_string(),
        release: instance.release.to_string(),
        in_flight: sum(Instance::in_flight),
        requests: sum(|instance| instance.requests.load(Relaxed)),
        connect_failures: sum(|instance| instance.connect_failures.load(Relaxed)),
    })
}

/// One request that an instance works on, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Claim(Arc<Instance>);

impl Claim {
    /// Counted from here on; the caller looks at the table again before using it.
    pub(crate) fn on(instance: &Arc<Instance>) -> Self {
        instance.in_flight.fetch_add(1, SeqCst);
        Self(instance.clone())
    }

    /// The claim is used: the request goes to the instance.
    pub(crate) fn used(&self) {
        self.0.requests.fetch_add(1, Relaxed);
    }

    pub(crate) fn instance(&self) -> &Arc<Instance> {
        &self.0
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.0.in_flight.fetch_sub(1, SeqCst) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}
