//! `build.failed`: nothing was released, and who pushed should know why.

use crate::app::App;
use crate::notify::{self, Message, sentence};
use crate::report;
use bus::Verdict;
use events::Envelope;
use events::payload::{BuildV1, read};
use manifest::Notice;

/// Handles `build.failed`.
pub(crate) async fn handle(app: App, envelope: Envelope) -> Verdict {
    let build: BuildV1 = match read(&envelope) {
        Ok(build) => build,
        Err(error) => return error.into(),
    };
    let reported = report::build(&app, &envelope, &build).await;
    if reported != Verdict::Done {
        return reported;
    }
    notify::say(&app, &envelope, message(&envelope, build)).await
}

fn message(envelope: &Envelope, build: BuildV1) -> Message {
    let from = build.git_ref.name().to_owned();
    Message {
        title: format!("{}: the build of {from} failed", build.app),
        text: sentence(build.reason.as_deref(), build.message.as_deref()),
        reason: build.reason,
        environments: build.environments,
        commit: Some(build.commit),
        from: Some(from),
        command: Some(format!("slipway build-log {}", build.build)),
        ..Message::new(Notice::Failed, envelope, &build.build.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::envelope;
    use events::EventType;

    #[test]
    fn a_failed_build_is_told_with_its_reason() {
        let data = serde_json::json!({
            "v": 1, "build": uuid::Uuid::nil(), "change": uuid::Uuid::nil(), "app": "shop",
            "git_ref": "refs/heads/main", "commit": "a".repeat(40), "environments": ["production"],
            "images": {}, "reason": "DOCKERFILE_MISSING", "message": "there is no Dockerfile",
        });
        let envelope = envelope(EventType::BuildFailed, data);
        let told = message(&envelope, read(&envelope).unwrap());
        assert_eq!(told.title, "shop: the build of main failed");
        assert_eq!(told.text, "DOCKERFILE_MISSING: there is no Dockerfile");
        assert_eq!((told.notice, told.environment()), (Notice::Failed, "production"));
    }
}
