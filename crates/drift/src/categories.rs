//! Two columns as categories: every different value with how often either has it.

use crate::column::{Column, Content, Form};
use std::cmp::Ordering;

/// A value that is counted. A number is another value than the text that looks like it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Key {
    Number(f64),
    Text(Box<str>),
}

impl Key {
    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Number(_)) => Ordering::Greater,
        }
    }

    /// As people read it.
    pub(crate) fn shown(&self, form: Form) -> String {
        match self {
            Self::Number(value) if form == Form::Flag => (*value > 0.5).to_string(),
            Self::Number(value) => value.to_string(),
            Self::Text(text) => text.to_string(),
        }
    }
}

/// A value with how often it is in both.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Category {
    pub(crate) key: Key,
    pub(crate) reference: f64,
    pub(crate) current: f64,
}

/// All values of two columns, in their order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Categories {
    pub(crate) all: Vec<Category>,
    /// Values in the reference and in the current column.
    pub(crate) sizes: (f64, f64),
}

impl Categories {
    pub(crate) fn new(reference: &Column, current: &Column) -> Self {
        let (left, right) = (keys(reference), keys(current));
        let total = |keys: &[(Key, usize)]| crate::count(keys.iter().map(|(_, n)| n).sum());
        let sizes = (total(&left), total(&right));
        let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
        let mut all = Vec::new();
        loop {
            let order = match (left.peek(), right.peek()) {
                (Some((a, _)), Some((b, _))) => a.order(b),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => break,
            };
            let one = if order == Ordering::Greater { None } else { left.next() };
            let other = if order == Ordering::Less { None } else { right.next() };
            let count = |side: &Option<(Key, usize)>| side.as_ref().map_or(0, |(_, n)| *n);
            let (reference, current) = (crate::count(count(&one)), crate::count(count(&other)));
            let key = one.or(other).map(|(key, _)| key);
            all.extend(key.map(|key| Category { key, reference, current }));
        }
        Self { all, sizes }
    }

    /// Which of all stands in each row of one of the columns, of which `side` is counted. Where the order of rows is not
    /// kept, equal ones lie together.
    pub(crate) fn labels(&self, column: &Column, side: fn(&Category) -> f64) -> Vec<usize> {
        let place =
            |key: &Key| self.all.binary_search_by(|it| it.key.order(key)).unwrap_or_default();
        let labels: Vec<usize> = match &column.content {
            Content::Texts(texts) => {
                let keys = texts.counts().iter().map(|(text, _)| Key::Text(text.clone()));
                let places: Vec<usize> = keys.map(|key| place(&key)).collect();
                texts.written().iter().map(|at| places[*at]).collect()
            }
            // Minus zero is zero.
            Content::Numbers(numbers) | Content::Times(numbers) => {
                numbers.written().iter().map(|value| place(&Key::Number(value + 0.0))).collect()
            }
            Content::Empty | Content::Other(_) => Vec::new(),
        };
        if !labels.is_empty() {
            return labels;
        }
        let each = self.all.iter().enumerate();
        each.flat_map(|(at, it)| std::iter::repeat_n(at, whole(side(it)))).collect()
    }

    /// How often each is in both.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.all.iter().map(|category| (category.reference, category.current))
    }

    /// How many of the reference, and of the current values, are not the first.
    pub(crate) fn hits(&self) -> (f64, f64) {
        let first = self.all.first().map_or((0.0, 0.0), |first| (first.reference, first.current));
        (self.sizes.0 - first.0, self.sizes.1 - first.1)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
fn whole(value: f64) -> usize {
    value as usize
}

/// The values of a column that are counted, in their order.
fn keys(column: &Column) -> Vec<(Key, usize)> {
    match &column.content {
        Content::Empty | Content::Other(_) => Vec::new(),
        Content::Numbers(numbers) | Content::Times(numbers) => {
            let runs = numbers.sorted().chunk_by(|a, b| a.total_cmp(b).is_eq());
            runs.map(|run| (Key::Number(run[0]), run.len())).collect()
        }
        Content::Texts(texts) => {
            texts.counts().iter().map(|(text, n)| (Key::Text(text.clone()), *n)).collect()
        }
    }
}
