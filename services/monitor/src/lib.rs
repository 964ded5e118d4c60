//! What is against what should be: the monitor compares the containers of every live release with what was
//! released, says what differs, and asks the deployer to bring it back where the manifest wants that. It
//! changes no container itself.
//!
//! The deployer knows what should run, the engine what runs; every event, of the bus or of the engine, is
//! only a reason to look again.

pub mod app;
mod ask;
pub mod baseline;
mod builder;
pub mod cause;
pub mod compare;
mod config;
mod data;
mod db;
mod deployer;
pub mod diff;
mod engine;
mod exit;
pub mod expected;
pub mod fields;
mod grpc;
mod grpc_data;
mod grpc_truth;
pub mod heal;
pub mod judge;
mod learn;
pub mod liveness;
mod look;
mod mend;
mod metrics;
pub mod observed;
mod on;
mod owner;
pub mod place;
pub mod policy;
pub mod reason;
mod repair;
mod router;
pub mod routes;
mod say;
mod say_data;
mod watch;

pub use app::{Monitor, start};
pub use config::Config;
pub use data::Samples;

/// The name of this service on the bus and in the outbox.
pub const SERVICE: &str = "monitor";
