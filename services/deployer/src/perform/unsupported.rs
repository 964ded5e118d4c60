//! Effects of states that no plan of this version leads to.

use super::Outcome;
use release::{Effect, Failure};

/// Refuses `effect` instead of passing a gate that was not looked at.
pub(crate) fn unsupported(effect: Effect) -> Outcome {
    let message = format!("this version cannot do {effect:?}; the release goes back");
    Outcome::failed(Failure::new("UNSUPPORTED", message))
}
