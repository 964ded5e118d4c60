//! What follows of counts: the rule of `slipway drift data`, on a reference and on captured requests. Pure.

use super::bins::{Bin, farthest};
use super::counts::{Columns, Counts};
use drift::{
    Column, ColumnReport, Judge, LEAST_VALUES, Methods, Mode, Number, Outline, Pair, Report, Row,
    Summary, Verdict as Said,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// More values of a column say nothing more: what matters is seen in so many.
const MOST_VALUES: usize = 200_000;

/// What follows for a whole window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Verdict {
    /// It changed.
    Drift,
    /// It did not.
    NoDrift,
    /// There is too little to say so.
    #[default]
    InsufficientData,
}

impl Verdict {
    /// As it is kept.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Drift => "drift",
            Self::NoDrift => "no_drift",
            Self::InsufficientData => "insufficient_data",
        }
    }
}

impl std::str::FromStr for Verdict {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Drift, Self::NoDrift, Self::InsufficientData];
        Ok(all.into_iter().find(|verdict| verdict.as_str() == text).unwrap_or_default())
    }
}

/// What follows, and why.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Judged {
    pub(crate) verdict: Verdict,
    pub(crate) because: String,
    pub(crate) drifted_columns: i32,
    pub(crate) compared_columns: i32,
    pub(crate) columns: Vec<ColumnVerdict>,
}

/// What follows for a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ColumnVerdict {
    pub(crate) column: String,
    pub(crate) kind: String,
    /// In words.
    pub(crate) verdict: String,
    pub(crate) drifted: bool,
    pub(crate) because: String,
    /// The method of the effect; empty where none was measured.
    pub(crate) method: String,
    pub(crate) effect: f64,
    pub(crate) threshold: f64,
    pub(crate) reference_count: i64,
    pub(crate) current_count: i64,
    pub(crate) reference_nulls: f64,
    pub(crate) current_nulls: f64,
    pub(crate) mean: f64,
    pub(crate) deviation: f64,
    /// Where it differs most, if it drifted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) bins: Vec<Bin>,
}

impl ColumnVerdict {
    /// There is too little to say anything of it.
    pub(crate) fn is_open(&self) -> bool {
        self.verdict == Said::InsufficientData.words()
    }
}

impl Judged {
    /// Nothing can be said, and why.
    pub(crate) fn nothing(because: impl Into<String>) -> Self {
        Self { because: because.into(), ..Self::default() }
    }

    /// The columns that drifted.
    pub(crate) fn drifted(&self) -> impl Iterator<Item = &ColumnVerdict> {
        self.columns.iter().filter(|column| column.drifted)
    }
}

/// What follows for each of the `declared` columns and for all.
pub(crate) fn judge(reference: &Columns, counts: &Counts, declared: &BTreeSet<String>) -> Judged {
    let mut judge = Judge::new(Mode::Slipway, Methods::Deciding, LEAST_VALUES);
    let nothing = Summary::default();
    for name in declared {
        let kept = reference.get(name);
        let outline = kept.map_or(&Outline::Presence, |kept| &kept.outline);
        let column = |summary: &Summary| summary.column(outline, MOST_VALUES);
        let before: Option<Column> = kept.map(|kept| column(&kept.summary));
        let now = column(counts.get(name).unwrap_or(&nothing));
        judge.add(Pair {
            name,
            kind: Some(outline.kind()),
            importance: 1.0,
            reference: before.as_ref(),
            current: Some(&now),
        });
    }
    let report = judge.report();
    let columns = report.columns.iter().map(|column| verdict(column, &report, counts));
    let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let dataset = &report.dataset;
    Judged {
        verdict: match dataset.verdict {
            Said::Drift => Verdict::Drift,
            Said::NoDrift => Verdict::NoDrift,
            Said::InsufficientData | Said::NotTested => Verdict::InsufficientData,
        },
        because: dataset.because.clone(),
        drifted_columns: count(dataset.drifted_columns),
        compared_columns: count(dataset.judged_columns),
        columns: columns.collect(),
    }
}

fn verdict(column: &ColumnReport, report: &Report, counts: &Counts) -> ColumnVerdict {
    let rows = report.results.iter().filter(|row| row.column == column.column && row.deciding);
    let measured: Option<&Row> = rows.clone().find(|row| row.method.is_distance());
    let number = |number: Option<Number>| finite(number.map_or(0.0, |Number(value)| value));
    let moments = counts.get(&column.column).and_then(|it| it.moments().mean_and_deviation());
    let (mean, deviation) = moments.unwrap_or_default();
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let drifted = column.verdict == Said::Drift;
    ColumnVerdict {
        column: column.column.clone(),
        kind: column.kind.word().to_owned(),
        verdict: column.verdict.words().to_owned(),
        drifted,
        because: column.because.clone(),
        method: measured.map(|row| row.method.id().to_owned()).unwrap_or_default(),
        effect: number(measured.and_then(|row| row.score)),
        threshold: number(measured.and_then(|row| row.threshold)),
        reference_count: count(column.n_reference),
        current_count: count(column.n_current),
        reference_nulls: finite(column.nulls_reference),
        current_nulls: finite(column.nulls_current),
        mean: finite(mean),
        deviation: finite(deviation),
        bins: column.plot.as_ref().filter(|_| drifted).map(farthest).unwrap_or_default(),
    }
}

