//! The rows of schema `monitor`.

pub(crate) mod finding;
pub(crate) mod history;
pub(crate) mod instance;
pub(crate) mod liveness;
pub(crate) mod repair;
pub(crate) mod verdict;
