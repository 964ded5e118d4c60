//! The numbers of rows that pandas writes before the first column. They say where a row stood, and nothing of the data: those
//! of tomorrow are others.

use crate::column::{Column, Content, Form};

/// How pandas calls a first column without a name.
const NAME: &str = "Unnamed: 0";

/// The column has no name, and where it is each row has a whole number of its own.
pub(crate) fn are_in(name: &str, columns: [Option<&Column>; 2]) -> bool {
    name == NAME && columns.into_iter().flatten().all(is_different_in_each_row)
}

fn is_different_in_each_row(column: &Column) -> bool {
    let Content::Numbers(numbers) = &column.content else { return false };
    let mut pairs = numbers.sorted().windows(2);
    numbers.kept() == Form::Whole && pairs.all(|pair| pair[0] < pair[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Gravity;
    use crate::judge::{Judge, LEAST_VALUES, Pair};
    use crate::kind::Kind;
    use crate::method::Methods;
    use crate::report::{Mode, Verdict};

    fn rows(from: i32, each: i32) -> Column {
        let numbers = (0..600).map(|row| f64::from(from + row / each)).collect();
        Column::numbers(600, numbers, Form::Whole)
    }

    fn judged(name: &str, kind: Option<Kind>, current: Option<&Column>, mode: Mode) -> Verdict {
        let mut judge = Judge::new(mode, Methods::Deciding, LEAST_VALUES);
        let before = rows(0, 1);
        let reference = Some(&before);
        judge.add(Pair { name, kind, importance: 1.0, reference, current });
        let report = judge.report();
        let is_quiet = report.findings.iter().all(|it| it.gravity == Gravity::Notice);
        let is_drift = mode == Mode::Slipway && report.columns[0].verdict == Verdict::Drift;
        assert_eq!(is_quiet, !is_drift, "{:?}", report.findings);
        report.columns[0].verdict
    }

    #[test]
    fn the_numbers_of_rows_are_no_data() {
        let later = rows(600, 1);
        assert_eq!(judged(NAME, None, Some(&later), Mode::Slipway), Verdict::NotTested);
        assert_eq!(judged(NAME, None, None, Mode::Slipway), Verdict::NotTested);
    }

    #[test]
    fn what_is_named_pinned_or_there_twice_is_data() {
        let (later, twice) = (rows(600, 1), rows(600, 2));
        let drift = [
            judged("id", None, Some(&later), Mode::Slipway),
            judged(NAME, Some(Kind::Num), Some(&later), Mode::Slipway),
            judged(NAME, None, Some(&twice), Mode::Slipway),
            judged(NAME, None, Some(&later), Mode::Evidently),
        ];
        assert_eq!(drift, [Verdict::Drift; 4]);
    }
}
