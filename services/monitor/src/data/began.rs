//! When drift of a column began, and with which release: what people look at first. Pure.

use super::judged::Judged;
use crate::db::data_verdict::DataVerdict;
use events::began::BeganV1;

/// The word of a column that did not drift.
const CLEAN: &str = "no drift";

/// When drift of `column` began that `last` speaks of, after the `earlier` verdicts, the newest first. Verdicts that cannot
/// say whether it drifts end no row and begin none.
pub(crate) fn began(column: &str, last: &DataVerdict, earlier: &[DataVerdict]) -> BeganV1 {
    let mut began = BeganV1 { number: last.release_number, at: last.made_at, after: None };
    for verdict in earlier {
        match drifts(column, &verdict.judged) {
            Some(true) => (began.number, began.at) = (verdict.release_number, verdict.made_at),
            Some(false) => {
                began.after = Some(verdict.release_number);
                break;
            }
            None => {}
        }
    }
    began
}

fn drifts(column: &str, judged: &Judged) -> Option<bool> {
    let column = judged.columns.iter().find(|it| it.column == column)?;
    (column.drifted || column.verdict == CLEAN).then_some(column.drifted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ColumnVerdict;
    use crate::place::Place;
    use chrono::{DateTime, TimeDelta};
    use events::ReleaseId;
    use uuid::Uuid;

    /// Made so many days after the first, of a release, with what is said of the column.
    fn verdict(day: i64, number: i64, said: &str) -> DataVerdict {
        let at = DateTime::UNIX_EPOCH + TimeDelta::days(day);
        let json = serde_json::json!({
            "column": "amount", "kind": "num", "verdict": said, "drifted": said == "drift", "because": "",
            "method": "", "effect": 0.0, "threshold": 0.0, "reference_count": 0, "current_count": 0,
            "reference_nulls": 0.0, "current_nulls": 0.0, "mean": 0.0, "deviation": 0.0,
        });
        let column: ColumnVerdict = serde_json::from_value(json).expect("a column");
        DataVerdict {
            id: Uuid::nil(),
            place: Place::parse("shop", "production").expect("names"),
            release: ReleaseId::new(Uuid::nil()),
            release_number: number,
            model: String::new(),
            reference_version: 1,
            reference_source: String::new(),
            window: (at, at),
            by: "slipway".to_owned(),
            rows: 0,
            judged: Judged { columns: vec![column], ..Judged::default() },
            made_at: at,
        }
    }

    /// The release, the day, and the release before, after verdicts of one a day, the oldest first.
    fn told(verdicts: &[(i64, &str)]) -> (i64, i64, Option<i64>) {
        let mut all: Vec<DataVerdict> =
            (0..).zip(verdicts).map(|(day, (number, said))| verdict(day, *number, said)).collect();
        let last = all.pop().expect("there is one");
        all.reverse();
        let began = began("amount", &last, &all);
        (began.number, (began.at - DateTime::UNIX_EPOCH).num_days(), began.after)
    }

    #[test]
    fn drift_that_begins_with_a_release_points_at_it() {
        assert_eq!(told(&[(7, "no drift"), (8, "drift"), (9, "drift")]), (8, 1, Some(7)));
        // What cannot be said is no end of it.
        let with_gap = [(7, "no drift"), (8, "drift"), (9, "insufficient data"), (9, "drift")];
        assert_eq!(told(&with_gap), (8, 1, Some(7)));
    }

    #[test]
    fn drift_that_begins_while_a_release_lives_or_was_always_there_points_at_none() {
        assert_eq!(told(&[(8, "no drift"), (8, "drift")]), (8, 1, Some(8)));
        assert_eq!(told(&[(8, "not tested"), (8, "drift"), (8, "drift")]), (8, 1, None));
        assert_eq!(told(&[(8, "drift"), (8, "no drift"), (9, "drift")]), (9, 2, Some(8)));
    }
}
