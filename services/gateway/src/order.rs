//! Which push of a ref is the newest, whatever order they arrive in.
//!
//! A push says where the ref was (`before`) and where it is (`after`). A push that does not start where
//! the ref was last seen leaves a gap; pushes that fill a gap are late. What neither the chain nor a gap
//! explains is decided by the time of the push. When everything fails, the next look at the remote heads
//! corrects it, and the builder checks with git.

use chrono::{DateTime, TimeDelta, Utc};
use events::CommitSha;
use serde::{Deserialize, Serialize};

/// Gaps kept per ref; more than this many pushes out of order are left to the look at the remote heads.
const GAPS: usize = 8;
/// After this, a push that never came is not waited for. GitHub's late deliveries are late by minutes.
const GAP_LIFE: TimeDelta = TimeDelta::hours(1);

/// Where a ref was last seen; the default is a ref never seen or deleted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Head {
    /// The commit, unless the ref is gone.
    pub commit: Option<CommitSha>,
    /// How it came there.
    pub trail: Trail,
}

/// How a ref came where it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Trail {
    /// The commit was handled; not so what was merely there when the app was registered.
    #[serde(default)]
    handled: bool,
    /// Where the last push started.
    before: Option<CommitSha>,
    /// When the last push happened, by the clock of the forge.
    pushed_at: Option<i64>,
    /// Pushes that must have happened and did not arrive.
    gaps: Vec<Gap>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Gap {
    from: Option<CommitSha>,
    to: Option<CommitSha>,
    seen: DateTime<Utc>,
}

/// Where a movement of a ref started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Before {
    /// There; nowhere when the push made the ref.
    Known(Option<CommitSha>),
    /// A look at the remote shows only where the ref is.
    Unknown,
}

/// A ref moved; `after` is nowhere when it was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Movement {
    /// Where it started.
    pub before: Before,
    /// Where it ended.
    pub after: Option<CommitSha>,
    /// When, in seconds since 1970 by the clock of the forge, if it says so.
    pub pushed_at: Option<i64>,
}

/// The place of a movement among those seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The ref is now where this movement ended.
    Newest,
    /// The ref was seen there already.
    Same,
    /// A later movement was seen before this one.
    Stale,
}

/// The place of `movement`, and the head after it.
pub(crate) fn place(head: &Head, movement: &Movement, now: DateTime<Utc>) -> (Place, Head) {
    let mut next = head.clone();
    next.trail.gaps.retain(|gap| now - gap.seen < GAP_LIFE);
    let there = movement.after == head.commit;
    let before = match &movement.before {
        Before::Known(before) => before,
        Before::Unknown if there && head.trail.handled => return (Place::Same, next),
        Before::Unknown => {
            if !there {
                next.open_gap(movement.after.clone(), now);
            }
            next.move_to(movement, head.commit.clone());
            return (Place::Newest, next);
        }
    };
    let (from, to) = (before.as_ref(), movement.after.as_ref());
    let chains = *before == head.commit;
    if there && !head.trail.handled {
        next.move_to(movement, before.clone());
        return (Place::Newest, next);
    }
    if there {
        let known = next.fill_end(from, to) || *before == head.trail.before;
        if !known && !chains {
            next.open_gap(before.clone(), now);
        }
        return (Place::Same, next);
    }
    // A late push may start at the head too: the one that left it and came back was seen before it.
    let returned = chains && next.gap_from_here_to(to);
    if chains && !returned {
        next.move_to(movement, before.clone());
        return (Place::Newest, next);
    }
    if next.fill_end(from, to) || next.fill_start(from, to) {
        return (Place::Stale, next);
    }
    if earlier(movement.pushed_at, head.trail.pushed_at) {
        return (Place::Stale, next);
    }
    next.open_gap(before.clone(), now);
    next.move_to(movement, before.clone());
    (Place::Newest, next)
}

fn earlier(this: Option<i64>, that: Option<i64>) -> bool {
    matches!((this, that), (Some(this), Some(that)) if this < that)
}

impl Head {
    fn move_to(&mut self, movement: &Movement, before: Option<CommitSha>) {
        self.commit.clone_from(&movement.after);
        self.trail.handled = true;
        self.trail.before = before;
        self.trail.pushed_at = movement.pushed_at.or(self.trail.pushed_at);
    }

    fn open_gap(&mut self, to: Option<CommitSha>, seen: DateTime<Utc>) {
        if self.trail.gaps.len() == GAPS {
            self.trail.gaps.remove(0);
        }
        self.trail.gaps.push(Gap { from: self.commit.clone(), to, seen });
    }

    fn gap_from_here_to(&self, to: Option<&CommitSha>) -> bool {
        self.trail.gaps.iter().any(|gap| gap.from == self.commit && gap.to.as_ref() == to)
    }

    fn fill_end(&mut self, before: Option<&CommitSha>, after: Option<&CommitSha>) -> bool {
        let Some(gap) = self.trail.gaps.iter_mut().find(|gap| gap.to.as_ref() == after) else {
            return false;
        };
        gap.to = before.cloned();
        self.close_gaps();
        true
    }

    fn fill_start(&mut self, before: Option<&CommitSha>, after: Option<&CommitSha>) -> bool {
        let Some(gap) = self.trail.gaps.iter_mut().find(|gap| gap.from.as_ref() == before) else {
            return false;
        };
        gap.from = after.cloned();
        self.close_gaps();
        true
    }

    fn close_gaps(&mut self) {
        self.trail.gaps.retain(|gap| gap.from != gap.to);
    }
}

#[cfg(test)]
mod tests;
