//! From nodes to types, collecting every problem on the way.
//!
//! Reading never stops: a value that cannot be read is reported and replaced by a stand-in, so that all
//! the rest is still checked. Stand-ins never leave this crate, because a manifest with problems doesn't.

use crate::docs::{Docs, Row};
use crate::nearest::suggestion;
use crate::problem::{Problem, quoted};
use crate::yaml::{Node, Position, Value};
use std::collections::BTreeMap;

/// A type that can be read from a node and described in the reference.
pub(crate) trait Read: Sized {
    /// The value in `node`; problems go to `reading`.
    fn read(node: &Node, reading: &mut Reading) -> Self;

    /// Something valid to go on with.
    fn stand_in() -> Self;

    /// The value when its key is not there; `None`: the key is required.
    fn when_absent() -> Option<Self> {
        None
    }

    /// Takes the value from the fields of a mapping, or nothing when it is not there.
    fn take(fields: &mut Fields<'_>, key: &'static str) -> Option<Self> {
        let (key, node) = fields.get(key)?;
        Some(fields.reading.inside(&format!(".{key}"), |reading| Self::read(node, reading)))
    }

    /// The keys that it has in a mapping, where one field has it under `key`.
    fn keys(key: &'static str) -> Vec<&'static str> {
        vec![key]
    }

    /// What to write, for a message about it being missing.
    fn wanted(key: &str) -> String {
        format!("`{key}`")
    }

    /// Its type in words for the reference, registering sections of its own.
    fn describe(docs: &mut Docs) -> String;

    /// Its rows in the table of the mapping that has it under `row.key`.
    fn rows(mut row: Row, docs: &mut Docs) -> Vec<Row> {
        row.kind = Self::describe(docs);
        vec![row]
    }
}

/// A type that can be the key of a mapping.
pub(crate) trait FromKey: Ord + Sized {
    /// What the key is, in words.
    const KIND: &'static str;

    /// The key in `text`, or what is wrong with it.
    fn from_key(text: &str) -> Result<Self, String>;
}

/// Nobody reads more, and hostile text must not make more.
pub(crate) const MAX_PROBLEMS: usize = 100;

/// The part of a path that `key` is, at most as long as any name.
pub(crate) fn step(key: &str) -> String {
    key.chars().take(128).collect()
}

/// Where the reader is, and what it found wrong so far.
#[derive(Default)]
pub(crate) struct Reading {
    path: String,
    pub(crate) problems: Vec<Problem>,
    /// The paths at which a stand-in stands.
    pub(crate) replaced: Vec<String>,
}

impl Reading {
    /// Runs `read` one step deeper; `step` is `.key` or `[n]`.
    pub(crate) fn inside<T>(&mut self, step: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.path.len();
        self.path.push_str(if outer == 0 { step.trim_start_matches('.') } else { step });
        let value = read(self);
        self.path.truncate(outer);
        value
    }

    /// Reports a problem for which a stand-in now stands here.
    pub(crate) fn problem(&mut self, at: Position, message: String, help: Option<String>) {
        if self.replaced.len() < MAX_PROBLEMS {
            self.replaced.push(self.path.clone());
        }
        self.remark(at, message, help);
    }

    /// Reports a problem that leaves what was read as it is, unless there are too many to be read.
    pub(crate) fn remark(&mut self, at: Position, message: String, help: Option<String>) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem::at(at, &self.path, message, help));
        }
    }

    /// Reports that `node` is not `expected`, and goes on with the stand-in.
    pub(crate) fn expected<T: Read>(&mut self, node: &Node, expected: &str) -> T {
        let message = if node.is_nothing() {
            format!("has no value; expected {expected}")
        } else {
            format!("expected {expected}, found {}", found(node))
        };
        self.problem(node.at, message, None);
        T::stand_in()
    }
}

fn found(node: &Node) -> String {
    match &node.value {
        Value::Scalar { text, .. } => quoted(text),
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a mapping".to_owned(),
    }
}

/// A mapping being read key by key; what nobody asked for is unknown.
pub(crate) struct Fields<'a> {
    at: Position,
    entries: Vec<(&'a str, Position, &'a Node)>,
    asked: Vec<&'static str>,
    pub(crate) reading: &'a mut Reading,
}