/// JSON has no other numbers.
fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::super::counts::{Kept, count_rows, merge};
    use super::*;
    use chrono::DateTime;
    use drift::Form;
    use events::sample::{SampleV1, ScalarV1};

    fn reference() -> Columns {
        let amounts = (0..1_000).map(|i| f64::from(i % 100)).collect();
        let countries = [("DE".into(), 600), ("FR".into(), 300), ("IT".into(), 100)];
        let columns = [
            ("amount", Column::numbers(1_000, amounts, Form::Real)),
            ("country", Column::texts(1_000, countries)),
        ];
        let kept = columns.map(|(name, column)| {
            let outline = Outline::of(&column);
            let summary = Summary::of(&outline, &column);
            (name.to_owned(), Kept { outline, summary })
        });
        kept.into()
    }

    /// So many requests of which amounts are this much more.
    fn counted(rows: i32, more: f64) -> Counts {
        let columns = ["amount", "country", "score"].map(str::to_owned);
        let rows: Vec<SampleV1> = (0..rows)
            .map(|i| {
                let country = if i % 10 < 6 {
                    "DE"
                } else if i % 10 < 9 {
                    "FR"
                } else {
                    "IT"
                };
                let amount = ScalarV1::Number(f64::from(i * 37 % 100) + more);
                let values = vec![Some(amount), Some(ScalarV1::Text(country.to_owned())), None];
                SampleV1 { at: DateTime::UNIX_EPOCH, values, key: None }
            })
            .collect();
        let mut counts = Counts::new();
        count_rows(&mut counts, &reference(), &columns, &rows.iter().collect::<Vec<_>>());
        counts
    }

    fn judged(counts: &Counts) -> Judged {
        let declared = ["amount", "country", "score"].map(str::to_owned).into();
        judge(&reference(), counts, &declared)
    }

    #[test]
    fn what_is_as_in_the_reference_is_no_drift() {
        let judged = judged(&counted(600, 0.0));
        assert_eq!(judged.verdict, Verdict::NoDrift, "{judged:?}");
        let score = judged.columns.iter().find(|it| it.column == "score").expect("is there");
        assert_eq!(score.verdict, "not tested");
    }

    #[test]
    fn what_moved_is_drift_of_its_column() {
        let mut counts = counted(300, 30.0);
        merge(&mut counts, &counted(300, 30.0));
        let judged = judged(&counts);
        let drifted: Vec<_> = judged.drifted().map(|it| it.column.as_str()).collect();
        assert_eq!((judged.verdict, drifted), (Verdict::Drift, vec!["amount"]));
        let amount = &judged.columns[0];
        assert!(amount.effect > amount.threshold && amount.threshold > 0.0, "{amount:?}");
        assert!(amount.bins[0].values.starts_with("from "), "{amount:?}");
        assert!((amount.mean - 79.5).abs() < 1e-9, "{amount:?}");
    }

    /// So many of a hundred requests have a text for an amount, and so many none.
    fn with(texts: i32, nothing: i32) -> Judged {
        let rows: Vec<SampleV1> = (0..6_000)
            .map(|i| {
                let amount = ScalarV1::Number(f64::from(i * 37 % 100));
                let amount = match i / 60 {
                    part if part < texts => Some(ScalarV1::Text("9,50".to_owned())),
                    part if part < texts + nothing => None,
                    _ => Some(amount),
                };
                SampleV1 { at: DateTime::UNIX_EPOCH, values: vec![amount], key: None }
            })
            .collect();
        let mut counts = Counts::new();
        let columns = ["amount".to_owned()];
        count_rows(&mut counts, &reference(), &columns, &rows.iter().collect::<Vec<_>>());
        judge(&reference(), &counts, &columns.into())
    }

    #[test]
    fn values_of_another_type_are_told_as_that_and_not_as_missing() {
        let said = |judged: Judged| {
            let amount = &judged.columns[0];
            let nulls = (amount.current_nulls * 100.0).round();
            format!("{}, {nulls} % nulls: {}", amount.verdict, amount.because)
        };
        insta::assert_snapshot!(said(with(0, 0)), @"no drift, 0 % nulls: nothing that chance does not give");
        insta::assert_snapshot!(said(with(5, 0)), @"drift, 0 % nulls: 5.00 % of the rows have a value of another type, 0.00 % of the reference");
        insta::assert_snapshot!(said(with(0, 5)), @"drift, 5 % nulls: 5.00 % of the rows have no value, 0.00 % of the reference");
        insta::assert_snapshot!(said(with(100, 0)), @"drift, 0 % nulls: 100.00 % of the rows have a value of another type, 0.00 % of the reference");
    }

    #[test]
    fn too_few_requests_and_none_say_nothing() {
        for counts in [counted(100, 50.0), Counts::new()] {
            assert_eq!(judged(&counts).verdict, Verdict::InsufficientData);
        }
    }
}
