//! Requests that Slipway sends itself, to both releases in turn, where users send too few to judge a candidate by.
//!
//! They go through the router, which measures them with the rest, and are told apart in all that is said of them.

mod enough;
mod own;
mod request;
mod sender;
mod sent;

pub(crate) use own::Own;
pub(crate) use request::Place;
pub(crate) use sender::{Sender, Whose, begin};
