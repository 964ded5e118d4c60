//! What every service's main needs: runtime and shutdown, configuration, telemetry, health, HTTP and
//! gRPC serving, who may do what, and time. No business rule lives here.

mod clock;
mod env;
mod error;
pub mod fail_point;
pub mod grpc;
pub mod health;
pub mod http;
pub mod internal;
pub mod mask;
pub mod metrics;
pub mod pressure;
pub mod principal;
mod run;
mod secret;
pub mod semconv;
mod shutdown;
pub mod telemetry;

pub use clock::{Clock, new_id};
pub use env::{Env, EnvError};
pub use error::chain;
pub use run::main;
pub use secret::Secret;
pub use shutdown::Shutdown;
