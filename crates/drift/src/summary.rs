//! A column as counts: as many bytes for a day as for an hour, and those of two hours add up to those of both.
//!
//! Invariants: merging is associative and commutative, and the same as counting all at once, up to the rounding of sums.
//! No distance between distributions is larger by the counts than by the values.

use crate::column::{Column, Content, Form};
use crate::outline::{self, Outline};
use serde::{Deserialize, Serialize};

/// What all values that are not known are called together.
const OTHERS: &str = "(others)";
/// So little of itself a number may be from an edge and count as that.
const BLUR: f64 = 4.0 * f64::EPSILON;

/// What stands in a row of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Nothing.
    Missing,
    /// A number.
    Number(f64),
    /// A truth.
    Flag(bool),
    /// A text.
    Text(&'a str),
}

/// How many values lie beyond those of the reference, and their sum.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Beyond {
    count: u64,
    sum: f64,
}

/// Number, mean and squared deviations of numbers: T. Chan and others, "Updating Formulae and a Pairwise
/// Algorithm for Computing Sample Variances" (1979).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Moments {
    count: u64,
    mean: f64,
    squares: f64,
}

/// A column as counts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Summary {
    rows: u64,
    missing: u64,
    /// Of another type than the reference.
    mistyped: u64,
    /// By bin or known value.
    counts: Vec<u64>,
    below: Beyond,
    above: Beyond,
    /// Values that are not known.
    others: u64,
    moments: Moments,
}

impl Beyond {
    fn add(&mut self, value: f64) {
        self.count += 1;
        self.sum += value;
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.sum += other.sum;
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of rows fit in 52 bits")]
    fn mean(self) -> f64 {
        self.sum / self.count as f64
    }
}

impl Moments {
    fn merge(&mut self, other: Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = other;
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "counts of rows fit in 52 bits")]
        let (one, two) = (self.count as f64, other.count as f64);
        let apart = other.mean - self.mean;
        self.mean += apart * (two / (one + two));
        self.squares += other.squares + apart * apart * (one * two / (one + two));
        self.count += other.count;
    }

    /// Mean and standard deviation; nothing of no numbers.
    #[expect(clippy::cast_precision_loss, reason = "counts of rows fit in 52 bits")]
    pub fn mean_and_deviation(self) -> Option<(f64, f64)> {
        (self.count > 0).then(|| (self.mean, (self.squares / self.count as f64).sqrt()))
    }
}

impl Summary {
    /// Of no row.
    pub fn empty(outline: &Outline) -> Self {
        let length = match outline {
            Outline::Numbers { edges } => edges.len(),
            Outline::Values { known } => known.len(),
            Outline::Presence => 0,
        };
        Self { counts: vec![0; length], ..Self::default() }
    }

    /// Of a whole column.
    pub fn of(outline: &Outline, column: &Column) -> Self {
        let mut summary = Self::empty(outline);
        match (&column.content, outline) {
            (Content::Numbers(numbers), Outline::Numbers { .. }) => {
                for value in numbers.sorted() {
                    summary.add(outline, Cell::Number(*value));
                }
            }
            (_, Outline::Values { known }) => {
                for (value, count) in outline::values(column) {
                    summary.rows += count;
                    summary.count(known, &value, count);
                }
            }
            (_, Outline::Presence) => summary.rows = column.present() as u64,
            (_, Outline::Numbers { .. }) => {
                summary.rows = column.present() as u64;
                summary.mistyped = summary.rows;
            }
        }
        summary.missing = (column.rows - column.present()) as u64;
        summary.rows += summary.missing;
        summary
    }

    /// One more row.
    pub fn add(&mut self, outline: &Outline, cell: Cell<'_>) {
        self.rows += 1;
        if let Cell::Number(value) = cell
            && value.is_finite()
        {
            self.moments.merge(Moments { count: 1, mean: value, squares: 0.0 });
        }
        match (outline, cell) {
            (_, Cell::Missing) => self.missing += 1,
            (Outline::Presence, _) => {}
            (Outline::Numbers { edges }, Cell::Number(value)) => self.place(edges, value),
            (Outline::Numbers { edges }, Cell::Flag(value)) => {
                self.place(edges, f64::from(u8::from(value)));
            }
            (Outline::Numbers { .. }, Cell::Text(_)) => self.mistyped += 1,
            (Outline::Values { known }, Cell::Text(text)) => self.count(known, text, 1),
            (Outline::Values { known }, Cell::Flag(value)) => {
                let as_number = outline::number(f64::from(u8::from(value)));
                let name = either(known, outline::flag(value), as_number);
                self.count(known, &name, 1);
            }
            (Outline::Values { known }, Cell::Number(value)) => {
                let name = outline::number(value);
                let truth = (name == "0" || name == "1").then(|| outline::flag(name == "1"));
                let name = truth.map_or(name.clone(), |truth| either(known, name, truth));
                self.count(known, &name, 1);
            }
        }
    }

