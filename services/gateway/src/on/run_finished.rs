//! `run.finished`: a job ended, or will never begin. One that no release waited for and that did not go well is a
//! failure that nothing else tells.

use crate::app::App;
use crate::notify::{self, Message, sentence};
use bus::Verdict;
use events::Envelope;
use events::payload::{RunV1, read};
use manifest::Notice;

/// Handles what a run came to.
pub(crate) async fn handle(app: App, envelope: Envelope) -> Verdict {
    match read(&envelope) {
        Ok(run) => notify::say(&app, &envelope, message(&envelope, run)).await,
        Err(error) => error.into(),
    }
}

/// Kinds that end with their release, which tells of them.
const OF_THE_RELEASE: [&str; 5] =
    ["before_release", "first_release", "undo", "verify", "verify_again"];

fn message(envelope: &Envelope, run: RunV1) -> Message {
    let RunV1 { app, environment, job, state, number, .. } = &run;
    let is_told = OF_THE_RELEASE.contains(&run.kind.as_str()) || state == "succeeded";
    let notice = if is_told { Notice::Run } else { Notice::Failed };
    let why = run.kind.replace('_', " ");
    Message {
        title: format!("{app}/{environment}: job {job} ({why}) {state}"),
        text: sentence(run.reason.as_deref(), run.message.as_deref()),
        reason: run.reason.clone(),
        number: Some(*number),
        by: Some(run.by.to_string()),
        command: Some(format!("slipway runs {app} {}", run.run)),
        ..Message::new(notice, envelope, &format!("{environment} {job} {state}"))
    }
    .at(run.environment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::envelope;
    use events::EventType;

    fn told(kind: &str, state: &str, reason: Option<&str>) -> String {
        let data = serde_json::json!({
            "v": 1, "run": uuid::Uuid::nil(), "app": "shop", "environment": "production", "job": "report",
            "kind": kind, "release": uuid::Uuid::nil(), "number": 8, "state": state, "by": "ada",
            "exit_code": 3, "reason": reason, "message": reason.map(|_| "it ended with exit code 3"),
        });
        let envelope = envelope(EventType::RunFinished, data);
        let told = message(&envelope, read(&envelope).unwrap());
        format!("{}: {} | {} | {}", told.notice, told.title, told.text, told.command.unwrap())
    }

    #[test]
    fn a_failure_that_no_release_tells_is_told_as_one() {
        insta::assert_snapshot!(told("after_release", "failed", Some("JOB_FAILED")), @"failed: shop/production: job report (after release) failed | JOB_FAILED: it ended with exit code 3 | slipway runs shop 00000000-0000-0000-0000-000000000000");
        insta::assert_snapshot!(told("before_release", "failed", Some("JOB_FAILED")), @"run: shop/production: job report (before release) failed | JOB_FAILED: it ended with exit code 3 | slipway runs shop 00000000-0000-0000-0000-000000000000");
        insta::assert_snapshot!(told("manual", "succeeded", None), @"run: shop/production: job report (manual) succeeded |  | slipway runs shop 00000000-0000-0000-0000-000000000000");
    }
}
