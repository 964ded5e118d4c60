//! Values that Ruby computes when Kamal runs.

use crate::ledger::Ledger;
use crate::place::Place;
use manifest::yaml::{Node, Value};

/// `root` with nothing where a value is computed, which is told.
pub(super) fn taken_out(mut root: Node, ledger: &mut Ledger) -> Node {
    let mut open = vec![Place::root(&root)];
    while let Some(place) = open.pop() {
        if place.text().is_some_and(|text| text.contains("<%")) {
            let why = "Ruby computes it when Kamal runs";
            ledger.left(&place, why, "write the value, or set it as a secret");
        }
        open.extend(place.children());
    }
    take_out(&mut root);
    root
}

fn take_out(node: &mut Node) {
    match &mut node.value {
        Value::Scalar { text, plain } if text.contains("<%") => {
            text.clear();
            *plain = true;
        }
        Value::Scalar { .. } => {}
        Value::List(items) => items.iter_mut().for_each(take_out),
        Value::Map(entries) => entries.iter_mut().for_each(|(_, node)| take_out(node)),
    }
}
