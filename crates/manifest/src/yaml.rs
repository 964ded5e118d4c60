//! YAML text to a tree of nodes that know where they stand.
//!
//! Hostile text is refused early: size, depth and what aliases expand to are limited, and tags are not
//! understood. Duplicate keys stay in the tree, so that the reader can report them.

use crate::problem::{Invalid, Problem};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle};
use std::collections::BTreeMap;

/// Largest file, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;
/// Deepest nesting; the grammar itself needs less than ten.
const MAX_DEPTH: usize = 32;
/// Largest tree after aliases are expanded, in bytes of text plus [`NODE_COST`] for each node.
const MAX_TREE: usize = 4 * 1024 * 1024;
const NODE_COST: usize = 16;

/// A place in the text; both count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl Position {
    /// Where a file begins.
    pub const START: Self = Self { line: 1, column: 1 };

    fn of(marker: Marker) -> Self {
        Self { line: marker.line().max(1), column: marker.col() + 1 }
    }
}

/// One value. Values under a key that span lines stand where their key stands.
#[derive(Debug, Clone)]
pub struct Node {
    /// Where it stands.
    pub at: Position,
    /// What it is.
    pub value: Value,
}

/// What a node is.
#[derive(Debug, Clone)]
pub enum Value {
    /// Text, and whether it stands without quotes.
    Scalar {
        /// As it is meant, without quotes.
        text: String,
        /// Without quotes: `null` is nothing then.
        plain: bool,
    },
    /// One after the other.
    List(Vec<Node>),
    /// By key, in the order of the file; a key may stand twice.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Debug, Clone)]
pub struct Key {
    /// Where it stands.
    pub at: Position,
    /// The key.
    pub text: String,
}

impl Node {
    /// An empty plain scalar: what `key:` alone means.
    pub fn nothing(at: Position) -> Self {
        Self { at, value: Value::Scalar { text: String::new(), plain: true } }
    }

    /// Whether nothing stands here, or one of YAML's words for it.
    pub fn is_nothing(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true }
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    fn cost(&self) -> usize {
        NODE_COST
            + match &self.value {
                Value::Scalar { text, .. } => text.len(),
                Value::List(items) => items.iter().map(Self::cost).sum(),
                Value::Map(entries) => {
                    entries.iter().map(|(key, node)| key.text.len() + node.cost()).sum()
                }
            }
    }

    fn depth(&self) -> usize {
        match &self.value {
            Value::Scalar { .. } => 0,
            Value::List(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Value::Map(entries) => 1 + entries.iter().map(|(_, n)| n.depth()).max().unwrap_or(0),
        }
    }
}

/// The one document in `text`.
pub fn parse(text: &str) -> Result<Node, Invalid> {
    if text.len() > MAX_BYTES {
        let message =
            format!("the file has {} bytes; the limit is {MAX_BYTES} (256 KiB)", text.len());
        return Err(refuse(Position::START, message));
    }
    let mut builder = Builder::default();
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event
            .map_err(|e| refuse(Position::of(*e.marker()), format!("not YAML: {}", e.info())))?;
        builder.accept(event, Position::of(span.start))?;
    }
    Ok(builder.root.unwrap_or_else(|| Node::nothing(Position::START)))
}

fn refuse(at: Position, message: impl Into<String>) -> Invalid {
    Invalid { problems: vec![Problem::at(at, "", message, None)] }
}

enum Frame {
    List { at: Position, anchor: usize, items: Vec<Node> },
    Map { at: Position, anchor: usize, entries: Vec<(Key, Node)>, key: Option<Key> },
}

#[derive(Default)]
struct Builder {
    open: Vec<Frame>,
    anchors: BTreeMap<usize, Node>,
    root: Option<Node>,
    tree: usize,
}

impl Builder {
    fn accept(&mut self, event: Event<'_>, at: Position) -> Result<(), Invalid> {
        match event {
            Event::Scalar(.., Some(tag))
            | Event::SequenceStart(_, Some(tag))
            | Event::MappingStart(_, Some(tag)) => {
                Err(refuse(at, format!("the tag {tag} is not understood; remove it")))
            }
            Event::Scalar(text, style, anchor, None) => {
                let plain = style == ScalarStyle::Plain;
                let node = Node { at, value: Value::Scalar { text: text.into_owned(), plain } };
                let cost = node.cost();
                self.finish(node, anchor, cost)
            }
            Event::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                Some(node) => {
                    let cost = node.cost();
                    self.finish(node, 0, cost)
                }
                None => Err(refuse(at, "an alias must not stand inside what it names")),
            },
            Event::SequenceStart(anchor, None) => {
                self.begin(Frame::List { at, anchor, items: Vec::new() }, at)
            }
            Event::MappingStart(anchor, None) => {
                self.begin(Frame::Map { at, anchor, entries: Vec::new(), key: None }, at)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(refuse(at, "only one document is read; remove what follows `---`"))
            }
            Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::StreamStart
            | Event::StreamEnd
            | Event::Nothing => Ok(()),
        }
    }

