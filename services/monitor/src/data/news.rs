//! What is told of a verdict. Pure.

use super::judged::{Judged, Verdict};

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    /// Other columns drift than was told.
    Drifted,
    /// Of all that was told nothing drifts any more.
    Cleared,
}

/// What is told of `judged` and of which columns drift is told then, where it was told of `told`.
pub(crate) fn news(
    judged: &Judged,
    told: &[String],
    is_muted: bool,
) -> (Option<News>, Vec<String>) {
    let drifted: Vec<String> = judged.drifted().map(|column| column.column.clone()).collect();
    match judged.verdict {
        Verdict::InsufficientData => (None, told.to_vec()),
        Verdict::NoDrift if told.is_empty() => (None, Vec::new()),
        Verdict::NoDrift => (Some(News::Cleared), Vec::new()),
        // What is not told now is told when that is wanted again.
        Verdict::Drift if is_muted => (None, told.to_vec()),
        Verdict::Drift if drifted == told => (None, drifted),
        Verdict::Drift => (Some(News::Drifted), drifted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ColumnVerdict;

    fn judged(verdict: Verdict, columns: &[&str]) -> Judged {
        let column = |name: &&str| {
            let json = serde_json::json!({
                "column": name, "kind": "num", "verdict": "drift", "drifted": true, "because": "",
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
        assert_eq!(told(&drift, &["a", "b"], false), (None, both.clone()));
        assert_eq!(told(&drift, &["a", "b", "c"], false), (Some(News::Drifted), both));
        let clear = judged(Verdict::NoDrift, &[]);
        assert_eq!(told(&clear, &["a"], true), (Some(News::Cleared), vec![]));
        assert_eq!(told(&clear, &[], false), (None, vec![]));
    }

    #[test]
    fn what_is_muted_or_not_known_is_told_later() {
        let drift = judged(Verdict::Drift, &["a"]);
        assert_eq!(told(&drift, &[], true), (None, vec![]));
        let open = judged(Verdict::InsufficientData, &[]);
        assert_eq!(told(&open, &["a"], false), (None, vec!["a".to_owned()]));
    }
}
