//! Identities that programs make. Each is its own type, so that one cannot stand in for another.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The identity with this value, as a row or a message carries it.
            pub const fn new(value: Uuid) -> Self {
                Self(value)
            }

            /// The value, for a row.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

id!(
    /// One webhook request, stored raw.
    DeliveryId
);
id!(
    /// A commit to build.
    ChangeId
);
id!(
    /// The work of turning one change into images.
    BuildId
);
id!(
    /// One release: app, environment, digests, configuration.
    ReleaseId
);
id!(
    /// One execution of a job.
    RunId
);
id!(
    /// One container of a release's service, before and after it has a Docker id.
    InstanceId
);
id!(
    /// One event; also its `Nats-Msg-Id`.
    EventId
);

/// Who did it: the name of the token that authenticated the call, or `slipway` for the platform itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PrincipalName(String);

impl PrincipalName {
    /// The platform itself.
    pub fn slipway() -> Self {
        Self("slipway".to_owned())
    }

    /// A principal by name; cut at 100 characters.
    pub fn new(name: &str) -> Self {
        Self(name.chars().take(100).collect())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for PrincipalName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
