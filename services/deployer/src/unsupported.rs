//! What a manifest may say and this version does not do: said before anything is touched, never skipped
//! in silence. Pure.

use manifest::{Resolved, Strategy};
use release::Failure;

/// What `resolved` asks for that this version cannot do.
pub(crate) fn unsupported(resolved: &Resolved) -> Option<Failure> {
    let mut wanted: Vec<&str> = Vec::new();
    match resolved.strategy {
        Strategy::BlueGreen | Strategy::Recreate | Strategy::Canary(_) => {}
        Strategy::Shadow(_) => wanted.push("strategy shadow (use blue_green or canary)"),
    }
    if wanted.is_empty() {
        return None;
    }
    let message = format!(
        "the manifest asks for {}, which this version does not do; remove it and release again",
        wanted.join(", ")
    );
    Some(Failure::new("UNSUPPORTED", message))
}
