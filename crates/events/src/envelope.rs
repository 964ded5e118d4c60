//! What wraps every payload on the wire: `CloudEvents` 1.0, binary mode.

use crate::{AppName, EventId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

macro_rules! event_types {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// Everything that can be said, by its name on the wire.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum EventType {
            $($(#[$doc])* #[serde(rename = $text)] $variant,)*
        }

        impl EventType {
            /// Every event type, in the order of the flow.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name on the wire: the last two parts of the subject.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// The type called `text`, if there is one.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

event_types! {
    /// A commit is there to be built.
    SourcePushed = "source.pushed",
    /// A change waits for a build slot.
    BuildQueued = "build.queued",
    /// A change is being built.
    BuildStarted = "build.started",
    /// Every service of a change has a digest.
    BuildSucceeded = "build.succeeded",
    /// A change could not be built.
    BuildFailed = "build.failed",
    /// A newer change or a person ended a build.
    BuildCancelled = "build.cancelled",
    /// A release exists.
    ReleaseCreated = "release.created",
    /// A release waits for an approval or a window.
    ReleaseWaiting = "release.waiting",
    /// A release began to change the world.
    ReleaseStarted = "release.started",
    /// A release entered its next state.
    ReleaseProgressed = "release.progressed",
    /// A release carries all traffic and its bake is over.
    ReleaseLive = "release.live",
    /// A release went back to the stable one.
    ReleaseRolledBack = "release.rolled_back",
    /// A release ended before it had traffic.
    ReleaseFailed = "release.failed",
    /// A person ended a release.
    ReleaseCancelled = "release.cancelled",
    /// A newer release took the place of this one.
    ReleaseSuperseded = "release.superseded",
    /// An undo failed; a person must look.
    ReleaseStuck = "release.stuck",
    /// An instance fails its liveness probe.
    InstanceUnhealthy = "instance.unhealthy",
    /// An instance exited.
    InstanceCrashed = "instance.crashed",
    /// An instance was started again.
    InstanceRestarted = "instance.restarted",
    /// What runs is not what was released.
    DriftDetected = "drift.detected",
    /// What runs was made equal to what was released.
    DriftHealed = "drift.healed",
    /// What runs became equal to what was released without us.
    DriftCleared = "drift.cleared",
    /// A job begins.
    RunStarted = "run.started",
    /// A job ended, or will never begin.
    RunFinished = "run.finished",
    /// The engine's disk is fuller than it should stay.
    DiskFilled = "disk.filled",
}

impl std::fmt::Display for EventType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One event as it travels: the attributes of `CloudEvents` and the payload as JSON text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// `ce-id` and `Nats-Msg-Id`.
    pub id: EventId,
    /// `ce-type`.
    pub event_type: EventType,
    /// `ce-source`: the service that speaks, as `/slipway/<service>`.
    pub source: String,
    /// The app it is about; part of the subject.
    pub app: AppName,
    /// `ce-time`.
    pub at: DateTime<Utc>,
    /// W3C trace context of what caused it.
    pub traceparent: Option<String>,
    /// The payload, a JSON object with a `v` of its own.
    pub data: serde_json::Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_by_its_name() {
        for event_type in EventType::ALL {
            assert_eq!(EventType::parse(event_type.as_str()), Some(*event_type));
        }
        assert_eq!(EventType::parse("release.exploded"), None);
    }
}
