//! A place in the source: a node, and the path that leads to it.

use crate::error::ImportError;
use manifest::yaml::{Node, Value};
use serde::Serialize;
use std::collections::BTreeSet;

/// Where something stands in the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Mark {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// A node with the path that leads to it.
#[derive(Debug, Clone)]
pub(crate) struct Place<'a> {
    pub(crate) path: String,
    pub(crate) node: &'a Node,
}

impl<'a> Place<'a> {
    pub(crate) fn root(node: &'a Node) -> Self {
        Self { path: String::new(), node }
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark { path: self.path.clone(), line: self.node.at.line, column: self.node.at.column }
    }

    /// The value under `key`, unless it is nothing.
    pub(crate) fn get(&self, key: &str) -> Option<Self> {
        let Value::Map(entries) = &self.node.value else { return None };
        let (_, node) = entries.iter().find(|(name, _)| name.text == key)?;
        if node.is_nothing() { None } else { Some(Self { path: step(&self.path, key), node }) }
    }

    /// The text under `key`, if it is one.
    pub(crate) fn text_of(&self, key: &str) -> Option<&'a str> {
        self.get(key).and_then(|place| place.text())
    }

    /// The entries of a mapping that have a value; none of anything else.
    pub(crate) fn entries(&self) -> Vec<(&'a str, Self)> {
        let entries = self.all_entries().into_iter();
        entries.filter(|(_, place)| !place.node.is_nothing()).collect()
    }

    /// The entries of a mapping, also those without a value.
    pub(crate) fn all_entries(&self) -> Vec<(&'a str, Self)> {
        let Value::Map(entries) = &self.node.value else { return Vec::new() };
        let place = |key: &str, node| Self { path: step(&self.path, key), node };
        entries.iter().map(|(key, node)| (key.text.as_str(), place(&key.text, node))).collect()
    }

    /// The items of a list; none of anything else.
    pub(crate) fn items(&self) -> Vec<Self> {
        let Value::List(items) = &self.node.value else { return Vec::new() };
        let place = |(n, node)| Self { path: format!("{}[{n}]", self.path), node };
        items.iter().enumerate().map(place).collect()
    }

    /// The items of a list, or the one thing itself: many keys take either.
    pub(crate) fn one_or_many(&self) -> Vec<Self> {
        if self.is_list() { self.items() } else { vec![self.clone()] }
    }

    pub(crate) fn text(&self) -> Option<&'a str> {
        match &self.node.value {
            Value::Scalar { text, .. } if !self.node.is_nothing() => Some(text),
            Value::Scalar { .. } | Value::List(_) | Value::Map(_) => None,
        }
    }

    pub(crate) fn is_list(&self) -> bool {
        matches!(self.node.value, Value::List(_))
    }

    pub(crate) fn is_map(&self) -> bool {
        matches!(self.node.value, Value::Map(_))
    }

    pub(crate) fn is(&self, word: &str) -> bool {
        self.text() == Some(word)
    }

    /// What stands below, or nothing when it is a single value.
    pub(crate) fn children(&self) -> Vec<Self> {
        let entries = self.all_entries().into_iter().map(|(_, place)| place);
        entries.chain(self.items()).collect()
    }
}

/// The path of `key` below `path`.
pub(crate) fn step(path: &str, key: &str) -> String {
    let key: String = key.chars().take(128).collect();
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

/// Which of two values is meant cannot be told; the tools that read these files refuse them, too.
pub(crate) fn refuse_duplicates(root: &Node) -> Result<(), ImportError> {
    let mut open = vec![Place::root(root)];
    while let Some(place) = open.pop() {
        let mut seen = BTreeSet::new();
        if let Value::Map(entries) = &place.node.value {
            for (key, _) in entries {
                if !seen.insert(&key.text) {
                    let path = step(&place.path, &key.text);
                    return Err(ImportError::Twice { line: key.at.line, path });
                }
            }
        }
        open.extend(place.children());
    }
    Ok(())
}
