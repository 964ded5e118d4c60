//! `${NAME:-default}` in values: defaults are written out, and what has none is remembered.

use crate::ledger::Ledger;
use crate::place::Place;
use manifest::yaml::{Node, Position, Value};
use std::collections::BTreeMap;

/// Deepest default inside a default.
const MAX_DEPTH: usize = 8;

/// What of a value came from outside the file.
#[derive(Debug, Default, Clone)]
pub(super) struct Gap {
    /// Names for which a default was written.
    pub(super) defaults: Vec<String>,
    /// Names that have no value here.
    pub(super) missing: Vec<String>,
}

/// The values with gaps, by where they stand.
#[derive(Debug, Default)]
pub(super) struct Gaps(BTreeMap<Position, Gap>);

impl Gaps {
    pub(super) fn at(&self, place: &Place<'_>) -> Option<&Gap> {
        self.0.get(&place.node.at)
    }

    /// Whether a part of the value is not known.
    pub(super) fn is_missing(&self, place: &Place<'_>) -> bool {
        self.at(place).is_some_and(|gap| !gap.missing.is_empty())
    }
}

/// `root` with all values filled in as far as the file alone says.
pub(super) fn interpolated(mut root: Node) -> (Node, Gaps) {
    let mut gaps = Gaps::default();
    fill(&mut root, &mut gaps);
    (root, gaps)
}

fn fill(node: &mut Node, gaps: &mut Gaps) {
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| fill(item, gaps)),
        Value::Map(entries) => entries.iter_mut().for_each(|(_, node)| fill(node, gaps)),
        Value::Scalar { text, plain } if text.contains('$') => {
            let mut gap = Gap::default();
            *text = filled(text, &mut gap, 0);
            if !gap.defaults.is_empty() || !gap.missing.is_empty() {
                *plain = false;
                gaps.0.insert(node.at, gap);
            }
        }
        Value::Scalar { .. } => {}
    }
}

/// `text` with names replaced by their defaults, or by nothing.
fn filled(text: &str, gap: &mut Gap, depth: usize) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        rest = match after.chars().next() {
            Some('$') => {
                out.push('$');
                &after[1..]
            }
            Some('{') => {
                if let Some(end) = closing(after) {
                    out.push_str(&braced(&after[1..end], gap, depth));
                    &after[end + 1..]
                } else {
                    out.push('$');
                    after
                }
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let end = name_end(after);
                gap.missing.push(after[..end].to_owned());
                &after[end..]
            }
            _ => {
                out.push('$');
                after
            }
        };
    }
    out.push_str(rest);
    out
}

fn name_end(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
}

/// The brace that ends the one `text` begins with.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// What `NAME`, `NAME:-default`, `NAME:?error` or `NAME:+other` stands for.
fn braced(inner: &str, gap: &mut Gap, depth: usize) -> String {
    let (name, how) = inner.split_at(name_end(inner));
    let how = how.strip_prefix(':').unwrap_or(how);
    if let Some(default) = how.strip_prefix('-') {
        gap.defaults.push(name.to_owned());
        return if depth < MAX_DEPTH { filled(default, gap, depth + 1) } else { String::new() };
    }
    if how.starts_with('+') {
        gap.defaults.push(name.to_owned());
    } else {
        gap.missing.push(name.to_owned());
    }
    String::new()
}

/// Tells of every gap that nobody spoke of yet.
pub(super) fn tell(root: &Place<'_>, gaps: &Gaps, ledger: &mut Ledger) {
    let mut open = vec![root.clone()];
    while let Some(place) = open.pop() {
        open.extend(place.children());
        let Some(gap) = gaps.at(&place).filter(|_| !ledger.speaks_of(&place.path)) else {
            continue;
        };
        if place.is_list() || place.is_map() || ledger.is_left(&place.path) {
            continue;
        }
        let text = place.text().unwrap_or_default();
        if gap.missing.is_empty() {
            let why = format!("{} is not known here: {text:?} is written", gap.defaults.join(", "));
            ledger.changed(&place, why, "write another value if you run with one");
        } else {
            let names = gap.missing.join(", ");
            let why = format!("{names} is not known here and has no default: {text:?} is written");
            ledger.changed(&place, why, "write the whole value");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        let mut gap = Gap::default();
        let filled = filled(text, &mut gap, 0);
        format!("{filled} | {} | {}", gap.defaults.join(","), gap.missing.join(","))
    }

    #[test]
    fn defaults_are_filled_in_and_the_rest_is_remembered() {
        assert_eq!(said("${PORT:-8000}:8000"), "8000:8000 | PORT | ");
        assert_eq!(said("a${X}b$Y"), "ab |  | X,Y");
        assert_eq!(said("${A:-x${B-y}z}"), "xyz | A,B | ");
        assert_eq!(said("$$HOME ${X:?needed} ${Y:+z}"), "$HOME   | Y | X");
        assert_eq!(said("100$ ${open"), "100$ ${open |  | ");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_filled(text in "[${}:?+A-b -]{0,24}|\\PC{0,20}") {
            proptest::prop_assert!(filled(&text, &mut Gap::default(), 0).len() <= text.len());
        }
    }
}
