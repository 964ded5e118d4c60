//! What is going to be written: a tree whose words know where they come from.

use crate::place::{Mark, Place};
use std::collections::BTreeSet;

/// A word of the manifest, and the places of the source that it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) from: Vec<Mark>,
}

impl Word {
    /// What stands at `place`, if it is text.
    pub(crate) fn of(place: &Place<'_>) -> Option<Self> {
        place.text().map(|text| Self::from(text, place))
    }

    /// `text`, which says what stands at `place`.
    pub(crate) fn from(text: impl Into<String>, place: &Place<'_>) -> Self {
        Self { text: text.into(), from: vec![place.mark()] }
    }

    /// `text`, which nothing in the source says.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), from: Vec::new() }
    }

    /// The same, also for what stands at `place`.
    #[must_use]
    pub(crate) fn and(mut self, place: &Place<'_>) -> Self {
        self.from.push(place.mark());
        self
    }

    /// Each of `texts`, all of which say what stands at `place`.
    pub(crate) fn all(texts: Vec<String>, place: &Place<'_>) -> Vec<Self> {
        texts.into_iter().map(|text| Self::from(text, place)).collect()
    }
}

/// A value of the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tree {
    Text(Word),
    List(Vec<Tree>),
    Map(Vec<(Word, Tree)>),
}

impl Tree {
    /// A mapping of those `fields` that say something.
    pub(crate) fn map<const N: usize>(fields: [(&str, Option<Self>); N]) -> Self {
        let said = fields.into_iter().filter_map(|(key, value)| value.map(|it| (key, it)));
        Self::Map(said.map(|(key, value)| (Word::new(key), value)).collect())
    }

    /// A list, unless it is empty.
    pub(crate) fn list(items: Vec<Self>) -> Option<Self> {
        if items.is_empty() { None } else { Some(Self::List(items)) }
    }

    /// A list of words, unless it is empty.
    pub(crate) fn words(words: Vec<Word>) -> Option<Self> {
        Self::list(words.into_iter().map(Self::Text).collect())
    }

    /// A mapping of words to words, unless it is empty.
    pub(crate) fn pairs(pairs: Vec<(Word, Word)>) -> Option<Self> {
        let pairs: Vec<_> = pairs.into_iter().map(|(k, v)| (k, Self::Text(v))).collect();
        if pairs.is_empty() { None } else { Some(Self::Map(pairs)) }
    }

    /// This, unless it is an empty mapping.
    pub(crate) fn unless_empty(self) -> Option<Self> {
        if matches!(&self, Self::Map(entries) if entries.is_empty()) { None } else { Some(self) }
    }

    /// Every word with its place, as the manifest's own reader names places.
    pub(crate) fn visit<'a>(&'a self, path: &str, see: &mut impl FnMut(&'a Word, &str)) {
        match self {
            Self::Text(word) => see(word, path),
            Self::List(items) => {
                for (n, item) in items.iter().enumerate() {
                    item.visit(&format!("{path}[{n}]"), see);
                }
            }
            Self::Map(entries) => {
                for (key, value) in entries {
                    let path = step(path, &key.text);
                    see(key, &path);
                    value.visit(&path, see);
                }
            }
        }
    }

    /// Every place in it.
    pub(crate) fn places(&self, path: &str, into: &mut BTreeSet<String>) {
        let below: Vec<(String, &Self)> = match self {
            Self::Text(_) => Vec::new(),
            Self::List(items) => {
                let items = items.iter().enumerate();
                items.map(|(n, item)| (format!("{path}[{n}]"), item)).collect()
            }
            Self::Map(entries) => {
                entries.iter().map(|(key, value)| (step(path, &key.text), value)).collect()
            }
        };
        for (path, value) in below {
            value.places(&path, into);
            into.insert(path);
        }
    }

    /// Takes out what stands at each place that `is_cut`; `gone` gets its words.
    pub(crate) fn cut(
        &mut self,
        path: &str,
        is_cut: &impl Fn(&str) -> bool,
        gone: &mut Vec<(String, Word)>,
    ) {
        let mut keep = |key: Option<&Word>, value: &mut Self, path: String| {
            if !is_cut(&path) {
                value.cut(&path, is_cut, gone);
                return true;
            }
            gone.extend(key.map(|key| (path.clone(), key.clone())));
            value.visit(&path, &mut |word, _| gone.push((path.clone(), word.clone())));
            false
        };
        match self {
            Self::Text(_) => {}
            Self::List(items) => {
                let mut n = 0;
                items.retain_mut(|item| {
                    n += 1;
                    keep(None, item, format!("{path}[{}]", n - 1))
                });
            }
            Self::Map(entries) => {
                entries.retain_mut(|(key, value)| {
                    let path = step(path, &key.text);
                    keep(Some(key), value, path)
                });
            }
        }
    }
}

/// The path of `key` below `path`, as the manifest's reader writes it.
pub(crate) fn step(path: &str, key: &str) -> String {
    let key: String = key.chars().take(128).collect();
    let key = key.escape_debug().to_string().replace("\\\"", "\"");
    if path.is_empty() { key } else { format!("{path}.{key}") }
}
