//! Copies of requests for a candidate that has no users: it is asked what users asked, and its answers are compared
//! with theirs and thrown away.
//!
//! Invariants: a copy is asked when the user's answer is complete, on a thread of its own, so that nothing of it is
//! waited for; what is beyond a limit is not copied; a candidate that is not in the table any more is not asked.

mod compare;
mod counters;
mod difference;
mod draft;
mod kept;
mod mirror;

pub(crate) use counters::Counters;
pub(crate) use draft::Draft;
pub(crate) use kept::Kept;
pub(crate) use mirror::Mirror;
