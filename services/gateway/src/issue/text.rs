//! What an issue says: what drifts, since when, how much was compared, where it differs, and what to do. Pure.

use super::quality;
use crate::title::plain;
use chrono::{DateTime, SecondsFormat, Utc};
use events::payload::{BinV1, DataColumnV1, DataDriftV1, DriftKind, DriftV1};
use std::fmt::Write as _;

/// Findings and columns that are shown.
const MOST: usize = 20;

/// Title and text of an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    pub title: String,
    pub body: String,
}

impl Text {
    /// Of drift that was told at `at`.
    pub(super) fn of(drift: &DriftV1, at: DateTime<Utc>) -> Self {
        let place = format!("{}/{}", drift.app, drift.environment);
        let mut body = String::new();
        let title = match drift.kind {
            DriftKind::Data => {
                about_data(&mut body, drift);
                format!("Data of {place} drifted: {}", columns(drift))
            }
            DriftKind::Quality => {
                quality::about(&mut body, drift);
                format!("The model of {place} is wrong more often than before")
            }
            DriftKind::Runtime => {
                about_runtime(&mut body, drift);
                format!("What runs for {place} differs from what was released")
            }
        };
        line(
            &mut body,
            &format!("\nTold {} by Slipway, which closes this when it is over.", time(at)),
        );
        Self { title: plain(&title), body }
    }
}

pub(super) fn line(body: &mut String, text: &str) {
    writeln!(body, "{text}").expect("a text grows");
}

pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Those that drifted, in a few words.
fn columns(drift: &DriftV1) -> String {
    let named = drift.data.iter().flat_map(|data| &data.columns).map(|it| it.column.as_str());
    let named: Vec<&str> = named.take(MOST).collect();
    if named.is_empty() { "see below".to_owned() } else { named.join(", ") }
}

fn about_data(body: &mut String, drift: &DriftV1) {
    let (app, environment) = (&drift.app, &drift.environment);
    match &drift.data {
        Some(data) => compared(body, data),
        None => findings(body, drift),
    }
    line(body, "\nWhat to do:\n\n```");
    let why = format!("data drifted: {}", columns(drift)).replace('"', "");
    line(body, &format!("slipway drift check {app} {environment}"));
    line(body, &format!("slipway retrain {app} --environment {environment} --reason \"{why}\""));
    line(body, &format!("slipway drift accept {app} {environment} --why \"...\""));
    line(body, &format!("slipway drift mute {app} {environment} --hours 72 --why \"...\""));
    line(body, "```\n");
    line(
        body,
        "`retrain` makes the model anew, or agrees to the retraining that waits; `accept` makes what came the reference.",
    );
}

fn compared(body: &mut String, data: &DataDriftV1) {
    let DataDriftV1 { number, rows, reference, reference_version, .. } = data;
    let (from, to) = (time(data.from), time(data.to));
    line(body, &format!("Release {number}, model {}.", code(&data.model)));
    line(
        body,
        &format!(
            "{rows} requests from {from} to {to}, compared with version {reference_version} of the reference ({reference}).\n"
        ),
    );
    line(body, "| column | effect | matters from | values before / now | differs most in |");
    line(body, "|---|---|---|---|---|");
    for column in data.columns.iter().take(MOST) {
        line(body, &row(column));
    }
    if data.columns.len() > MOST {
        line(body, &format!("\nAnd {} more columns.", data.columns.len() - MOST));
    }
    line(body, "");
    for column in data.columns.iter().take(MOST) {
        let began = column.began.map(|began| format!("; it {began}")).unwrap_or_default();
        line(body, &format!("- {}: {}{began}", code(&column.column), plain(&column.because)));
    }
}

fn row(column: &DataColumnV1) -> String {
    let effect = match column.method.as_str() {
        "" => ["-".to_owned(), "-".to_owned()],
        method => [format!("{:.3} ({method})", column.effect), format!("{:.3}", column.threshold)],
    };
    let bins: Vec<String> = column.bins.iter().map(bin).collect();
    let (before, now) = (column.reference_count, column.current_count);
    let [effect, threshold] = effect;
    let name = code(&column.column);
    format!("| {name} | {effect} | {threshold} | {before} / {now} | {} |", bins.join("<br>"))
}

fn bin(bin: &BinV1) -> String {
    let percent = |share: f64| share * 100.0;
    let (before, now) = (percent(bin.reference), percent(bin.current));
    format!("{}: {before:.1} % → {now:.1} %", code(&bin.bin))
}

/// As code, which mentions nobody and breaks no table.
pub(super) fn code(text: &str) -> String {
    let fits = |c: &char| !matches!(c, '`' | '|');
    format!("`{}`", plain(text).chars().filter(fits).collect::<String>())
}

fn about_runtime(body: &mut String, drift: &DriftV1) {
    let (app, environment) = (&drift.app, &drift.environment);
    findings(body, drift);
    line(body, "\nWhat to do:\n\n```");
    line(body, &format!("slipway drift {app} {environment}"));
    line(body, &format!("slipway drift heal {app} {environment}"));
    line(body, &format!("slipway drift adopt {app} {environment}"));
    line(body, "```\n");
    line(body, "`heal` restores what was released; `adopt` makes a release of what runs.");
}

