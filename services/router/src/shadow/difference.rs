//! Where two JSON documents differ. Pure.
//!
//! Members have no order, elements have; numbers are equal to nine digits, because the last ones depend on the machine.

use crate::table::pointer::{Pointer, Step, written};
use serde_json::{Number, Value};
use std::collections::BTreeSet;

/// Most places that are told of two documents.
const MOST: usize = 8;
/// Relative difference of numbers that count as equal.
const CLOSE: f64 = 1e-9;

/// The places where `candidate` is not `stable`, as pointers with `*` for elements; those first that are deepest on the
/// left. What is `ignored` is not looked at.
pub(super) fn differences(
    stable: &Value,
    candidate: &Value,
    ignored: &[Pointer],
) -> BTreeSet<String> {
    let mut search = Search { ignored, path: Vec::new(), found: BTreeSet::new() };
    search.compare(Some(stable), Some(candidate));
    search.found
}

struct Search<'a> {
    ignored: &'a [Pointer],
    path: Vec<Step<'a>>,
    found: BTreeSet<String>,
}

impl<'a> Search<'a> {
    fn compare(&mut self, stable: Option<&'a Value>, candidate: Option<&'a Value>) {
        let is_ignored = self.ignored.iter().any(|pointer| pointer.is_at(&self.path));
        if is_ignored || self.found.len() >= MOST {
            return;
        }
        match (stable, candidate) {
            (Some(Value::Object(stable)), Some(Value::Object(candidate))) => {
                let new = candidate.keys().filter(|name| !stable.contains_key(*name));
                for name in stable.keys().chain(new) {
                    self.within(Step::Member(name), stable.get(name), candidate.get(name));
                }
            }
            (Some(Value::Array(stable)), Some(Value::Array(candidate))) => {
                for index in 0..stable.len().max(candidate.len()) {
                    self.within(Step::Element(index), stable.get(index), candidate.get(index));
                }
            }
            (Some(Value::Number(stable)), Some(Value::Number(candidate)))
                if are_close(stable, candidate) => {}
            (stable, candidate) if stable == candidate => {}
            _ => {
                self.found.insert(written(&self.path));
            }
        }
    }

    fn within(&mut self, step: Step<'a>, stable: Option<&'a Value>, candidate: Option<&'a Value>) {
        self.path.push(step);
        self.compare(stable, candidate);
        self.path.pop();
    }
}

/// Whole numbers are equal or not.
fn are_close(one: &Number, other: &Number) -> bool {
    let is_whole = |number: &Number| !number.is_f64();
    if is_whole(one) && is_whole(other) {
        return one == other;
    }
    let (Some(one), Some(other)) = (one.as_f64(), other.as_f64()) else { return one == other };
    (one - other).abs() <= CLOSE * one.abs().max(other.abs())
}

#[cfg(test)]
mod tests;
