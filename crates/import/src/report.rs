//! What became of every key of the source.

use crate::kind::Kind;
use serde::Serialize;
use std::fmt;

/// What became of every key of the source.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// What the source was read as.
    pub from: Kind,
    /// The name of the app.
    pub app: String,
    /// What needs a look, in the order of the source's lines.
    pub entries: Vec<Entry>,
    /// What stands in the manifest as it stood in the source.
    pub carried: Vec<Carried>,
    /// The secrets that have to be set before the first release.
    pub secrets: Vec<String>,
}

/// One key that was not carried over as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// Where it stands in the source: `services.api.ports[0]`.
    pub path: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Why.
    pub why: String,
    /// What to do about it.
    pub help: String,
}

/// What became of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is not in the manifest.
    Left,
    /// It is in the manifest in another way.
    Changed,
    /// The manifest says more than the source did.
    Added,
}

/// One value of the source and its place in the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Carried {
    /// The line in the source, counted from 1.
    pub line: usize,
    /// Where it stands in the source.
    pub path: String,
    /// Where it stands in the manifest.
    pub to: String,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Left => "left out",
            Self::Changed => "changed",
            Self::Added => "added",
        })
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, path, outcome, why, help } = self;
        let colon = if path.is_empty() { "" } else { ": " };
        write!(f, "{line}:{column} {path}{colon}{outcome}: {why} ({help})")
    }
}

impl Report {
    /// So many entries have this outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.entries.iter().filter(|entry| entry.outcome == outcome).count()
    }
}
