//! What the front ends have to say about the source, and whether all of it was spoken for.

use crate::place::{Mark, Place};
use crate::report::{Entry, Outcome};
use std::collections::BTreeSet;

/// The entries of the report so far.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) entries: Vec<Entry>,
}

impl Ledger {
    /// What stands at `place` was carried over, but not as it was.
    pub(crate) fn changed(&mut self, place: &Place<'_>, why: impl Into<String>, help: &str) {
        self.push(place, Outcome::Changed, why.into(), help);
    }

    /// What stands at `place`, with all below it, was not carried over.
    pub(crate) fn left(&mut self, place: &Place<'_>, why: impl Into<String>, help: &str) {
        self.push(place, Outcome::Left, why.into(), help);
    }

    /// The manifest says something because of `place` that does not stand there.
    pub(crate) fn added(&mut self, place: &Place<'_>, why: impl Into<String>, help: &str) {
        self.push(place, Outcome::Added, why.into(), help);
    }

    /// As [`Self::changed`], where the place itself is gone.
    pub(crate) fn changed_at(&mut self, mark: &Mark, why: impl Into<String>, help: &str) {
        self.put(mark, Outcome::Changed, why.into(), help.to_owned());
    }

    /// As [`Self::added`], where the place itself is gone.
    pub(crate) fn added_at(&mut self, mark: &Mark, why: impl Into<String>, help: &str) {
        self.put(mark, Outcome::Added, why.into(), help.to_owned());
    }

    /// As [`Self::left`], where the place itself is gone. It was not changed then.
    pub(crate) fn left_at(&mut self, mark: &Mark, why: impl Into<String>, help: String) {
        let changed = |entry: &Entry| entry.outcome == Outcome::Changed && entry.path == mark.path;
        self.entries.retain(|entry| !changed(entry));
        self.put(mark, Outcome::Left, why.into(), help);
    }

    /// Whether something was said about `path` itself.
    pub(crate) fn speaks_of(&self, path: &str) -> bool {
        self.entries.iter().any(|entry| entry.path == path)
    }

    /// Whether what stands at `path` was left out, with what is above it or alone.
    pub(crate) fn is_left(&self, path: &str) -> bool {
        let above = |entry: &Entry| {
            path.strip_prefix(&entry.path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        self.entries.iter().any(|entry| entry.outcome == Outcome::Left && above(entry))
    }

    /// Says of each key of `place` that stands in `table` that it was not carried over, and why.
    pub(crate) fn leave(&mut self, place: &Place<'_>, table: &[Known]) {
        for (key, below) in place.all_entries() {
            if let Some(known) = table.iter().find(|known| known.0 == key) {
                self.left(&below, known.1, known.2);
            }
        }
    }

    fn push(&mut self, place: &Place<'_>, outcome: Outcome, why: String, help: &str) {
        self.put(&place.mark(), outcome, why, help.to_owned());
    }

    fn put(&mut self, mark: &Mark, outcome: Outcome, why: String, help: String) {
        let Mark { path, line, column } = mark.clone();
        self.entries.push(Entry { line, column, path, outcome, why, help });
    }
}

/// A key that is known and has no counterpart: why not, and what to do.
pub(crate) type Known = (&'static str, &'static str, &'static str);

/// For what the platform does by itself.
pub(crate) const NOTHING: &str = "nothing to do";

/// The paths that are spoken for, by an entry or because they are in the manifest.
pub(crate) struct Spoken(BTreeSet<String>);

impl Spoken {
    pub(crate) fn of<'a>(entries: &[Entry], carried: impl Iterator<Item = &'a str>) -> Self {
        let told = entries.iter().filter(|entry| entry.outcome != Outcome::Added);
        let told = told.map(|entry| entry.path.clone());
        Self(told.chain(carried.map(str::to_owned)).collect())
    }

    /// The topmost places of `root` with nothing in or above them that is spoken for.
    pub(crate) fn unspoken<'a>(&self, root: &Place<'a>) -> Vec<Place<'a>> {
        let mut unspoken = Vec::new();
        let mut open = vec![root.clone()];
        while let Some(place) = open.pop() {
            if self.0.contains(&place.path) && !place.path.is_empty() {
                continue;
            }
            let children = place.children();
            let whole = children.is_empty() || !self.within(&place.path);
            if whole && !place.path.is_empty() {
                unspoken.push(place);
            } else {
                open.extend(children);
            }
        }
        unspoken
    }

    fn within(&self, path: &str) -> bool {
        let below = |start: String| {
            self.0.range(start.clone()..).next().is_some_and(|next| next.starts_with(&start))
        };
        path.is_empty() || below(format!("{path}.")) || below(format!("{path}["))
    }
}
