//! Captured requests as counts. Pure.

use drift::{Cell, Outline, Summary};
use events::sample::{SampleV1, ScalarV1};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A column of a reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// How it is counted.
    pub(crate) outline: Outline,
    /// As it is counted itself.
    pub(crate) summary: Summary,
}

/// The columns of a reference by name.
pub(crate) type Columns = BTreeMap<String, Kept>;

/// Counts of captured requests by column.
pub(crate) type Counts = BTreeMap<String, Summary>;

/// Adds `rows` to `counts`, as `reference` wants each of `columns` to be counted.
pub(crate) fn count_rows(
    counts: &mut Counts,
    reference: &Columns,
    columns: &[String],
    rows: &[&SampleV1],
) {
    for (at, column) in columns.iter().enumerate() {
        let outline = reference.get(column).map_or(&Outline::Presence, |kept| &kept.outline);
        let summary = counts.entry(column.clone()).or_insert_with(|| Summary::empty(outline));
        for row in rows {
            summary.add(
                outline,
                row.values.get(at).and_then(Option::as_ref).map_or(Cell::Missing, cell),
            );
        }
    }
}

fn cell(scalar: &ScalarV1) -> Cell<'_> {
    match scalar {
        ScalarV1::Flag(flag) => Cell::Flag(*flag),
        ScalarV1::Number(number) => Cell::Number(*number),
        ScalarV1::Text(text) => Cell::Text(text),
    }
}

/// Adds `more`, counted by the same reference.
pub(crate) fn merge(counts: &mut Counts, more: &Counts) {
    for (column, summary) in more {
        match counts.get_mut(column) {
            Some(known) => known.merge(summary),
            None => drop(counts.insert(column.clone(), summary.clone())),
        }
    }
}
