//! What is against what should be: the monitor compares the containers of every live release with what was
//! released, and says what differs. It changes nothing.
//!
//! The deployer knows what should run, the engine what runs; every event, of the bus or of the engine, is
//! only a reason to look again.

pub mod app;
pub mod baseline;
mod config;
mod db;
mod deployer;
pub mod diff;
mod engine;
mod exit;
pub mod expected;
mod grpc;
pub mod judge;
mod learn;
mod look;
mod metrics;
pub mod observed;
mod on;
pub mod place;
mod say;
mod watch;

pub use app::{Monitor, start};
pub use config::Config;

/// The name of this service on the bus and in the outbox.
pub const SERVICE: &str = "monitor";
