//! What CI says of a commit, for a release that waits for it: looked up at the forge when somebody asks, not more often
//! than every few seconds, and anew once a webhook hints that it changed. Nothing is written down: the forge has it.

mod look;
mod verdict;

pub(crate) use look::{Looks, look};
pub(crate) use verdict::Verdict;
