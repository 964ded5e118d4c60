//! Who is told what.

use crate::grammar::{choice, mapping, one_of};
use crate::value::Email;
use events::{EnvironmentName, SecretName};

mapping! {
    /// One receiver and what it is told.
    pub struct Notify {
        /// The receiver.
        to: Receiver;
        /// What it is told.
        on: Vec<Notice> = "[failed, rolled_back, stuck, approval, drift]", "what asks for a person";
        /// The environments it is told about; without any, all.
        environments: Vec<EnvironmentName>;
        /// The secret that holds the key a webhook is signed with, as `whsec_...`; two keys while one replaces the other.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signed_with: Option<SecretName>;
        /// Whether a release that waits for people is told there with a link that decides: whoever opens it agrees or refuses, all of
        /// them together as one person.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        votes: bool = "false", "who reads a message need not be who may decide";
    }
}

one_of! {
    /// A receiver of notifications.
    pub enum Receiver {
        /// A Slack webhook: the secret that holds its URL.
        "slack" => Slack(SecretName),
        /// An e-mail address.
        "email" => Email(Email),
        /// A Standard Webhooks endpoint: the secret that holds its URL.
        "webhook" => Webhook(SecretName),
    }
}

/// What it is called, and in whose name its readers decide where they may: `email:lead@example.com`.
impl std::fmt::Display for Receiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Slack(secret) => write!(f, "slack:{secret}"),
            Self::Email(address) => write!(f, "email:{address}"),
            Self::Webhook(secret) => write!(f, "webhook:{secret}"),
        }
    }
}

choice! {
    /// What people can be told.
    pub enum Notice {
        /// A release is live.
        Live = "live",
        /// A build or a release failed; users did not see it.
        Failed = "failed",
        /// A release was taken back.
        RolledBack = "rolled_back",
        /// A release needs an operator.
        Stuck = "stuck",
        /// A release waits for approval.
        Approval = "approval",
        /// Something differs from what was released.
        Drift = "drift",
        /// An instance of a live release exited or fails its liveness probe.
        Unhealthy = "unhealthy",
        /// A job ended.
        Run = "run",
        /// The disk that all apps share is 80, 90 or 95 % full.
        Disk = "disk",
    }
}
