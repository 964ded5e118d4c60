//! `extends`: what one service takes from another is written out in it.

use crate::ledger::{Ledger, NOTHING};
use crate::place::{Place, step};
use manifest::yaml::{Key, Node, Value};

/// The longest chain of services that extend each other.
const MAX_CHAIN: usize = 8;
/// So many nodes are copied at most, however many services extend a large one.
const MAX_COPIED: usize = 100_000;
/// Lists that are replaced, not added to.
const REPLACED: [&str; 3] = ["command", "entrypoint", "test"];
/// What is said of a service alone: a base is often kept from starting by a profile.
const OWN: [&str; 2] = ["extends", "profiles"];

type Entries = Vec<(Key, Node)>;

/// `root` with every `extends` of the same file written out.
pub(super) fn extended(mut root: Node, ledger: &mut Ledger) -> Node {
    let Value::Map(entries) = &mut root.value else { return root };
    let Some((_, services)) = entries.iter_mut().find(|(key, _)| key.text == "services") else {
        return root;
    };
    let Value::Map(services) = &mut services.value else { return root };
    let plain = services.clone();
    let mut copied = 0;
    for (key, node) in services {
        let bases = chain(&plain, node);
        copied += bases.iter().map(|base| size(base)).sum::<usize>();
        let Some(extends) = value(node, "extends").filter(|_| !bases.is_empty()) else { continue };
        let place = Place { path: step(&step("services", &key.text), "extends"), node: extends };
        if bases.len() > MAX_CHAIN || copied > MAX_COPIED {
            let why = "the services extend each other without end, or too much";
            ledger.left(&place, why, "write out by hand what this one takes over");
            continue;
        }
        ledger.changed(&place, "what it takes over is written out", NOTHING);
        for base in bases {
            merge(node, base);
        }
    }
    root
}

/// What `node` extends, and what that extends, the nearest first; one more than [`MAX_CHAIN`] at most.
fn chain<'a>(plain: &'a Entries, node: &Node) -> Vec<&'a Node> {
    let base = |node: &Node| -> Option<&'a Node> {
        let extends = value(node, "extends")?;
        let name = text(value(extends, "service").unwrap_or(extends))?;
        if value(extends, "file").is_some() {
            return None;
        }
        plain.iter().find(|(key, _)| key.text == name).map(|(_, node)| node)
    };
    std::iter::successors(base(node), |node| base(node)).take(MAX_CHAIN + 1).collect()
}

fn value<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find(|(known, _)| known.text == key).map(|(_, node)| node)
}

fn text(node: &Node) -> Option<&str> {
    if let Value::Scalar { text, .. } = &node.value { Some(text) } else { None }
}

fn size(node: &Node) -> usize {
    1 + match &node.value {
        Value::Scalar { .. } => 0,
        Value::List(items) => items.iter().map(size).sum(),
        Value::Map(entries) => entries.iter().map(|(_, node)| size(node)).sum(),
    }
}

/// Adds to `own` what `base` has and it has not.
fn merge(own: &mut Node, base: &Node) {
    let (Value::Map(own), Value::Map(base)) = (&mut own.value, &base.value) else { return };
    for (key, inherited) in base.iter().filter(|(key, _)| !OWN.contains(&key.text.as_str())) {
        let Some((_, known)) = own.iter_mut().find(|(known, _)| known.text == key.text) else {
            own.push((key.clone(), inherited.clone()));
            continue;
        };
        match (&mut known.value, &inherited.value) {
            (Value::Map(_), Value::Map(_)) => merge(known, inherited),
            (Value::List(own), Value::List(base)) if !REPLACED.contains(&key.text.as_str()) => {
                // The later one of a name counts, so the own ones stay last.
                own.splice(0..0, base.iter().cloned());
            }
            (Value::Map(own), Value::List(base)) => {
                own.extend(
                    base.iter()
                        .filter_map(entry)
                        .filter(|(key, _)| own.iter().all(|(known, _)| known.text != key.text))
                        .collect::<Entries>(),
                );
            }
            (Value::List(own), Value::Map(base)) if !REPLACED.contains(&key.text.as_str()) => {
                own.splice(0..0, base.iter().map(line));
            }
            _ => {}
        }
    }
}

/// `NAME=VALUE` of a list as an entry of a mapping.
fn entry(item: &Node) -> Option<(Key, Node)> {
    let text = text(item)?;
    let key = |name: &str| Key { at: item.at, text: name.to_owned() };
    Some(match text.split_once('=') {
        Some((name, value)) => {
            let value = Value::Scalar { text: value.to_owned(), plain: false };
            (key(name), Node { at: item.at, value })
        }
        None => (key(text), Node::nothing(item.at)),
    })
}

/// An entry of a mapping as `NAME=VALUE` of a list.
fn line((key, node): &(Key, Node)) -> Node {
    let text = match text(node) {
        Some(value) if !node.is_nothing() => format!("{}={value}", key.text),
        _ => key.text.clone(),
    };
    Node { at: node.at, value: Value::Scalar { text, plain: false } }
}