impl<'a> Fields<'a> {
    /// The fields of `node`; a scalar or a list is taken for the value of the key `short`, if there is one.
    pub(crate) fn of(
        node: &'a Node,
        short: Option<&'static str>,
        reading: &'a mut Reading,
    ) -> Option<Self> {
        let entries = match (&node.value, short) {
            (Value::Map(entries), _) => {
                entries.iter().map(|(key, node)| (key.text.as_str(), key.at, node)).collect()
            }
            (Value::Scalar { .. } | Value::List(_), Some(key)) if !node.is_nothing() => {
                vec![(key, node.at, node)]
            }
            (Value::Scalar { .. } | Value::List(_), _) => return None,
        };
        Some(Self { at: node.at, entries, asked: Vec::new(), reading })
    }

    /// The key and node under `key`; the first one, where a key stands twice.
    pub(crate) fn get(&mut self, key: &'static str) -> Option<(&'static str, &'a Node)> {
        self.asked.push(key);
        self.entries.iter().find(|(known, ..)| *known == key).map(|(.., node)| (key, *node))
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(known, ..)| *known == key)
    }

    pub(crate) fn remark(&mut self, message: String) {
        self.reading.remark(self.at, message, None);
    }

    /// The value of `key`, its default (written as YAML), or a problem when it is required.
    pub(crate) fn field<T: Read>(&mut self, key: &'static str, default: Option<&str>) -> T {
        if let Some(value) = T::take(self, key) {
            return value;
        }
        if let Some(default) = default {
            return self.reading.inside(&format!(".{key}"), |reading| default_of(default, reading));
        }
        T::when_absent().unwrap_or_else(|| {
            self.remark(format!("{} is missing", T::wanted(key)));
            for key in T::keys(key) {
                self.reading.inside(&format!(".{key}"), |reading| {
                    reading.replaced.push(reading.path.clone());
                });
            }
            T::stand_in()
        })
    }

    /// Reports the keys that nobody asked for; top-level keys that start with `x-` hold anchors.
    pub(crate) fn finish(self) {
        let top = self.reading.path.is_empty();
        for (key, at, _) in &self.entries {
            if self.asked.contains(key) || (top && key.starts_with("x-")) {
                continue;
            }
            if self.reading.problems.len() >= MAX_PROBLEMS {
                return;
            }
            let help = suggestion(key, &self.asked);
            self.reading.inside(&format!(".{}", step(key)), |reading| {
                reading.remark(*at, "unknown key".to_owned(), Some(help));
            });
        }
    }
}

/// A default is YAML text, so that the reference shows what one would write.
pub(crate) fn default_of<T: Read>(text: &str, reading: &mut Reading) -> T {
    match crate::yaml::parse(text) {
        Ok(node) => T::read(&node, reading),
        Err(invalid) => {
            reading.problems.extend(invalid.problems);
            T::stand_in()
        }
    }
}

impl<T: Read> Read for Option<T> {
    fn read(node: &Node, reading: &mut Reading) -> Self {
        Some(T::read(node, reading))
    }

    fn stand_in() -> Self {
        None
    }

    fn when_absent() -> Option<Self> {
        Some(None)
    }

    fn take(fields: &mut Fields<'_>, key: &'static str) -> Option<Self> {
        T::take(fields, key).map(Some)
    }

    fn describe(docs: &mut Docs) -> String {
        T::describe(docs)
    }

    fn rows(row: Row, docs: &mut Docs) -> Vec<Row> {
        T::rows(row, docs)
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(node: &Node, reading: &mut Reading) -> Self {
        let Value::List(items) = &node.value else {
            return reading.expected(node, "a list");
        };
        let item = |(n, node)| reading.inside(&format!("[{n}]"), |reading| T::read(node, reading));
        items.iter().enumerate().map(item).collect()
    }

    fn stand_in() -> Self {
        Self::new()
    }

    fn when_absent() -> Option<Self> {
        Some(Self::new())
    }

    fn describe(docs: &mut Docs) -> String {
        format!("list of {}", T::describe(docs))
    }
}

impl<K: FromKey, T: Read> Read for BTreeMap<K, T> {
    fn read(node: &Node, reading: &mut Reading) -> Self {
        let Value::Map(entries) = &node.value else {
            return reading.expected(node, "a mapping");
        };
        let mut map = Self::new();
        for (key, node) in entries {
            reading.inside(&format!(".{}", step(&key.text)), |reading| {
                match K::from_key(&key.text) {
                    Ok(name) => {
                        let value = T::read(node, reading);
                        map.entry(name).or_insert(value);
                    }
                    Err(message) => reading.problem(key.at, message, None),
                }
            });
        }
        map
    }

    fn stand_in() -> Self {
        Self::new()
    }

    fn when_absent() -> Option<Self> {
        Some(Self::new())
    }

    fn describe(docs: &mut Docs) -> String {
        format!("mapping of {} to {}", K::KIND, T::describe(docs))
    }
}
