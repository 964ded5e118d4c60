//! Who drives a release: a lease with an epoch, by the database's clock.

use super::Store;
use crate::flaw::Flaw;
use events::ReleaseId;

/// How long a driver that says nothing keeps a release.
pub(crate) const LEASE: u64 = 6_000;

/// The right to drive a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) release: ReleaseId,
    pub(crate) epoch: u64,
}

/// What a driver learns when it says that it is alive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beat {
    pub(crate) is_late: bool,
    pub(crate) has_commands: bool,
}

impl Store {
    /// Claims what is due and driven by nobody, and says how many were taken over from somebody silent.
    pub(crate) fn claim_due(&mut self, owner: u64) -> (Vec<Lease>, u64) {
        let now = self.now;
        let is_due = |row: &super::Row| {
            row.wake_at.is_some_and(|at| at <= now)
                && (row.lease_owner.is_none() || row.lease_until < now)
        };
        let due: Vec<_> =
            self.releases.values().filter(|row| is_due(row)).map(|row| row.id).collect();
        let (mut leases, mut taken_over) = (Vec::new(), 0);
        for release in due {
            let Some(row) = self.row(release) else { continue };
            taken_over += u64::from(row.lease_owner.is_some());
            // What was in time when its driver fell silent is still in time.
            let idle_since = row.wake_at.unwrap_or(now).max(row.lease_until.saturating_sub(LEASE));
            let moved = |at: u64| if idle_since < at { at + (now - idle_since) } else { at };
            row.deadline_at = row.deadline_at.map(moved);
            row.lease_owner = Some(owner);
            row.lease_epoch += 1;
            row.lease_until = now + LEASE;
            leases.push(Lease { release, epoch: row.lease_epoch });
        }
        (leases, taken_over)
    }

    /// Keeps the lease; nothing when another driver has it.
    pub(crate) fn beat(&mut self, lease: Lease) -> Option<Beat> {
        let (now, has_commands) = (self.now, self.has_commands(lease.release));
        let blind = self.has(Flaw::NoLease);
        let never_late = self.has(Flaw::NoDeadline);
        let row = self.row(lease.release)?;
        if row.lease_epoch != lease.epoch && !blind {
            return None;
        }
        row.lease_until = now + LEASE;
        let is_late = !never_late && row.deadline_at.is_some_and(|at| at <= now);
        Some(Beat { is_late, has_commands })
    }

    /// Gives the lease back, to be looked at again after `pause`, at the deadline, or when woken.
    pub(crate) fn give_back(&mut self, lease: Lease, pause: Option<u64>) {
        let (now, has_commands) = (self.now, self.has_commands(lease.release));
        let Some(row) = self.row(lease.release) else { return };
        if row.lease_epoch != lease.epoch {
            return;
        }
        row.lease_owner = None;
        row.lease_until = 0;
        row.wake_at = if has_commands {
            Some(now)
        } else {
            row.deadline_at.into_iter().chain(pause.map(|pause| now + pause)).min()
        };
    }

    /// The process stops and gives back what it drives.
    pub(crate) fn give_back_all(&mut self, owner: u64) {
        let leases = self.releases.values().filter(|row| row.lease_owner == Some(owner));
        let leases = leases.map(|row| Lease { release: row.id, epoch: row.lease_epoch });
        for lease in leases.collect::<Vec<_>>() {
            self.give_back(lease, Some(0));
        }
    }

    /// When the first release is due that nobody drives.
    pub(crate) fn next_due(&self) -> Option<u64> {
        let at = |row: &super::Row| Some(row.wake_at?.max(row.lease_until));
        self.releases.values().filter_map(|row| at(row)).min()
    }

    /// Something is due or held.
    pub(crate) fn is_driven(&self) -> bool {
        self.releases.values().any(|row| row.wake_at.is_some() || row.lease_until > self.now)
    }
}