    fn begin(&mut self, frame: Frame, at: Position) -> Result<(), Invalid> {
        self.open.push(frame);
        if self.open.len() > MAX_DEPTH { Err(too_deep(at)) } else { Ok(()) }
    }

    fn close(&mut self) -> Result<(), Invalid> {
        match self.open.pop() {
            Some(Frame::List { at, anchor, items }) => {
                self.finish(Node { at, value: Value::List(items) }, anchor, NODE_COST)
            }
            Some(Frame::Map { at, anchor, entries, .. }) => {
                let entries = merged(entries)?;
                self.finish(Node { at, value: Value::Map(entries) }, anchor, NODE_COST)
            }
            None => Ok(()),
        }
    }

    /// Counts a finished node at `cost` (a container's children were counted before it; an alias
    /// brings all of its own) and puts it where it belongs.
    fn finish(&mut self, node: Node, anchor: usize, cost: usize) -> Result<(), Invalid> {
        self.tree += cost;
        if self.open.len() + node.depth() > MAX_DEPTH {
            return Err(too_deep(node.at));
        }
        if self.tree > MAX_TREE {
            return Err(refuse(node.at, "aliases expand to more than 4 MiB"));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.put(node)
    }

    fn put(&mut self, mut node: Node) -> Result<(), Invalid> {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Frame::List { items, .. }) => items.push(node),
            Some(Frame::Map { entries, key, .. }) => match key.take() {
                Some(key) => {
                    if node.depth() > 0 || node.is_nothing() {
                        node.at = key.at;
                    }
                    entries.push((key, node));
                }
                None => *key = Some(key_of(node)?),
            },
        }
        Ok(())
    }
}

fn key_of(node: Node) -> Result<Key, Invalid> {
    match node.value {
        Value::Scalar { text, .. } => Ok(Key { at: node.at, text }),
        Value::List(_) | Value::Map(_) => Err(refuse(node.at, "a key must be a plain word")),
    }
}

fn too_deep(at: Position) -> Invalid {
    refuse(at, format!("nested deeper than {MAX_DEPTH} levels"))
}

/// Applies `<<: *base`: keys of the base that the mapping does not have itself.
fn merged(entries: Vec<(Key, Node)>) -> Result<Vec<(Key, Node)>, Invalid> {
    let (bases, mut own): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|(key, _)| key.text == "<<");
    for (key, base) in bases {
        let maps = match base.value {
            Value::List(items) => items,
            Value::Map(_) | Value::Scalar { .. } => vec![base],
        };
        for map in maps {
            let Value::Map(inherited) = map.value else {
                return Err(refuse(key.at, "`<<` takes a mapping or a list of mappings"));
            };
            for (key, node) in inherited {
                if own.iter().all(|(known, _)| known.text != key.text) {
                    own.push((key, node));
                }
            }
        }
    }
    Ok(own)
}
