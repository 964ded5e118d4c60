//! The rows of schema `monitor`.

pub(crate) mod data_verdict;
pub(crate) mod data_watch;
pub(crate) mod finding;
pub(crate) mod history;
pub(crate) mod instance;
pub(crate) mod liveness;
pub(crate) mod prediction;
pub(crate) mod quality;
pub(crate) mod reference;
pub(crate) mod repair;
pub(crate) mod sample_cursor;
pub(crate) mod standard;
pub(crate) mod summary;
pub(crate) mod verdict;
