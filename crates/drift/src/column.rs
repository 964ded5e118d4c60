//! A column as it was read: how many rows, how many say nothing, and the values, sorted or counted.

use crate::outline::values;
use crate::tally::Tally;
use std::collections::BTreeMap;

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Rows, whatever stands in them.
    pub rows: usize,
    /// Rows without a value.
    pub missing: usize,
    /// Rows with an infinite number; they take part in nothing.
    pub infinite: usize,
    /// Rows with a value of another type than the reference, where that was counted; they take part in nothing.
    pub mistyped: usize,
    /// The other rows.
    pub content: Content,
}

/// What stands in a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Nothing.
    Empty,
    /// Numbers, or truths as 0 and 1.
    Numbers(Numbers),
    /// Texts.
    Texts(Texts),
    /// Moments, in seconds.
    Times(Numbers),
    /// What no test is for, by the name of its type.
    Other(&'static str),
}

/// How numbers were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// With a fraction.
    Real,
    /// Whole.
    Whole,
    /// `true` and `false`.
    Flag,
}

/// Of longer columns it is not kept in which order they were written.
pub(crate) const MOST_IN_ORDER: usize = 50_000;

/// Finite numbers in rising order.
#[derive(Debug, Clone)]
pub struct Numbers {
    sorted: Vec<f64>,
    form: Form,
    /// Every row has one.
    is_full: bool,
    /// As they were written; nothing of a long column.
    written: Vec<f64>,
}

impl PartialEq for Numbers {
    /// The same numbers, in whatever order.
    fn eq(&self, other: &Self) -> bool {
        self.sorted == other.sorted && self.form == other.form
    }
}

impl Numbers {
    /// The finite ones of `values`, and how many were infinite. Those that are no numbers are dropped.
    pub fn new(mut values: Vec<f64>, form: Form) -> (Self, usize) {
        let (before, mut infinite) = (values.len(), 0);
        // Nearly always all are, which is seen faster than they are moved.
        if !values.iter().all(|value| value.is_finite()) {
            values.retain(|value| !value.is_nan());
            infinite = values.len();
            values.retain(|value| value.is_finite());
            infinite -= values.len();
        }
        let is_full = values.len() == before;
        let is_kept = values.len() <= MOST_IN_ORDER;
        let written = if is_kept { values.clone() } else { Vec::new() };
        (Self { sorted: sorted(values), form, is_full, written }, infinite)
    }

    /// The values, rising.
    pub fn sorted(&self) -> &[f64] {
        &self.sorted
    }

    /// The values in the order of rows; nothing of a long column.
    pub(crate) fn written(&self) -> &[f64] {
        &self.written
    }

    /// How they were written.
    pub fn form(&self) -> Form {
        self.form
    }

    /// How pandas keeps them, which has neither whole numbers nor truths where a row has none.
    pub(crate) fn kept(&self) -> Form {
        if self.is_full { self.form } else { Form::Real }
    }

    /// How many different ones there are, counted up to `most`.
    pub fn distinct(&self, most: usize) -> usize {
        self.sorted.chunk_by(|a, b| a.total_cmp(b).is_eq()).take(most).count()
    }

    /// None has a fraction.
    pub fn are_whole(&self) -> bool {
        self.sorted.iter().all(|value| value.fract().abs() <= 0.0)
    }
}

/// Rising. Sorted as whole numbers in the same order, of which a comparison is cheaper.
fn sorted(values: Vec<f64>) -> Vec<f64> {
    const SIGN: u64 = 1 << 63;
    let key = |value: f64| {
        // Minus zero is zero: it is equal to it, and must not be sorted before it.
        let bits = (value + 0.0).to_bits();
        if bits & SIGN == 0 { bits | SIGN } else { !bits }
    };
    let value = |key: u64| f64::from_bits(if key & SIGN == 0 { !key } else { key & !SIGN });
    let mut keys: Vec<u64> = values.into_iter().map(key).collect();
    keys.sort_unstable();
    keys.into_iter().map(value).collect()
}

/// Texts, each with how often it is there.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    counts: Vec<(Box<str>, usize)>,
    /// Which of them each row has; nothing where that is not known.
    written: Vec<usize>,
}

impl PartialEq for Texts {
    /// The same texts, in whatever order.
    fn eq(&self, other: &Self) -> bool {
        self.counts == other.counts
    }
}

impl Eq for Texts {}

