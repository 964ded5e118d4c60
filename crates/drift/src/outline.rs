//! How a column is counted without keeping it: in bins of its reference, or by the values that are known.

use crate::column::{Column, Content, Form};
use crate::kind::Kind;
use crate::report::Mode;
use serde::{Deserialize, Serialize};

/// Bins hold as much of the reference each, so that no distance between distributions is off by more than one of them.
const BINS: usize = 256;
/// The most frequent values that are counted by themselves.
const MOST_VALUES: usize = 200;

/// How a column is counted; told by its reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outline {
    /// As numbers: from each edge to the next, the largest by itself.
    Numbers {
        /// Values of the reference, rising.
        edges: Vec<f64>,
    },
    /// As values, in their order; all others together.
    Values {
        /// Those that are known.
        known: Vec<String>,
    },
    /// Only how many rows have something.
    Presence,
}

impl Outline {
    /// As a reference wants it.
    pub fn of(reference: &Column) -> Self {
        match (Kind::of(reference, Mode::Slipway), &reference.content) {
            (Kind::Num, Content::Numbers(numbers)) => {
                Self::Numbers { edges: edges(numbers.sorted()) }
            }
            (Kind::Cat, _) => Self::Values { known: known(values(reference)) },
            _ => Self::Presence,
        }
    }

    /// How such a column is judged.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Numbers { .. } => Kind::Num,
            Self::Values { .. } => Kind::Cat,
            Self::Presence => Kind::Text,
        }
    }
}

/// Values that are counted, as texts, each with how often it is there.
pub(crate) fn values(column: &Column) -> Vec<(String, u64)> {
    match &column.content {
        Content::Texts(texts) => {
            texts.counts().iter().map(|(text, n)| (text.to_string(), *n as u64)).collect()
        }
        Content::Numbers(numbers) => {
            let same = numbers.sorted().chunk_by(|a, b| a.total_cmp(b).is_eq());
            let is_flag = numbers.form() == Form::Flag;
            let named = |value: f64| if is_flag { flag(value > 0.5) } else { number(value) };
            same.map(|same| (named(same[0]), same.len() as u64)).collect()
        }
        Content::Empty | Content::Times(_) | Content::Other(_) => Vec::new(),
    }
}

/// How a number is called as a value.
pub(crate) fn number(value: f64) -> String {
    (value + 0.0).to_string()
}

/// How a truth is called as a value.
pub(crate) fn flag(value: bool) -> String {
    value.to_string()
}

fn edges(sorted: &[f64]) -> Vec<f64> {
    let mut all: Vec<f64> = sorted.to_vec();
    all.dedup_by(|a, b| a.total_cmp(b).is_eq());
    if all.len() <= BINS + 1 {
        return all;
    }
    let last = sorted.len() - 1;
    let mut edges: Vec<f64> = (0..=BINS).map(|bin| sorted[bin * last / BINS]).collect();
    edges.dedup_by(|a, b| a.total_cmp(b).is_eq());
    edges
}

fn known(mut counted: Vec<(String, u64)>) -> Vec<String> {
    counted.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let mut known: Vec<String> =
        counted.into_iter().take(MOST_VALUES).map(|(value, _)| value).collect();
    known.sort_unstable();
    known
}
