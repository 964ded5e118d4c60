//! How good models are by what was true.

use super::drift_captured::{model, verdict_and_when};
use super::table::{Table, facts};
use super::time;
use proto::v1::model_quality::Verdict;
use proto::v1::{
    CheckDataDriftResponse, GetQualityResponse, ModelQuality, QualityFigures, TellTruthResponse,
};

/// What became of what was told.
pub(crate) fn told(answer: &TellTruthResponse) -> String {
    let TellTruthResponse { known_count, unknown_count } = answer;
    format!(
        "it is known of {known_count} predictions; {unknown_count} keys belong to none that was captured and waits"
    )
}

/// The last verdict on captured traffic and when the next one is made, and below it the models.
pub(crate) fn shown(answer: &GetQualityResponse) -> String {
    let GetQualityResponse { models, data_drift, mute_end_time, .. } = answer;
    let on_data = match data_drift.clone() {
        Some(drift) => {
            let (data_drift, mute_end_time) = (Some(drift), *mute_end_time);
            verdict_and_when(&CheckDataDriftResponse { data_drift, mute_end_time }, when(answer))
        }
        None => facts(&[("compared", when(answer))]),
    };
    let parts = [on_data, quality(models)].into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("\n\n")
}

/// The schedule that is in force, and when it is due.
fn when(answer: &GetQualityResponse) -> String {
    let GetQualityResponse { schedule, next_time, .. } = answer;
    match (schedule.as_str(), next_time) {
        ("", _) => String::new(),
        (schedule, None) => format!("by \"{schedule}\", which is never due"),
        (schedule, Some(next)) => {
            format!("by \"{schedule}\" in UTC, next {}", time::clock(Some(next)))
        }
    }
}

/// A model in each line, the newest first.
fn quality(models: &[ModelQuality]) -> String {
    let head = ["MODEL", "RELEASES", "TOLD", "QUALITY", "BEFORE", "VERDICT", "WHY"];
    let mut table = Table::new(head, "of no prediction it is known yet what was true");
    for of in models {
        let [now, before] = [&of.now, &of.before].map(|of| of.unwrap_or_default());
        let releases = of.release_numbers.iter().map(|number| format!("#{number}"));
        table.row([
            model(&of.model).to_owned(),
            releases.collect::<Vec<_>>().join(" "),
            now.told_count.to_string(),
            figures(&now),
            compared(&before, of),
            verdict(of.verdict()).to_owned(),
            of.because.clone(),
        ]);
    }
    let mut lines = vec![table.render()];
    let accepted = models.iter().filter(|of| of.standard_version > 0);
    lines.extend(accepted.map(|of| format!("{}: {}", standard(of), of.standard)));
    // A model and the one that followed it may be compared with the same one.
    lines.dedup();
    lines.join("\n")
}

/// What it is compared with: itself before, what was accepted of it, another model, or what was accepted of that.
fn compared(before: &QualityFigures, of: &ModelQuality) -> String {
    let figures = figures(before);
    match (of.against_model.as_str(), of.standard_version) {
        ("", 0) => figures,
        ("", _) => format!("{figures} ({})", standard(of)),
        (other, 0) => format!("{figures} (of {})", model(other)),
        (other, _) => format!("{figures} (of {}, {})", model(other), standard(of)),
    }
}

fn standard(of: &ModelQuality) -> String {
    format!("standard {}", of.standard_version)
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Worse => "worse",
        Verdict::AsBefore => "as before",
        Verdict::InsufficientData => "insufficient data",
        Verdict::Unspecified => "unknown",
    }
}

fn figures(figures: &QualityFigures) -> String {
    let share = |name: &str, value: Option<f64>| {
        value.map(|value| format!("{name} {:.1} %", value * 100.0))
    };
    let number = |name: &str, value: Option<f64>| value.map(|value| format!("{name} {value:.3}"));
    let all = [
        share("accuracy", figures.accuracy),
        share("precision", figures.precision),
        share("recall", figures.recall),
        number("AUC", figures.roc_auc),
        number("MAE", figures.mean_absolute_error),
        number("RMSE", figures.root_mean_squared_error),
    ];
    let told: Vec<String> = all.into_iter().flatten().collect();
    if told.is_empty() { "-".to_owned() } else { told.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_that_is_in_force_is_told() {
        let next_time = Some(prost_types::Timestamp { seconds: 86_400, nanos: 0 });
        let answer = GetQualityResponse {
            schedule: "30 3 * * *".to_owned(),
            next_time,
            ..GetQualityResponse::default()
        };
        insta::assert_snapshot!(shown(&answer), @r#"
        compared: by "30 3 * * *" in UTC, next 1970-01-02 00:00:00Z

        of no prediction it is known yet what was true
        "#);
        assert!(!shown(&GetQualityResponse::default()).contains("compared"));
    }

    #[test]
    fn a_model_is_told_in_a_line() {
        let now = QualityFigures {
            told_count: 812,
            accuracy: Some(0.91),
            recall: Some(0.6),
            roc_auc: Some(0.8712),
            ..QualityFigures::default()
        };
        let model = ModelQuality {
            model: "sha256:0123456789abcdef".to_owned(),
            release_numbers: vec![3, 4],
            now: Some(now),
            verdict: Verdict::Worse.into(),
            because: "of what was true 40.0 % was missed, 10.0 % before".to_owned(),
            ..ModelQuality::default()
        };
        let shown = quality(std::slice::from_ref(&model));
        assert!(shown.contains("#3 #4"), "{shown}");
        assert!(shown.contains("accuracy 91.0 %, recall 60.0 %, AUC 0.871"), "{shown}");
        let accepted = ModelQuality {
            standard_version: 2,
            standard: "ana, 2026-11-22 20:00Z: chargebacks come later now".to_owned(),
            before: Some(now),
            ..model.clone()
        };
        let shown = quality(std::slice::from_ref(&accepted));
        assert!(shown.contains("AUC 0.871 (standard 2)"), "{shown}");
        assert!(
            shown.ends_with("\nstandard 2: ana, 2026-11-22 20:00Z: chargebacks come later now"),
            "{shown}"
        );
        let next = ModelQuality { against_model: "sha256:1".to_owned(), ..accepted.clone() };
        let shown = quality(&[next, accepted]);
        assert!(shown.contains("AUC 0.871 (of sha256:1, standard 2)"), "{shown}");
        assert_eq!(shown.matches("standard 2: ana").count(), 1, "{shown}");
        let other =
            ModelQuality { before: Some(now), against_model: "sha256:1".to_owned(), ..model };
        let shown = quality(&[other]);
        assert!(shown.contains("AUC 0.871 (of sha256:1)"), "{shown}");
        assert!(shown.contains("worse") && shown.contains("40.0 % was missed"), "{shown}");
    }
}
