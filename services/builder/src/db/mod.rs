//! The builder's tables, one module each. Callers own transactions.

pub mod build;
pub mod build_log;
pub mod image;
pub mod needed;
pub mod passed_check;
pub mod pushed;
pub mod service;
pub mod step;
pub mod waiting;
