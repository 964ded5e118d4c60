//! Serving `slipway.v1`: one router per service, errors that say what to do, pages.

mod deadline;
mod guard;
pub mod page;
pub mod replay;
mod server;
pub mod status;

pub use guard::authorized;
pub use server::Server;
