//! Mistakes that a deployer could make. Each is found by the simulation, or its checks check nothing.

/// A mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Effects do not ask whether the release went on.
    NoFence,
    /// The row is written whatever its version and lease.
    NoVersion,
    /// Whoever lost the lease is not told.
    NoLease,
    /// Effects go on although the lease may be over.
    NoTenure,
    /// A command is refused by what the release was when it was read.
    RefusesUnread,
    /// The stable release is stopped before the candidate is ready.
    StopsFirst,
    /// Traffic moves to a candidate that was not asked.
    NoGate,
    /// Nobody looks whether a state lasts too long.
    NoDeadline,
    /// A bake or a settling that is late ends before it was tried.
    LateUntried,
    /// Consumers act on every delivery.
    NoInbox,
    /// What a deleted app ran is taken away although there is an app of its name again.
    RemovesUnread,
}
