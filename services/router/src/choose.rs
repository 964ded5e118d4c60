//! Which route, which release, which instance: pure functions on values.
//!
//! Invariants: the most specific host wins, then the longest prefix; a target of weight 0 is chosen only by the
//! candidate token; an instance that just refused a connection is chosen only when all others did too.

#[cfg(test)]
mod tests;

use crate::table::RouteTable;

/// The route that serves `path` of `host` (in normal form): its index in the table.
///
/// A less specific host is asked when no route of the more specific one covers the path.
pub fn route(table: &RouteTable, host: &str, path: &str) -> Option<usize> {
    table.candidates(host).find(|&i| table.routes[i].path_prefix.covers(path))
}

/// The target whose share of the weights `roll` falls into; `roll` is uniform over all values.
pub fn target(weights: impl Iterator<Item = u32> + Clone, roll: u64) -> Option<usize> {
    let sum: u64 = weights.clone().map(u64::from).sum();
    let mut left = u64::try_from((u128::from(roll) * u128::from(sum)) >> 64).ok()?;
    for (i, weight) in weights.enumerate() {
        let weight = u64::from(weight);
        if left < weight {
            return Some(i);
        }
        left -= weight;
    }
    None
}

/// What is known of an instance when one is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Requests it is working on.
    pub in_flight: u64,
    /// It refused a connection a moment ago.
    pub failing: bool,
    /// This request was offered to it already.
    pub tried: bool,
}

/// The instance for the next request: one that works before one that fails, then least in flight, then in turn.
pub fn instance(loads: impl ExactSizeIterator<Item = Load>, turn: usize) -> Option<usize> {
    let count = loads.len();
    let from_turn = |i: usize| (i + count - turn % count) % count;
    loads
        .enumerate()
        .filter(|(_, load)| !load.tried)
        .min_by_key(|&(i, load)| (load.failing, load.in_flight, from_turn(i)))
        .map(|(i, _)| i)
}
