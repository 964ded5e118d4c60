//! Where each path of a manifest stands, and which keys stand twice.

use crate::read::{Reading, step};
use crate::yaml::{Node, Position, Value};
use std::collections::BTreeMap;

/// The place of `path` in the tree, or what is nearest around it when it is not written.
pub(crate) fn locate(root: &Node, path: &str) -> Position {
    let mut node = root;
    let mut rest = path;
    while let Some((child, after)) = descend(node, rest) {
        node = child;
        rest = after;
    }
    node.at
}

/// The child that `path` begins with, and what is left of the path.
fn descend<'n, 'p>(node: &'n Node, path: &'p str) -> Option<(&'n Node, &'p str)> {
    match &node.value {
        Value::Scalar { .. } => None,
        Value::List(items) => {
            let (index, after) = path.strip_prefix('[')?.split_once(']')?;
            Some((items.get(index.parse::<usize>().ok()?)?, after))
        }
        Value::Map(entries) => {
            let path = path.strip_prefix('.').unwrap_or(path);
            entries.iter().find_map(|(key, child)| {
                let after = path.strip_prefix(step(&key.text).as_str())?;
                (after.is_empty() || after.starts_with(['.', '['])).then_some((child, after))
            })
        }
    }
}

/// Reports every key that stands twice in one mapping.
pub(crate) fn duplicates(node: &Node, reading: &mut Reading) {
    match &node.value {
        Value::Scalar { .. } => {}
        Value::List(items) => {
            for (n, item) in items.iter().enumerate() {
                reading.inside(&format!("[{n}]"), |reading| duplicates(item, reading));
            }
        }
        Value::Map(entries) => {
            let mut first: BTreeMap<&str, usize> = BTreeMap::new();
            for (key, child) in entries {
                let name = step(&key.text);
                if let Some(line) = first.get(key.text.as_str()) {
                    let help = format!("it stands in line {line} already");
                    let message = format!("the key `{name}` stands twice");
                    reading.remark(key.at, message, Some(help));
                } else {
                    first.insert(&key.text, key.at.line);
                    reading.inside(&format!(".{name}"), |reading| duplicates(child, reading));
                }
            }
        }
    }
}
