//! The data plane: takes requests to instances by host, path and weight, and measures what they do.
//!
//! It serves from its last table with everything else down. The table is replaced as a whole; once that is
//! acknowledged, nothing new goes to what the table no longer names.

pub mod choose;
pub mod table;

mod access_log;
mod app;
mod capture;
mod config;
mod connection;
mod forward;
mod grpc;
mod headers;
mod instance;
mod ledger;
mod live;
mod measure;
mod metrics;
mod network;
mod passage;
mod plane;
mod predicted;
mod problem;
mod record;
mod refused;
mod reply;
mod shadow;
mod spread;
mod store;
mod tunnel;
mod upload;
mod upstream;
mod watch;
mod way_back;
mod worker;

pub use app::{Router, RouterError, start};
pub use config::{Config, Limits, LogTarget};
pub use network::{InvalidNetwork, Network};
pub use plane::ApplyError;
pub use store::StoreError;
