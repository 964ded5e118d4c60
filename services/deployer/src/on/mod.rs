//! What the deployer does when something was said, one file per event.

pub(crate) mod build_succeeded;
pub(crate) mod drift_cleared;
pub(crate) mod drift_detected;
