//! `disk.filled`: the engine's disk, which all apps share, is fuller than it should stay.

use crate::app::App;
use crate::notify::{self, Message, sentence};
use bus::Verdict;
use events::Envelope;
use events::payload::{DiskV1, read};
use manifest::Notice;

/// Handles what is said of the disk.
pub(crate) async fn handle(app: App, envelope: Envelope) -> Verdict {
    match read(&envelope) {
        Ok(disk) => notify::say(&app, &envelope, message(&envelope, &disk)).await,
        Err(error) => error.into(),
    }
}

fn message(envelope: &Envelope, disk: &DiskV1) -> Message {
    let DiskV1 { app, level, used_percent, reason, message } = disk;
    Message {
        title: format!("{app}: the disk it runs on is {used_percent} % full"),
        text: sentence(Some(reason), Some(message)),
        command: Some("slipway gc".to_owned()),
        reason: Some(reason.clone()),
        ..Message::new(Notice::Disk, envelope, level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::envelope;
    use events::EventType;

    #[test]
    fn a_disk_that_gets_full_is_told_with_what_to_look_at() {
        let data = serde_json::json!({
            "v": 1, "app": "shop", "level": "full", "used_percent": 91, "reason": "DISK_FILLED",
            "message": "the engine's disk is 91 % full: make room",
        });
        let envelope = envelope(EventType::DiskFilled, data);
        let told = message(&envelope, &read(&envelope).unwrap());
        insta::assert_snapshot!(
            format!("{}: {} | {} | {}", told.notice, told.title, told.text, told.command.unwrap()),
            @"disk: shop: the disk it runs on is 91 % full | DISK_FILLED: the engine's disk is 91 % full: make room | slipway gc"
        );
        assert_eq!(
            (told.fingerprint.as_str(), told.environments),
            ("disk.filled full", Vec::new())
        );
    }
}