impl Texts {
    /// Of counts by text.
    pub fn new(counts: impl IntoIterator<Item = (Box<str>, usize)>) -> Self {
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_unstable();
        Self { counts, written: Vec::new() }
    }

    /// Of counts by text, numbered as they came, and the number in each row.
    fn in_order(counts: Vec<(Box<str>, usize)>, written: &[usize]) -> Self {
        let mut numbered: Vec<_> = counts.into_iter().zip(0..).collect();
        numbered.sort_unstable();
        let mut places = vec![0; numbered.len()];
        for (place, (_, number)) in numbered.iter().enumerate() {
            places[*number] = place;
        }
        let written = written.iter().map(|number| places[*number]).collect();
        Self { counts: numbered.into_iter().map(|(count, _)| count).collect(), written }
    }

    /// Which text, counted from the first, stands in each row; nothing where that is not known.
    pub(crate) fn written(&self) -> &[usize] {
        &self.written
    }

    /// The texts in their order, each with how often it is there.
    pub fn counts(&self) -> &[(Box<str>, usize)] {
        &self.counts
    }

    /// How many there are altogether.
    pub fn total(&self) -> usize {
        self.counts.iter().map(|(_, count)| count).sum()
    }
}

impl Column {
    /// Of numbers; `rows` counts those without a value, too.
    pub fn numbers(rows: usize, values: Vec<f64>, form: Form) -> Self {
        let (numbers, infinite) = Numbers::new(values, form);
        let missing = rows - infinite - numbers.sorted.len();
        let numbers = Numbers { is_full: missing + infinite == 0, ..numbers };
        let content = if missing == rows { Content::Empty } else { Content::Numbers(numbers) };
        Self { rows, missing, infinite, mistyped: 0, content }
    }

    /// Of texts; `rows` counts those without a value, too.
    pub fn texts(rows: usize, counts: impl IntoIterator<Item = (Box<str>, usize)>) -> Self {
        Self::of_texts(rows, Texts::new(counts))
    }

    /// Of texts as they come from a file.
    pub fn tallied(rows: usize, tally: Tally) -> Self {
        let (counts, written) = tally.finish();
        Self::of_texts(rows, Texts::in_order(counts, &written))
    }

    fn of_texts(rows: usize, texts: Texts) -> Self {
        let missing = rows - texts.total();
        let content = if missing == rows { Content::Empty } else { Content::Texts(texts) };
        Self { rows, missing, infinite: 0, mistyped: 0, content }
    }

    /// Of moments, in seconds.
    pub fn times(rows: usize, values: Vec<f64>) -> Self {
        let (numbers, infinite) = Numbers::new(values, Form::Real);
        let missing = rows - infinite - numbers.sorted.len();
        let content = if missing == rows { Content::Empty } else { Content::Times(numbers) };
        Self { rows, missing, infinite, mistyped: 0, content }
    }

    /// All rows of `parts`. Where some part has other things than numbers, numbers are known by their names.
    pub fn joined(parts: &[Self]) -> Self {
        let rows = parts.iter().map(|part| part.rows).sum();
        let is_number = |part: &Self| matches!(part.content, Content::Numbers(_) | Content::Empty);
        if !parts.iter().all(is_number) {
            let named = parts.iter().flat_map(values);
            let mut counts: BTreeMap<Box<str>, usize> = BTreeMap::new();
            for (value, count) in named {
                *counts.entry(value.into()).or_default() += usize::try_from(count).unwrap_or(0);
            }
            return Self::texts(rows, counts);
        }
        let numbers = parts.iter().filter_map(|part| match &part.content {
            Content::Numbers(numbers) => Some(numbers.sorted()),
            Content::Empty | Content::Texts(_) | Content::Times(_) | Content::Other(_) => None,
        });
        Self::numbers(rows, numbers.flatten().copied().collect(), Form::Real)
    }

    /// Rows with a value that takes part.
    pub fn present(&self) -> usize {
        self.rows - self.missing - self.infinite - self.mistyped
    }

    /// What stands in it, in a word.
    pub fn word(&self) -> &'static str {
        match &self.content {
            Content::Empty => "nothing",
            Content::Numbers(numbers) if numbers.form == Form::Flag => "truths",
            Content::Numbers(_) => "numbers",
            Content::Texts(_) => "texts",
            Content::Times(_) => "times",
            Content::Other(name) => name,
        }
    }
}