fn findings(body: &mut String, drift: &DriftV1) {
    for finding in drift.findings.iter().take(MOST) {
        line(body, &format!("- {}: {}", finding.reason, code(&finding.message)));
    }
    if drift.findings.len() > MOST {
        line(body, &format!("\nAnd {} more.", drift.findings.len() - MOST));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(data: serde_json::Value) -> Text {
        Text::of(&serde_json::from_value(data).expect("drift"), DateTime::UNIX_EPOCH)
    }

    #[test]
    fn an_issue_about_data_says_what_drifts_where_and_what_to_do() {
        let told = text(serde_json::json!({
            "kind": "data", "app": "shop", "environment": "production", "release": uuid::Uuid::nil(), "findings": [],
            "data": { "number": 7, "model": "sha256:0123", "from": DateTime::UNIX_EPOCH, "to": DateTime::UNIX_EPOCH,
                "rows": 1000, "reference_version": 2, "reference": "data/reference.csv of #5", "columns": [
                    { "column": "amount", "because": "wasserstein 0.3100", "method": "wasserstein", "effect": 0.31,
                      "threshold": 0.124, "reference_count": 6000, "current_count": 1000,
                      "began": { "number": 7, "at": DateTime::UNIX_EPOCH, "after": 6 }, "bins": [{ "bin": "40 to 60", "reference": 0.25, "current": 0.5 }] },
                    { "column": "country", "because": "new values", "method": "", "effect": 0.0, "threshold": 0.0,
                      "reference_count": 6000, "current_count": 1000,
                      "bins": [{ "bin": "@all|`", "reference": 0.0, "current": 0.125 }] } ] },
        }));
        insta::assert_snapshot!(format!("{}\n\n{}", told.title, told.body), @r#"
        Data of shop/production drifted: amount, country

        Release 7, model `sha256:0123`.
        1000 requests from 1970-01-01T00:00:00Z to 1970-01-01T00:00:00Z, compared with version 2 of the reference (data/reference.csv of #5).

        | column | effect | matters from | values before / now | differs most in |
        |---|---|---|---|---|
        | `amount` | 0.310 (wasserstein) | 0.124 | 6000 / 1000 | `40 to 60`: 25.0 % → 50.0 % |
        | `country` | - | - | 6000 / 1000 | `@all`: 0.0 % → 12.5 % |

        - `amount`: wasserstein 0.3100; it began with release 7: of release 6 there was none
        - `country`: new values

        What to do:

        ```
        slipway drift check shop production
        slipway retrain shop --environment production --reason "data drifted: amount, country"
        slipway drift accept shop production --why "..."
        slipway drift mute shop production --hours 72 --why "..."
        ```

        `retrain` makes the model anew, or agrees to the retraining that waits; `accept` makes what came the reference.

        Told 1970-01-01T00:00:00Z by Slipway, which closes this when it is over.
        "#);
    }

    #[test]
    fn an_issue_about_a_model_says_how_much_worse_it_is_and_what_to_do() {
        let told = text(serde_json::json!({
            "kind": "quality", "app": "shop", "environment": "production", "release": uuid::Uuid::nil(),
            "findings": [{ "service": "api", "instance": null, "reason": "QUALITY",
                "message": "of all 10.0 % was wrong, 5.0 % before" }],
            "quality": { "number": 7, "model": "sha256:0123", "from": DateTime::UNIX_EPOCH, "to": DateTime::UNIX_EPOCH,
                "told": 1000, "told_before": 4000, "figures": [{ "name": "accuracy", "now": 0.9, "before": 0.95 }] },
        }));
        insta::assert_snapshot!(format!("{}\n\n{}", told.title, told.body), @r#"
        The model of shop/production is wrong more often than before

        By what was true of its predictions: of all 10.0 % was wrong, 5.0 % before.

        Release 7, model `sha256:0123`, 1970-01-01T00:00:00Z to 1970-01-01T00:00:00Z.
        Compared with itself before.

        | | now | before |
        |---|---|---|
        | predictions | 1000 | 4000 |
        | accuracy | 0.900 | 0.950 |

        What to do:

        ```
        slipway drift show shop production
        slipway drift check shop production
        slipway retrain shop --environment production --reason "of all 10.0 % was wrong, 5.0 % before"
        slipway rollback shop production
        slipway drift accept shop production --quality --why "..."
        slipway drift mute shop production --hours 72 --why "..."
        ```

        `check` says whether requests changed, too; `retrain` makes the model anew; `rollback` goes back to the release before; `accept` makes how good it is now the standard.

        Told 1970-01-01T00:00:00Z by Slipway, which closes this when it is over.
        "#);
    }

    #[test]
    fn an_issue_about_what_runs_says_what_differs_and_what_to_do() {
        let told = text(serde_json::json!({
            "kind": "runtime", "app": "shop", "environment": "production", "release": uuid::Uuid::nil(),
            "findings": [{ "service": "api", "instance": null, "reason": "REPLACED", "message": "container 1 runs @x" }],
        }));
        insta::assert_snapshot!(format!("{}\n\n{}", told.title, told.body), @r"
        What runs for shop/production differs from what was released

        - REPLACED: `container 1 runs @x`

        What to do:

        ```
        slipway drift shop production
        slipway drift heal shop production
        slipway drift adopt shop production
        ```

        `heal` restores what was released; `adopt` makes a release of what runs.

        Told 1970-01-01T00:00:00Z by Slipway, which closes this when it is over.
        ");
    }
}
