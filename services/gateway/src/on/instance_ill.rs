//! `instance.unhealthy` and `instance.crashed`: one of a live release does not work.

use crate::app::App;
use crate::notify::{self, Message, sentence};
use bus::Verdict;
use events::payload::{InstanceV1, read};
use events::{Envelope, EventType};
use manifest::Notice;

/// Handles what is said of an instance.
pub(crate) async fn handle(app: App, envelope: Envelope) -> Verdict {
    match read(&envelope) {
        Ok(instance) => notify::say(&app, &envelope, message(&envelope, instance)).await,
        Err(error) => error.into(),
    }
}

fn message(envelope: &Envelope, instance: InstanceV1) -> Message {
    let InstanceV1 { app, environment, service, reason, .. } = &instance;
    let crashed = envelope.event_type == EventType::InstanceCrashed;
    let what = if crashed { "exited" } else { "is not healthy" };
    Message {
        title: format!("{app}/{environment}: an instance of {service} {what}"),
        text: sentence(Some(reason), Some(&instance.message)),
        reason: Some(reason.clone()),
        release: Some(instance.release),
        command: Some(format!("slipway logs {app} {environment}")),
        ..Message::new(Notice::Unhealthy, envelope, &format!("{environment} {service} {reason}"))
    }
    .at(instance.environment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::envelope;

    #[test]
    fn an_instance_that_exits_is_told() {
        let data = serde_json::json!({
            "v": 1, "instance": uuid::Uuid::nil(), "release": uuid::Uuid::nil(), "app": "shop",
            "environment": "production", "service": "api", "reason": "OUT_OF_MEMORY",
            "message": "container shop-api-1 was ended by the kernel",
        });
        let envelope = envelope(EventType::InstanceCrashed, data);
        let told = message(&envelope, read(&envelope).unwrap());
        assert_eq!(told.title, "shop/production: an instance of api exited");
        assert_eq!(told.text, "OUT_OF_MEMORY: container shop-api-1 was ended by the kernel");
        assert!(told.fingerprint.starts_with("instance.crashed production api"), "{told:?}");
    }
}
