//! What can go wrong with the engine, always with what was asked and of whom.

use bollard::errors::Error as Cause;
use std::time::Duration;

/// A call of the engine that did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// There is no engine at the address.
    #[error("could not connect to the Docker engine at {host}")]
    Connect {
        /// `DOCKER_HOST`.
        host: String,
        /// What the client says.
        source: Box<Cause>,
    },
    /// The engine answered with an error.
    #[error("the engine refused to {call} {subject} with {status}: {message}")]
    Refused {
        /// What was asked.
        call: &'static str,
        /// Of which container, image, network or volume.
        subject: String,
        /// HTTP status.
        status: u16,
        /// What the engine says.
        message: String,
    },
    /// The engine did not answer in time; whether it did what was asked is unknown.
    #[error("the engine did not {call} {subject} within {limit:?}")]
    Silent {
        /// What was asked.
        call: &'static str,
        /// Of what.
        subject: String,
        /// How long was waited.
        limit: Duration,
    },
    /// The connection broke or the answer was not understood.
    #[error("could not ask the engine to {call} {subject}")]
    Failed {
        /// What was asked.
        call: &'static str,
        /// Of what.
        subject: String,
        /// What the client says.
        source: Box<Cause>,
    },
    /// Somebody else's container, network or volume has the name.
    #[error("{kind} {name} exists and is not Slipway's; remove or rename it")]
    NameTaken {
        /// Container, network or volume.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// The name is free and yet refused, or changed hands all the time.
    #[error("container {0} could neither be created nor found; its name is held by the engine")]
    NameHeld(String),
    /// The registry did not give the image.
    #[error("image {image} could not be pulled: {reason}")]
    Pull {
        /// `repository@sha256:...`.
        image: String,
        /// What the registry or the engine says.
        reason: String,
    },
    /// A container without an address in any network.
    #[error("container {0} has no address; it is not running")]
    NoAddress(String),
    /// Secrets could not be packed for the container.
    #[error("could not pack the secret files of container {container}")]
    SecretFiles {
        /// The container.
        container: String,
        /// What went wrong.
        source: std::io::Error,
    },
}

impl EngineError {
    pub(super) fn of(call: &'static str, subject: &str, source: Cause) -> Self {
        let subject = subject.to_owned();
        if let Cause::DockerResponseServerError { status_code: status, message } = source {
            Self::Refused { call, subject, status, message }
        } else {
            Self::Failed { call, subject, source: Box::new(source) }
        }
    }

    /// The engine's status, if it answered.
    pub fn status(&self) -> Option<u16> {
        if let Self::Refused { status, .. } = self { Some(*status) } else { None }
    }

    /// What was asked about does not exist.
    pub fn is_missing(&self) -> bool {
        self.status() == Some(404)
    }

    /// The engine is away or hangs: the same call may do well later.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Connect { .. } | Self::Silent { .. } | Self::Failed { .. })
    }

    /// The same call will not do better later: a name is somebody else's, or the registry has no such image
    /// or does not give it to us.
    pub fn is_final(&self) -> bool {
        const NO: [&str; 5] =
            ["manifest unknown", "not found", "access denied", "unauthorized", "invalid reference"];
        if let Self::Pull { reason, .. } = self {
            let reason = reason.to_lowercase();
            return NO.iter().any(|no| reason.contains(no));
        }
        matches!(self, Self::NameTaken { .. })
    }

    /// A stable code for a release's failure.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Connect { .. } | Self::Silent { .. } | Self::Failed { .. } => "ENGINE_AWAY",
            Self::NameTaken { .. } => "NAME_TAKEN",
            Self::NameHeld(_) => "NAME_HELD",
            Self::Pull { .. } => "PULL_FAILED",
            Self::Refused { .. } | Self::NoAddress(_) | Self::SecretFiles { .. } => {
                "ENGINE_REFUSED"
            }
        }
    }
}

/// `Ok` also when what was asked about is gone already.
pub(super) fn or_gone(result: Result<(), EngineError>) -> Result<(), EngineError> {
    result.or_else(|error| if error.is_missing() { Ok(()) } else { Err(error) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pull(reason: &str) -> EngineError {
        EngineError::Pull { image: "r/shop@sha256:0".to_owned(), reason: reason.to_owned() }
    }

    #[test]
    fn an_image_that_is_not_there_is_final_and_a_registry_that_is_away_is_not() {
        assert!(
            pull("manifest for r/shop@sha256:0 not found: manifest unknown: unknown").is_final()
        );
        assert!(pull("pull access denied for shop").is_final());
        assert!(!pull("dial tcp 127.0.0.1:5000: connect: connection refused").is_final());
        assert!(!pull("no progress for 60s").is_final());
    }
}
