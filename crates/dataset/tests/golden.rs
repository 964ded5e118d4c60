//! Every row that Evidently and scipy gave for the tables in `testdata`, to 1e-9 and a ten-millionth.

use dataset::Table;
use drift::{Judge, Kind, Methods, Mode, Number, Pair, Report, Row};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The reference draws at random without a seed.
const RANDOM: &str = "empirical_mmd";

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

fn expectations() -> Vec<(String, Value)> {
    let entries = std::fs::read_dir(testdata()).expect("is a directory");
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut stems: Vec<_> =
        names.filter_map(|name| Some(name.strip_suffix(".expected.json")?.to_owned())).collect();
    stems.sort();
    let read = |stem: String| {
        let path = testdata().join(format!("{stem}.expected.json"));
        let text = std::fs::read_to_string(path).expect("is readable");
        (stem, serde_json::from_str(&text).expect("is JSON"))
    };
    stems.into_iter().map(read).collect()
}

fn judged(stem: &str, kinds: &Value, mode: Mode, methods: Methods) -> Report {
    let open = |side| Table::open(&testdata().join(format!("{stem}.{side}.csv.gz")));
    let (reference, current) = (open("ref").expect("opens"), open("cur").expect("opens"));
    let mut judge = Judge::new(mode, methods, 200);
    let names: Vec<&str> = reference.names().iter().map(String::as_str).collect();
    let columns = |table: &Table| table.read(&names).expect("is read");
    for (name, pair) in names.iter().zip(columns(&reference).iter().zip(&columns(&current))) {
        let kind = kinds[name].as_str().map(|word| word.parse::<Kind>().expect("is a kind"));
        let (reference, current) = (pair.0.as_ref(), pair.1.as_ref());
        judge.add(Pair { name, kind, importance: 1.0, reference, current });
    }
    judge.report()
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(word) => word.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn is_close(ours: Option<Number>, theirs: f64) -> bool {
    let Some(Number(ours)) = ours else { return false };
    let is_same = ours.to_bits() == theirs.to_bits() || (ours.is_nan() && theirs.is_nan());
    is_same || (ours - theirs).abs() <= 1e-9 + 1e-7 * theirs.abs()
}

/// What differs between a row and what is expected.
fn difference(row: &Row, expected: &Value) -> Option<String> {
    let score = number(&expected["score"]).expect("a row without error has a score");
    let statistic = number(&expected["scipy"]["statistic"]);
    let p_value = number(&expected["scipy"]["pvalue"]);
    let is_same = is_close(row.score, score)
        && statistic.is_none_or(|it| is_close(row.statistic, it))
        && p_value.is_none_or(|it| is_close(row.p_value, it))
        && row.drifted == expected["drifted"].as_bool()
        && is_close(row.threshold, number(&expected["threshold"]).expect("has a threshold"))
        && row.deciding == expected["evidently_default"].as_bool().expect("is said");
    (!is_same).then(|| format!("{row:?}\n  {expected}"))
}

#[test]
fn every_row_is_as_evidently_and_scipy_say() {
    let (mut same, mut failed, mut random, mut wrong) = (0, 0, 0, Vec::new());
    for (stem, expected) in expectations() {
        let report = judged(&stem, &expected["kinds"], Mode::Evidently, Methods::All);
        for expected in expected["rows"].as_array().expect("has rows") {
            let (column, method) = (&expected["column"], expected["method"].as_str());
            let method = method.expect("has a name");
            let is_it = |row: &&Row| row.column == *column && row.method.id() == method;
            if method == RANDOM {
                random += 1;
                continue;
            }
            let row = report.results.iter().find(is_it).expect("every method is shown");
            if !expected["error"].is_null() {
                failed += 1;
                assert!(row.score.is_none() && row.error.is_some(), "{row:?}");
                continue;
            }
            match difference(row, expected) {
                None => same += 1,
                Some(difference) => wrong.push(difference),
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!((same, failed, random), (1838, 9, 91));
}

#[test]
fn the_changes_of_the_synthetic_table_are_told_and_nothing_else() {
    let verdicts = |stem: &str| {
        let path = testdata().join(format!("{stem}.expected.json"));
        let text = std::fs::read_to_string(path).expect("is readable");
        let expected: Value = serde_json::from_str(&text).expect("is JSON");
        judged(stem, &expected["kinds"], Mode::Slipway, Methods::Deciding)
    };
    let drifted = |report: &Report| -> Vec<String> {
        let columns = report.columns.iter().filter(|it| it.verdict == drift::Verdict::Drift);
        columns.map(|it| it.column.clone()).collect()
    };
    assert_eq!(drifted(&verdicts("fraud_2k__ref_vs_null")), Vec::<String>::new());
    let found = drifted(&verdicts("fraud_2k__ref_vs_cur"));
    let expected = [
        "amount",
        "hour",
        "n_txn_24h",
        "device_risk",
        "utilisation",
        "session_len",
        "latency_ms",
        "channel",
        "card_type",
        "is_foreign",
        "browser",
    ];
    assert_eq!(found, expected);
}
