//! A column of another type than in the reference. Often only the one value that was no number came or went, as `3+` of
//! `0, 1, 2, 3+`: by their names the values are compared all the same.

use crate::categories::Categories;
use crate::column::{Column, Content, Texts};
use crate::finding::{Code, Finding, Gravity};
use crate::kind::Kind;
use crate::outline::{flag, number, values};
use std::collections::BTreeMap;

/// Columns of two types.
#[derive(Debug)]
pub(crate) struct Retyped<'a> {
    columns: (&'a Column, &'a Column),
    /// Where one has texts: both with texts, of which the same means the same.
    named: Option<(Column, Column)>,
}

impl<'a> Retyped<'a> {
    /// These, if both have values and their types differ.
    pub(crate) fn of(reference: &'a Column, current: &'a Column) -> Option<Self> {
        let is_known = reference.present() > 0 && current.present() > 0;
        let is_it = is_known && reference.word() != current.word();
        is_it.then(|| {
            let named = match (&reference.content, &current.content) {
                (Content::Texts(_), Content::Numbers(_))
                | (Content::Numbers(_), Content::Texts(_)) => {
                    Some((named(reference), named(current)))
                }
                _ => None,
            };
            Self { columns: (reference, current), named }
        })
    }

    /// As they are compared.
    pub(crate) fn columns(&self) -> (&Column, &Column) {
        self.named.as_ref().map_or(self.columns, |(reference, current)| (reference, current))
    }

    /// They can be compared: both are numbers, of which truths are 0 and 1, or known by their names.
    pub(crate) fn is_of_one_type(&self) -> bool {
        let is_number = |column: &Column| matches!(column.content, Content::Numbers(_));
        self.named.is_some() || is_number(self.columns.0) && is_number(self.columns.1)
    }

    /// Both are times: a CSV has none but as texts.
    fn are_moments(&self) -> bool {
        match (&self.columns.0.content, &self.columns.1.content) {
            (Content::Times(_), Content::Texts(texts))
            | (Content::Texts(texts), Content::Times(_)) => {
                texts.counts().iter().all(|(text, _)| begins_with_a_day(text))
            }
            _ => false,
        }
    }

    /// Nothing follows of the types alone: both are times, or it was said how to treat the column, or it is none of numbers that lie
    /// somewhere, and some value is in both.
    pub(crate) fn is_alike(&self, pinned: Option<Kind>, kind: Kind) -> bool {
        let (reference, current) = self.columns();
        let has_common = || {
            let categories = Categories::new(reference, current);
            categories.counts().any(|(before, now)| before > 0.0 && now > 0.0)
        };
        if self.are_moments() {
            return true;
        }
        self.is_of_one_type()
            && match (pinned, kind) {
                (Some(Kind::Num), _) => self.named.is_none(),
                (Some(Kind::Cat), _) => true,
                (None, Kind::Num) => false,
                (Some(Kind::Text | Kind::Other) | None, _) => has_common(),
            }
    }

    /// What is said of it.
    pub(crate) fn finding(&self, name: &str, is_drift: bool) -> Finding {
        let (reference, current) = self.columns;
        let (gravity, more) = if is_drift {
            (Gravity::Drift, "")
        } else if self.are_moments() {
            (Gravity::Notice, "; they say days")
        } else {
            (Gravity::Notice, "; they are compared by what they say")
        };
        let message =
            format!("these are {}, the reference has {}{more}", current.word(), reference.word());
        let count = current.present();
        Finding { count, ..Finding::new(name, Code::TypeChanged, gravity, message) }
    }
}

/// The column with each value by its name.
fn named(column: &Column) -> Column {
    let mut counts: BTreeMap<Box<str>, usize> = BTreeMap::new();
    for (value, count) in values(column) {
        *counts.entry(name(&value).into()).or_default() += usize::try_from(count).unwrap_or(0);
    }
    let Column { rows, missing, infinite, .. } = *column;
    Column { rows, missing, infinite, mistyped: 0, content: Content::Texts(Texts::new(counts)) }
}

/// What looks like a number or a truth is called as that is.
fn name(value: &str) -> String {
    match value.trim() {
        "True" | "TRUE" | "true" => flag(true),
        "False" | "FALSE" | "false" => flag(false),
        text => match text.parse::<f64>() {
            Ok(found) if found.is_finite() => number(found),
            Ok(_) | Err(_) => value.to_owned(),
        },
    }
}

