//! What the gateway does when something was said, one file per event: it tells people and the forge.

pub(crate) mod build_failed;
pub(crate) mod build_moved;
pub(crate) mod disk_filled;
pub(crate) mod drift_moved;
pub(crate) mod instance_ill;
pub(crate) mod release_moved;
pub(crate) mod run_finished;
