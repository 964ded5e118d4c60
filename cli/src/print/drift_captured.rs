//! Captured traffic against its reference.

use super::table::{Table, facts};
use super::{time, words};
use crate::exit::Exit;
use chrono::{DateTime, Utc};
use events::began::BeganV1;
use proto::v1::accept_data_drift_request::Kind;
use proto::v1::data_drift::Verdict;
use proto::v1::{
    AcceptDataDriftResponse, CheckDataDriftResponse, DataColumn, DataDrift, MuteDataDriftResponse,
};

/// Letters of a model that people compare.
const MODEL: usize = 19;

/// One verdict, column by column, and what to do.
pub(crate) fn verdict(answer: &CheckDataDriftResponse) -> String {
    verdict_and_when(answer, String::new())
}

/// The same, and when captured traffic is compared.
pub(super) fn verdict_and_when(answer: &CheckDataDriftResponse, when: String) -> String {
    let drift = answer.data_drift.clone().unwrap_or_default();
    let mut table = Table::new(
        ["COLUMN", "KIND", "VERDICT", "VALUES", "EFFECT", "NULLS", "WHY"],
        "no column is declared",
    );
    for column in &drift.columns {
        table.row([
            column.column.clone(),
            column.kind.clone(),
            column.verdict.clone(),
            format!("{} / {}", column.reference_count, column.current_count),
            effect(column),
            nulls(column),
            column.because.clone(),
        ]);
    }
    let mut parts = vec![format!("{}: {}", said(&drift), drift.because), table.render()];
    let window = [&drift.window_start_time, &drift.window_end_time];
    let [from, to] = window.map(|at| time::clock(at.as_ref()));
    let reference = match drift.reference_version {
        0 => "none".to_owned(),
        version => format!("version {version}: {}", drift.reference),
    };
    let began: Vec<String> = drift.columns.iter().filter_map(began).collect();
    let mut known = vec![
        ("release", format!("#{}, model {}", drift.release_number, model(&drift.model))),
        ("captured", format!("{} requests, {from} to {to}", drift.row_count)),
        ("reference", reference),
        ("began", began.join("; ")),
        ("compared", when),
    ];
    if answer.mute_end_time.is_some() {
        known.push(("muted", format!("until {}", time::clock(answer.mute_end_time.as_ref()))));
    }
    if drift.verdict() == Verdict::Drift {
        let place = place(&drift).replace('/', " ");
        let next = format!(
            "`slipway drift accept {place} --why ...` if it is well so, or train again on what comes now"
        );
        known.push(("next", next));
    }
    parts.push(facts(&known));
    parts.join("\n")
}

/// Every verdict in a line, so that trends are seen.
pub(crate) fn verdicts(verdicts: &[DataDrift], now: DateTime<Utc>) -> String {
    let head = ["MADE", "RELEASE", "MODEL", "REQUESTS", "VERDICT", "DRIFTED", "FARTHEST", "BY"];
    let mut table = Table::new(head, "nothing was compared yet");
    for drift in verdicts {
        table.row([
            time::age(drift.create_time.as_ref(), now),
            format!("#{}", drift.release_number),
            model(&drift.model).to_owned(),
            drift.row_count.to_string(),
            said(drift),
            format!("{} of {}", drift.drifted_columns, drift.judged_columns),
            farthest(drift),
            drift.by.clone(),
        ]);
    }
    table.render()
}

/// What became the reference, or the standard.
pub(crate) fn accepted(answer: &AcceptDataDriftResponse, kind: Kind) -> String {
    let AcceptDataDriftResponse { reference_version: version, row_count } = answer;
    match kind {
        Kind::Unspecified | Kind::Data => format!(
            "version {version} of the reference is made of {row_count} captured requests; what is captured from now on is \
             compared with it"
        ),
        Kind::Quality => format!(
            "version {version} of the standard is made of {row_count} predictions; the model is compared with it from now on"
        ),
    }
}

/// Until when nothing is told.
pub(crate) fn muted(answer: &MuteDataDriftResponse) -> String {
    match &answer.mute_end_time {
        Some(until) => {
            let until = time::clock(Some(until));
            format!(
                "nothing is told of drift of data, nor of a model that got worse, until {until}"
            )
        }
        None => "drift of data is told, and a model that got worse".to_owned(),
    }
}

/// Drift is a bad outcome, and that nothing can be said is no outcome.
pub(crate) fn exit(drift: &DataDrift) -> Exit {
    match drift.verdict() {
        Verdict::Drift => Exit::Failed,
        Verdict::NoDrift => Exit::Done,
        Verdict::InsufficientData | Verdict::Unspecified => Exit::Conflict,
    }
}

