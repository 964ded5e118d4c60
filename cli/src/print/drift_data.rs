//! Data against their reference: for terminals and for programs.

use super::table::{Table, one_line};
use drift::{ColumnReport, Gravity, Number, Report, Row, Verdict};

/// For programs: the report, and of which files it is.
pub(crate) fn json(report: &Report, [reference, current]: &[String; 2]) -> String {
    let mut said = serde_json::json!(report);
    said["reference"] = serde_json::json!(reference);
    said["current"] = serde_json::json!(current);
    format!("{said:#}")
}

/// For people: the verdict, every column with its own, and what was found; every method's row if they were asked for.
pub(crate) fn text(report: &Report, is_listed: bool) -> String {
    let dataset = &report.dataset;
    let mut parts = vec![one_line(&format!("{}: {}", dataset.verdict.words(), dataset.because))];
    let mut table = Table::new(["COLUMN", "KIND", "VERDICT", "ROWS", "NULLS", "WHY"], "no columns");
    for column in &report.columns {
        table.row([
            column.column.clone(),
            column.kind.word().to_owned(),
            column.verdict.words().to_owned(),
            format!("{} / {}", column.n_reference, column.n_current),
            nulls(column),
            column.because.clone(),
        ]);
    }
    parts.push(table.render());
    let findings = report.findings.iter().map(|finding| {
        let mark = if finding.gravity == Gravity::Drift { "✗" } else { "·" };
        let (column, message) = (one_line(&finding.column), one_line(&finding.message));
        format!("{mark} {column}: {message} [{}]", finding.code.word())
    });
    parts.extend(findings);
    if is_listed {
        parts.push(results(&report.results));
    }
    parts.join("\n")
}

fn nulls(column: &ColumnReport) -> String {
    if column.nulls_reference + column.nulls_current <= 0.0 {
        return "-".to_owned();
    }
    format!("{:.1} % / {:.1} %", column.nulls_reference * 100.0, column.nulls_current * 100.0)
}

fn results(rows: &[Row]) -> String {
    let head = ["COLUMN", "METHOD", "SCORE", "STATISTIC", "P-VALUE", "THRESHOLD", "DRIFT"];
    let mut table = Table::new(head, "no method is for these columns");
    for row in rows {
        let drifted = match (row.drifted, &row.error) {
            (_, Some(error)) => error.clone(),
            (Some(true), None) => "yes".to_owned(),
            (Some(false), None) => "no".to_owned(),
            (None, None) => "?".to_owned(),
        };
        table.row([
            row.column.clone(),
            row.method.id().to_owned(),
            short(row.score),
            short(row.statistic),
            short(row.p_value),
            short(row.threshold),
            drifted,
        ]);
    }
    table.render()
}

/// A number with as many digits as people read.
pub(crate) fn short(number: Option<Number>) -> String {
    match number {
        None => "-".to_owned(),
        Some(Number(value)) if value.abs() > 0.0 && !(1e-3..1e6).contains(&value.abs()) => {
            format!("{value:.3e}")
        }
        Some(Number(value)) => format!("{value:.4}"),
    }
}

/// The class of a verdict on a page.
pub(crate) fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Drift => "drift",
        Verdict::NoDrift => "same",
        Verdict::InsufficientData | Verdict::NotTested => "open",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use drift::{Column, Form, Judge, Methods, Mode, Pair};

    fn report() -> Report {
        let column = |shift: f64| {
            let values = (0..400).map(|i| f64::from(i) + shift).collect();
            Column::numbers(500, values, Form::Real)
        };
        let mut judge = Judge::new(Mode::Slipway, Methods::Deciding, 200);
        let (before, after) = (column(0.0), column(100.0));
        let mut add = |name, reference, current| {
            judge.add(Pair { name, kind: None, importance: 1.0, reference, current });
        };
        add("amount", Some(&before), Some(&after));
        add("age", Some(&before), Some(&before));
        add("note", Some(&before), None);
        judge.report()
    }

    #[test]
    fn people_read_the_verdict_first_and_why() {
        let told = text(&report(), false);
        assert!(told.starts_with("drift: 2 columns: amount, note\n"), "{told}");
        assert!(told.contains("nothing that chance does not give"), "{told}");
        assert!(told.contains("✗ note: the current table has no such column [missing_column]"));
    }

    #[test]
    fn programs_get_a_row_for_each_column_and_method() {
        let told = json(&report(), &["a.csv".to_owned(), "b.csv".to_owned()]);
        let read: serde_json::Value = serde_json::from_str(&told).expect("is JSON");
        assert_eq!(read["dataset"]["verdict"], "drift");
        let row = &read["results"][0];
        assert_eq!((&row["column"], &row["method"]), (&"amount".into(), &"ks".into()));
        assert!(row["score"].is_number() && row["drifted"] == true, "{row}");
    }

    #[test]
    fn numbers_are_short() {
        let all = [0.0, 0.123_456, 1.5e-9, f64::NAN].map(|value| short(Some(Number(value))));
        assert_eq!(all, ["0.0000", "0.1235", "1.500e-9", "NaN"]);
    }
}
