//! `drift.detected`, `.healed` and `.cleared`: what runs is not what was released, or data are not what the model was
//! trained on; or it is so again.

use crate::app::App;
use crate::issue;
use crate::notify::{self, Message, sentence};
use bus::Verdict;
use events::Envelope;
use events::payload::{DriftKind, DriftV1, read};
use manifest::Notice;

/// Findings that are told.
const FINDINGS: usize = 10;

/// Handles what is said of drift.
pub(crate) async fn handle(app: App, envelope: Envelope) -> Verdict {
    let drift: DriftV1 = match read(&envelope) {
        Ok(drift) => drift,
        Err(error) => return error.into(),
    };
    let kept = issue::keep(&app, &envelope, &drift).await;
    // Who was told once need not be told each time that it still is so; the issue says how it is by now.
    if kept != Verdict::Done || drift.again {
        return kept;
    }
    notify::say(&app, &envelope, message(&envelope, drift)).await
}

fn message(envelope: &Envelope, drift: DriftV1) -> Message {
    let DriftV1 { app, environment, findings, kind, .. } = &drift;
    let what = match (kind, envelope.event_type.as_str()) {
        (DriftKind::Data, "drift.detected") => "data drifted from what the model was trained on",
        (DriftKind::Data, _) => "data are again like those the model was trained on",
        (DriftKind::Quality, "drift.detected") => "the model is wrong more often than before",
        (DriftKind::Quality, _) => "the model is as good as before",
        (DriftKind::Runtime, "drift.detected") if drift.healing => {
            "what runs differs from what was released, and is being healed"
        }
        (DriftKind::Runtime, "drift.detected") => "what runs differs from what was released",
        (DriftKind::Runtime, "drift.healed") => "what runs was made equal to what was released",
        (DriftKind::Runtime, _) => "what runs is again what was released",
    };
    let command = match kind {
        DriftKind::Data => format!("slipway drift check {app} {environment}"),
        DriftKind::Quality => format!("slipway drift show {app} {environment}"),
        DriftKind::Runtime => format!("slipway drift {app} {environment}"),
    };
    let mut reasons: Vec<&str> = findings.iter().map(|finding| finding.reason.as_str()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    let told = findings.iter().take(FINDINGS);
    let told: Vec<String> =
        told.map(|finding| format!("{}: {}", finding.reason, finding.message)).collect();
    let more = findings.len().saturating_sub(FINDINGS);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    // That it could not be healed is something else than that it is.
    let healing = if drift.healing { "healing" } else { "" };
    let same = [environment.as_str(), kind.as_str(), healing, &reasons.join(" ")].join(" ");
    Message {
        title: format!("{app}/{environment}: {what}"),
        text: sentence(None, Some(&(told.join("; ") + &more))),
        reason: reasons.first().map(|&reason| reason.to_owned()),
        command: Some(command),
        ..Message::new(Notice::Drift, envelope, &same)
    }
    .at(drift.environment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::envelope;
    use events::EventType;

    fn told(event_type: EventType, findings: usize) -> String {
        told_of("runtime", event_type, findings)
    }

    fn told_of(kind: &str, event_type: EventType, findings: usize) -> String {
        let finding = |n| {
            serde_json::json!({
                "service": "api", "instance": null, "reason": "REPLACED",
                "message": format!("container {n} runs another image"),
            })
        };
        let findings: Vec<_> = (1..=findings).map(finding).collect();
        let data = serde_json::json!({
            "v": 1, "kind": kind, "app": "shop", "environment": "production",
            "release": uuid::Uuid::nil(), "findings": findings,
        });
        let envelope = envelope(event_type, data);
        let told = message(&envelope, read(&envelope).unwrap());
        format!("{}: {} [{}]", told.title, told.text, told.environment())
    }

    #[test]
    fn drift_is_told_with_what_differs() {
        insta::assert_snapshot!(told(EventType::DriftDetected, 1), @"shop/production: what runs differs from what was released: REPLACED: container 1 runs another image [production]");
        insta::assert_snapshot!(told(EventType::DriftCleared, 0), @"shop/production: what runs is again what was released:  [production]");
        assert!(told(EventType::DriftDetected, 12).contains("; and 2 more"));
    }

    #[test]
    fn a_model_that_got_worse_is_told_as_that() {
        insta::assert_snapshot!(told_of("quality", EventType::DriftDetected, 1), @"shop/production: the model is wrong more often than before: REPLACED: container 1 runs another image [production]");
        insta::assert_snapshot!(told_of("quality", EventType::DriftCleared, 0), @"shop/production: the model is as good as before:  [production]");
    }

    #[test]
    fn drift_of_data_is_told_as_that() {
        insta::assert_snapshot!(told_of("data", EventType::DriftDetected, 1), @"shop/production: data drifted from what the model was trained on: REPLACED: container 1 runs another image [production]");
        insta::assert_snapshot!(told_of("data", EventType::DriftCleared, 0), @"shop/production: data are again like those the model was trained on:  [production]");
    }
}