/// As ISO 8601 has it: 2026-11-22, and whatever follows.
fn begins_with_a_day(text: &str) -> bool {
    let day = text.as_bytes().get(..10).unwrap_or_default();
    let is_right = |(at, byte): (usize, &u8)| match at {
        4 | 7 => *byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    !day.is_empty() && day.iter().enumerate().all(is_right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::Form;
    use crate::judge::{Judge, LEAST_VALUES, Pair};
    use crate::method::Methods;
    use crate::report::{Mode, Report, Verdict};

    fn texts(values: &[&str]) -> Column {
        Column::texts(values.len() * 300, values.iter().map(|value| ((*value).into(), 300)))
    }

    fn numbers(values: &[f64], form: Form) -> Column {
        let all = values.iter().flat_map(|value| std::iter::repeat_n(*value, 300));
        Column::numbers(values.len() * 300, all.collect(), form)
    }

    fn judged(kind: Option<Kind>, mode: Mode, (one, other): (&Column, &Column)) -> Report {
        let mut judge = Judge::new(mode, Methods::All, LEAST_VALUES);
        let (reference, current) = (Some(one), Some(other));
        judge.add(Pair { name: "it", kind, importance: 1.0, reference, current });
        judge.report()
    }

    fn told(kind: Option<Kind>, columns: (&Column, &Column)) -> (Verdict, Gravity, usize) {
        let report = judged(kind, Mode::Slipway, columns);
        let is_it = |finding: &&Finding| finding.code == Code::TypeChanged;
        let finding = report.findings.iter().find(is_it).expect("the types are told");
        (report.columns[0].verdict, finding.gravity, report.results.len())
    }

    #[test]
    fn a_text_that_came_or_went_makes_no_other_column() {
        // 3+ is one row in 1201: a value that is gone, and no more than that.
        let mixed = [("0".into(), 400), ("1.0".into(), 400), ("02".into(), 400), ("3+".into(), 1)];
        let (mixed, whole) =
            (Column::texts(1201, mixed), numbers(&[0.0, 1.0, 2.0, 2.0, 1.0, 0.0], Form::Whole));
        for kind in [None, Some(Kind::Cat)] {
            for columns in [(&mixed, &whole), (&whole, &mixed)] {
                assert_eq!(told(kind, columns), (Verdict::NoDrift, Gravity::Notice, 9), "{kind:?}");
            }
        }
    }

    #[test]
    fn truths_are_one_and_zero() {
        let (truths, whole) = (numbers(&[0.0, 1.0], Form::Flag), numbers(&[0.0, 1.0], Form::Whole));
        let words = texts(&["False", "TRUE"]);
        for columns in [(&truths, &whole), (&whole, &truths), (&truths, &words)] {
            assert_eq!(told(None, columns), (Verdict::NoDrift, Gravity::Notice, 9));
        }
        assert_eq!(told(Some(Kind::Num), (&truths, &whole)).0, Verdict::NoDrift);
    }

    #[test]
    fn what_has_nothing_in_common_drifted() {
        let (names, whole) = (texts(&["a", "b", "c"]), numbers(&[0.0, 1.0, 2.0], Form::Whole));
        assert_eq!(told(None, (&names, &whole)), (Verdict::Drift, Gravity::Drift, 9));
        assert_eq!(told(Some(Kind::Cat), (&names, &whole)), (Verdict::Drift, Gravity::Notice, 9));
        let (real, mixed) = (numbers(&[0.5, 1.0, 2.0], Form::Real), texts(&["0.5", "1", "2", "?"]));
        assert_eq!(told(None, (&real, &mixed)), (Verdict::Drift, Gravity::Drift, 0));
        assert_eq!(told(Some(Kind::Num), (&real, &mixed)), (Verdict::Drift, Gravity::Drift, 0));
    }

    #[test]
    fn times_are_texts_in_a_csv() {
        let times = Column::times(900, (0..900).map(f64::from).collect());
        let days = texts(&["2026-11-20", "2026-11-21 10:00:00", "2026-11-22T10:00:00Z"]);
        for columns in [(&times, &days), (&days, &times)] {
            assert_eq!(told(None, columns), (Verdict::NotTested, Gravity::Notice, 0));
        }
        let words = texts(&["2026-11-20", "yesterday", "2026"]);
        assert_eq!(told(None, (&times, &words)), (Verdict::Drift, Gravity::Drift, 0));
    }

    #[test]
    fn evidently_tells_a_number_from_its_text() {
        let (words, whole) = (texts(&["0", "1", "2"]), numbers(&[0.0, 1.0, 2.0], Form::Whole));
        let report = judged(None, Mode::Evidently, (&words, &whole));
        assert_eq!(report.columns[0].verdict, Verdict::Drift);
        assert_eq!(report.findings[0].gravity, Gravity::Drift);
    }
}
