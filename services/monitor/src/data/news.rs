//! What is told of a verdict. Pure.

use super::judged::{ColumnVerdict, Judged, Verdict};

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    /// Other columns drift than was told.
    Drifted,
    /// The same columns still do.
    Again,
    /// Of all that was told nothing drifts any more.
    Cleared,
}

/// What is told of `judged` and of which columns drift is told then, where it was told of `told`.
pub(crate) fn news(
    judged: &Judged,
    told: &[String],
    is_muted: bool,
) -> (Option<News>, Vec<String>) {
    // What was told of a column stays until something can be said of it again.
    let stays = |column: &ColumnVerdict| {
        column.drifted || column.is_open() && told.contains(&column.column)
    };
    let stay = judged.columns.iter().filter(|column| stays(column));
    let stay: Vec<String> = stay.map(|column| column.column.clone()).collect();
    match judged.verdict {
        Verdict::InsufficientData => (None, told.to_vec()),
        Verdict::NoDrift if told.is_empty() => (None, Vec::new()),
        Verdict::NoDrift if stay.is_empty() => (Some(News::Cleared), Vec::new()),
        Verdict::NoDrift => (None, stay),
        // What is not told now is told when that is wanted again.
        Verdict::Drift if is_muted => (None, told.to_vec()),
        Verdict::Drift if stay == told => (Some(News::Again), stay),
        Verdict::Drift => (Some(News::Drifted), stay),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(verdict: Verdict, drifted: &[&str]) -> Judged {
        let columns: Vec<_> = drifted.iter().map(|&name| (name, "drift")).collect();
        said(verdict, &columns)
    }

    /// This is said of each column.
    fn said(verdict: Verdict, columns: &[(&str, &str)]) -> Judged {
        let column = |(name, said): &(&str, &str)| {
            let json = serde_json::json!({
                "column": name, "kind": "num", "verdict": said, "drifted": *said == "drift", "because": "",
                "method": "", "effect": 0.0, "threshold": 0.0, "reference_count": 0,
                "current_count": 0, "reference_nulls": 0.0, "current_nulls": 0.0, "mean": 0.0,
                "deviation": 0.0,
            });
            serde_json::from_value::<ColumnVerdict>(json).expect("a column")
        };
        Judged { verdict, columns: columns.iter().map(column).collect(), ..Judged::default() }
    }

    fn told(judged: &Judged, told: &[&str], is_muted: bool) -> (Option<News>, Vec<String>) {
        let told: Vec<String> = told.iter().map(|&name| name.to_owned()).collect();
        news(judged, &told, is_muted)
    }

    #[test]
    fn drift_is_told_when_it_is_of_other_columns_and_that_it_is_over() {
        let drift = judged(Verdict::Drift, &["a", "b"]);
        let both = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(told(&drift, &[], false), (Some(News::Drifted), both.clone()));
        assert_eq!(told(&drift, &["a"], false), (Some(News::Drifted), both.clone()));
        assert_eq!(told(&drift, &["a", "b"], false), (Some(News::Again), both.clone()));
        assert_eq!(told(&drift, &["a", "b", "c"], false), (Some(News::Drifted), both));
        let clear = judged(Verdict::NoDrift, &[]);
        assert_eq!(told(&clear, &["a"], true), (Some(News::Cleared), vec![]));
        assert_eq!(told(&clear, &[], false), (None, vec![]));
    }

    #[test]
    fn what_is_muted_or_not_known_is_told_later() {
        let drift = judged(Verdict::Drift, &["a"]);
        assert_eq!(told(&drift, &[], true), (None, vec![]));
        assert_eq!(told(&drift, &["a"], true), (None, vec!["a".to_owned()]));
        let open = judged(Verdict::InsufficientData, &[]);
        assert_eq!(told(&open, &["a"], false), (None, vec!["a".to_owned()]));
    }
    #[test]
    fn what_was_told_of_a_column_stays_while_nothing_can_be_said_of_it() {
        let open = ("a", "insufficient data");
        let a = vec!["a".to_owned()];
        let quiet = said(Verdict::NoDrift, &[open, ("b", "no drift")]);
        assert_eq!(told(&quiet, &["a"], false), (None, a.clone()));
        assert_eq!(told(&quiet, &["a", "b"], false), (None, a));
        assert_eq!(told(&quiet, &["b"], false), (Some(News::Cleared), vec![]));
        let drift = said(Verdict::Drift, &[open, ("b", "drift")]);
        let both = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(told(&drift, &["a"], false), (Some(News::Drifted), both.clone()));
        assert_eq!(told(&drift, &["a", "b"], false), (Some(News::Again), both));
        let untested = said(Verdict::NoDrift, &[("a", "not tested"), ("b", "no drift")]);
        assert_eq!(told(&untested, &["a"], false), (Some(News::Cleared), vec![]));
    }
}
