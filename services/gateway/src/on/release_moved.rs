//! What becomes of a release: the forge is told of all of it, people how it ended, or that it waits for one of them.

use crate::app::App;
use crate::notify::{self, Message, sentence};
use crate::report;
use bus::Verdict;
use events::payload::{ReleaseV1, read};
use events::{Envelope, EventType};
use manifest::Notice;

/// Handles what a release came to.
pub(crate) async fn handle(app: App, envelope: Envelope) -> Verdict {
    let release: ReleaseV1 = match read(&envelope) {
        Ok(release) => release,
        Err(error) => return error.into(),
    };
    let reported = report::release(&app, &envelope, &release).await;
    if reported != Verdict::Done {
        return reported;
    }
    let what = what(envelope.event_type, &release.state);
    let Some((notice, what)) = what else { return Verdict::Done };
    notify::say(&app, &envelope, message(&envelope, release, notice, what)).await
}

/// What it is called, and what people read.
fn what(event_type: EventType, state: &str) -> Option<(Notice, &'static str)> {
    match event_type.as_str() {
        "release.live" => Some((Notice::Live, "is live")),
        "release.failed" => Some((Notice::Failed, "failed; users did not see it")),
        "release.rolled_back" => Some((Notice::RolledBack, "was taken back")),
        "release.stuck" => Some((Notice::Stuck, "is stuck: its undo failed")),
        "release.waiting" => match state {
            "awaiting_approval" => Some((Notice::Approval, "waits for approval")),
            // It begins by itself, when CI is green or the window opens.
            "awaiting_ci" | "awaiting_window" => None,
            _ => Some((Notice::Approval, "waits for a person")),
        },
        _ => None,
    }
}

fn message(envelope: &Envelope, release: ReleaseV1, notice: Notice, what: &str) -> Message {
    let ReleaseV1 { app, environment, number, .. } = &release;
    let command = match (notice, release.state.as_str()) {
        (Notice::Approval, "awaiting_approval") => {
            format!("slipway approve {app} {number} --environment {environment}")
        }
        // What went wrong has more than one answer; the release names them.
        (Notice::Approval, _) if release.reason.is_none() => {
            format!("slipway promote {app} {environment}")
        }
        _ => format!("slipway releases {app} {environment} {number}"),
    };
    let id = release.release;
    Message {
        title: format!("{app}/{environment}: release {number} {what}"),
        text: sentence(release.reason.as_deref(), release.message.as_deref()),
        command: Some(command),
        number: Some(*number),
        reason: release.reason,
        release: Some(id),
        environments: vec![release.environment],
        // It may wait for a person twice in one state: each time is told.
        ..Message::new(notice, envelope, &format!("{id} {}", release.version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::envelope;

    fn told(event_type: EventType) -> String {
        told_in(event_type, "failed")
    }

    fn told_in(event_type: EventType, state: &str) -> String {
        let told = said(event_type, state, 12);
        format!("{}: {} | {} | {}", told.notice, told.title, told.text, told.command.unwrap())
    }

    fn said(event_type: EventType, state: &str, version: i64) -> Message {
        let data = serde_json::json!({
            "v": 1, "release": uuid::Uuid::nil(), "app": "shop", "environment": "production",
            "number": 8, "state": state, "version": version, "stable": null,
            "reason": "WRONG_PORT", "message": "api listens on 3000, not on 8000",
        });
        let envelope = envelope(event_type, data);
        let (notice, what) = what(event_type, state).expect("it is told");
        message(&envelope, read(&envelope).unwrap(), notice, what)
    }

    #[test]
    fn each_end_reads_so() {
        insta::assert_snapshot!(told(EventType::ReleaseFailed), @"failed: shop/production: release 8 failed; users did not see it | WRONG_PORT: api listens on 3000, not on 8000 | slipway releases shop production 8");
        insta::assert_snapshot!(told(EventType::ReleaseWaiting), @"approval: shop/production: release 8 waits for a person | WRONG_PORT: api listens on 3000, not on 8000 | slipway releases shop production 8");
        insta::assert_snapshot!(told(EventType::ReleaseRolledBack), @"rolled_back: shop/production: release 8 was taken back | WRONG_PORT: api listens on 3000, not on 8000 | slipway releases shop production 8");
    }

    #[test]
    fn who_may_agree_is_told_how() {
        let told = told_in(EventType::ReleaseWaiting, "awaiting_approval");
        insta::assert_snapshot!(told, @"approval: shop/production: release 8 waits for approval | WRONG_PORT: api listens on 3000, not on 8000 | slipway approve shop 8 --environment production");
    }

    #[test]
    fn each_time_that_a_release_waits_is_told() {
        let same = |version| said(EventType::ReleaseWaiting, "shifting", version).fingerprint;
        assert_ne!(same(12), same(14), "the second is not held back as more of the first");
        assert_eq!(same(12), same(12));
    }

    #[test]
    fn what_only_moves_is_not_told() {
        assert_eq!(what(EventType::ReleaseProgressed, "shifting"), None);
        assert_eq!(what(EventType::ReleaseWaiting, "awaiting_window"), None);
        assert_eq!(what(EventType::ReleaseWaiting, "awaiting_ci"), None);
    }
}
