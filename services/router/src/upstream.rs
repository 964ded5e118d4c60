//! Connections to instances, kept by each worker for itself.

mod connect;
mod gate;
pub(crate) mod http1;
pub(crate) mod http2;
mod pool;

pub(crate) use connect::{Unreachable, connect};
pub(crate) use pool::Pool;
