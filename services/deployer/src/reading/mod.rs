//! Numbers that are read of a candidate and of the stable release, beside what the router measures of them.
//!
//! A source that does not answer proves nothing: what was not read is told, and judged by nobody.

mod known;
mod number;
mod read;
mod reader;

pub(crate) use known::told;
pub(crate) use reader::{Readers, begin};