    fn place(&mut self, edges: &[f64], value: f64) {
        if !value.is_finite() {
            self.mistyped += 1;
            return;
        }
        let value = value + 0.0;
        // Who wrote and read it as JSON may have changed its last digit.
        let blur = value.abs() * BLUR;
        match (edges.first(), edges.last()) {
            (Some(first), _) if value + blur < *first => self.below.add(value),
            (_, Some(last)) if value - blur > *last => self.above.add(value),
            (Some(_), _) => {
                self.counts[edges.partition_point(|edge| *edge <= value + blur) - 1] += 1;
            }
            (None, _) => self.above.add(value),
        }
    }

    fn count(&mut self, known: &[String], value: &str, count: u64) {
        match known.binary_search_by(|it| it.as_str().cmp(value)) {
            Ok(at) => self.counts[at] += count,
            Err(_) => self.others += count,
        }
    }

    /// Adds what `other` counted by the same outline.
    pub fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.missing += other.missing;
        self.mistyped += other.mistyped;
        self.counts.resize(self.counts.len().max(other.counts.len()), 0);
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.below.merge(other.below);
        self.above.merge(other.above);
        self.others += other.others;
        self.moments.merge(other.moments);
    }

    /// Rows, whatever stands in them.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Of its numbers.
    pub fn moments(&self) -> Moments {
        self.moments
    }

    /// The column that was counted, as far as that is known: each number is the edge below it, those beyond the
    /// reference are their mean. Of more than `most` numbers as many are left, in their proportions.
    pub fn column(&self, outline: &Outline, most: usize) -> Column {
        match outline {
            Outline::Numbers { edges } => self.numbers(edges, most),
            Outline::Values { known } => {
                let counted = known.iter().map(String::as_str).zip(self.counts.iter().copied());
                let all = counted.chain([(OTHERS, self.others)]).filter(|(_, count)| *count > 0);
                let texts = all.map(|(value, count)| (Box::from(value), whole(count)));
                Column::texts(whole(self.rows), texts)
            }
            Outline::Presence => {
                let content = Content::Other("texts");
                Column {
                    rows: whole(self.rows),
                    missing: whole(self.missing),
                    infinite: 0,
                    mistyped: 0,
                    content,
                }
            }
        }
    }

    fn numbers(&self, edges: &[f64], most: usize) -> Column {
        let inner = edges.iter().copied().zip(self.counts.iter().copied());
        let outer = |beyond: Beyond| (beyond.mean(), beyond.count);
        let all = [outer(self.below)].into_iter().chain(inner).chain([outer(self.above)]);
        let places: Vec<(f64, u64)> = all.filter(|(_, count)| *count > 0).collect();
        let present: u64 = places.iter().map(|(_, count)| count).sum();
        let most = most as u64;
        let thin = Thin { of: present.max(most), to: most };
        let (mut values, mut seen) = (Vec::with_capacity(whole(present.min(most))), 0);
        for (value, count) in places {
            let kept = thin.at(seen + count) - thin.at(seen);
            values.extend(std::iter::repeat_n(value, whole(kept)));
            seen += count;
        }
        let silent = thin.at(self.rows - present);
        let column = Column::numbers(values.len() + whole(silent), values, Form::Real);
        let mistyped = whole(thin.at(self.mistyped)).min(column.missing);
        Column { missing: column.missing - mistyped, mistyped, ..column }
    }
}

/// Fewer, in the same proportions.
#[derive(Debug, Clone, Copy)]
struct Thin {
    of: u64,
    to: u64,
}

impl Thin {
    fn at(self, count: u64) -> u64 {
        if self.to == self.of {
            return count;
        }
        let kept = u128::from(count) * u128::from(self.to) / u128::from(self.of);
        u64::try_from(kept).unwrap_or(u64::MAX)
    }
}

/// The first if it is known, or else the second if that is.
fn either(known: &[String], first: String, second: String) -> String {
    let is_known = |value: &String| known.binary_search(value).is_ok();
    if !is_known(&first) && is_known(&second) { second } else { first }
}

fn whole(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
