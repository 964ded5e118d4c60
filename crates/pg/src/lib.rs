//! Postgres, as every service uses it: the pool, migrations, and schema `bus` with outbox, inbox, parked
//! messages and answered requests. Callers own the transaction; what belongs together commits together.

mod connect;
pub mod error;
pub mod inbox;
mod line;
mod migrate;
pub mod outbox;
pub mod parked;
pub mod request;
pub mod retention;
pub mod sealed;

pub use connect::{ConnectError, connect};
pub use migrate::{MigrateError, migrate, migrate_bus};
