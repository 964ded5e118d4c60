//! Typed JetStream: what is said travels as `CloudEvents`, is published from an outbox, and reaches one
//! handler per event type.
//!
//! A message is a hint, never the truth: it may come twice, late, out of order or not at all, and every
//! handler and sweep is written for that.

mod again;
mod connect;
pub mod consume;
mod counts;
mod handlers;
mod headers;
mod link;
mod publish;
pub mod relay;
mod revive;
mod samples;
mod span;
mod streams;
mod tail;
mod unreadable;
mod verdict;

pub use connect::{Bus, ConnectError};
pub use handlers::Handlers;
pub use headers::{Malformed, from_message, to_headers};
pub use publish::{PublishError, envelope};
pub use samples::{Captured, SamplesError};
pub use tail::{Heard, Past, Tail, TailError};
pub use verdict::Verdict;
