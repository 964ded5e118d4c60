//! The rows of schema `monitor`.

pub(crate) mod finding;
pub(crate) mod instance;
pub(crate) mod verdict;
