//! What the monitor does when something is said.

pub(crate) mod release_moved;
