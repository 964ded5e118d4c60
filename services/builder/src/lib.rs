//! The builder: turns a change into images whose digests the registry confirms.
//!
//! `source.pushed` queues one build per change; a worker claims it by lease, fetches the commit, reads what
//! to build and where it may go, builds what changed and says so. [`complete`] is the only place where a
//! build ends.

pub mod app;
pub mod collect;
pub mod commit;
pub mod complete;
pub mod config;
pub mod context;
pub mod db;
pub mod disk;
pub mod engine;
pub mod failure;
pub mod git;
pub mod grpc;
pub mod log;
pub mod metrics;
pub mod model;
pub mod on;
pub mod order;
pub mod peers;
pub mod registry;
pub mod run;
pub mod running;
pub mod supersede;
pub mod sweep;
pub mod tag;
pub mod worker;

pub use app::{Builder, start};
pub use config::Config;