fn said(drift: &DataDrift) -> String {
    words(drift.verdict().as_str_name())
}

/// When a column began to drift, and with which release.
fn began(column: &DataColumn) -> Option<String> {
    let began = column.began.as_ref()?;
    let said = BeganV1 {
        number: began.release_number,
        at: proto::time::from_timestamp(began.time.as_ref()?)?,
        after: Some(began.after_release_number).filter(|number| *number > 0),
    };
    Some(format!("{} {said}", column.column))
}

fn place(drift: &DataDrift) -> String {
    proto::name::parts(&drift.name, "apps/{app}/environments/{environment}")
        .map_or_else(|_| drift.name.clone(), |parts| parts.join("/"))
}

/// As much of a model as people compare.
pub(super) fn model(model: &str) -> &str {
    model.get(..MODEL).unwrap_or(model)
}

fn effect(column: &DataColumn) -> String {
    if column.threshold <= 0.0 {
        return "-".to_owned();
    }
    format!("{:.3} of {:.3}", column.effect, column.threshold)
}

fn nulls(column: &DataColumn) -> String {
    if column.reference_nulls + column.current_nulls <= 0.0 {
        return "-".to_owned();
    }
    let percent = |share: f64| share * 100.0;
    let (before, now) = (percent(column.reference_nulls), percent(column.current_nulls));
    format!("{before:.1} % / {now:.1} %")
}

/// The column that is farthest from its reference, in its own bars.
fn farthest(drift: &DataDrift) -> String {
    let measured = drift.columns.iter().filter(|column| column.threshold > 0.0);
    let far = |column: &&DataColumn| column.effect / column.threshold;
    let farthest = measured.max_by(|a, b| far(a).total_cmp(&far(b)));
    farthest
        .map_or_else(|| "-".to_owned(), |column| format!("{} {:.2}×", column.column, far(&column)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::v1::DriftBegan;

    fn drift() -> DataDrift {
        let amount = DataColumn {
            column: "amount".to_owned(),
            kind: "num".to_owned(),
            verdict: "drift".to_owned(),
            because: "ks p = 1.000e-9, wasserstein 0.3100 (matters from 0.1240 on)".to_owned(),
            effect: 0.31,
            threshold: 0.124,
            reference_count: 2_000,
            current_count: 900,
            current_nulls: 0.1,
            ..DataColumn::default()
        };
        DataDrift {
            name: "apps/shop/environments/production".to_owned(),
            verdict: Verdict::Drift.into(),
            because: "1 columns: amount".to_owned(),
            release_number: 7,
            model: "sha256:0123456789abcdef0123".to_owned(),
            reference_version: 2,
            reference: "data/reference.csv of #5".to_owned(),
            row_count: 1_000,
            drifted_columns: 1,
            judged_columns: 3,
            columns: vec![amount],
            by: "slipway".to_owned(),
            window_start_time: Some(prost_types::Timestamp::default()),
            window_end_time: Some(prost_types::Timestamp { seconds: 86_400, nanos: 0 }),
            create_time: Some(prost_types::Timestamp::default()),
            ..DataDrift::default()
        }
    }

    #[test]
    fn a_verdict_says_why_column_by_column_and_what_to_do() {
        let mut drift = drift();
        let time = Some(prost_types::Timestamp::default());
        let began = DriftBegan { release_number: 7, time, after_release_number: 6 };
        drift.columns[0].began = Some(began);
        let answer = CheckDataDriftResponse { data_drift: Some(drift), mute_end_time: None };
        insta::assert_snapshot!(verdict(&answer), @r"
        drift: 1 columns: amount
        COLUMN  KIND  VERDICT  VALUES      EFFECT          NULLS           WHY
        amount  num   drift    2000 / 900  0.310 of 0.124  0.0 % / 10.0 %  ks p = 1.000e-9, wasserstein 0.3100 (matters from 0.1240 on)
        release:   #7, model sha256:0123456789ab
        captured:  1000 requests, 1970-01-01 00:00:00Z to 1970-01-02 00:00:00Z
        reference: version 2: data/reference.csv of #5
        began:     amount began with release 7: of release 6 there was none
        next:      `slipway drift accept shop production --why ...` if it is well so, or train again on what comes now
        ");
    }

    #[test]
    fn verdicts_are_seen_one_below_the_other() {
        let now = DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(1);
        insta::assert_snapshot!(verdicts(&[drift()], now), @r"
        MADE       RELEASE  MODEL                REQUESTS  VERDICT  DRIFTED  FARTHEST      BY
        1h00m ago  #7       sha256:0123456789ab  1000      drift    1 of 3   amount 2.50×  slipway
        ");
    }
}
