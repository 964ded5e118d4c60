//! How a build ends otherwise than with images, and the stable codes for it.

use events::ServiceName;
use service::mask::{Mask, shorten};

/// A longer message is cut: it travels in an event, and the stream takes none of more than 256 KiB.
pub const LONGEST_MESSAGE: usize = 8 * 1024;

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $code:literal,)*) => {
        /// A stable code in capitals.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Reason { $($(#[$doc])* $variant,)* }

        impl Reason {
            /// The code on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }
        }
    };
}

reasons! {
    /// The gateway does not know the app.
    AppNotFound = "APP_NOT_FOUND",
    /// The repository address is not one this builder may use.
    RepositoryRefused = "REPOSITORY_REFUSED",
    /// Git could not get the commit.
    FetchFailed = "FETCH_FAILED",
    /// The remote does not have the commit.
    CommitNotFound = "COMMIT_NOT_FOUND",
    /// The commit, or the default branch, has no `slipway.yaml`.
    ManifestMissing = "MANIFEST_MISSING",
    /// `slipway.yaml` is wrong.
    ManifestInvalid = "MANIFEST_INVALID",
    /// A build stage that must pass did not.
    CheckFailed = "CHECK_FAILED",
    /// An image could not be built.
    BuildFailed = "BUILD_FAILED",
    /// It took longer than allowed.
    BuildTimeout = "BUILD_TIMEOUT",
    /// The registry did not take an image.
    PushFailed = "PUSH_FAILED",
    /// No registry has an image that the manifest names.
    ImageNotFound = "IMAGE_NOT_FOUND",
    /// A build secret has no value.
    SecretMissing = "SECRET_MISSING",
    /// Too little disk is free.
    DiskLow = "DISK_LOW",
    /// The engine does not answer.
    EngineAway = "ENGINE_AWAY",
    /// The gateway or the deployer does not answer.
    ServiceAway = "SERVICE_AWAY",
    /// The builder ended again and again while it worked on this.
    Interrupted = "INTERRUPTED",
    /// Another commit is newer.
    Superseded = "SUPERSEDED",
    /// A person ended it.
    Cancelled = "CANCELLED",
    /// The branch is gone.
    RefDeleted = "REF_DELETED",
    /// No environment tracks the ref.
    NotTracked = "NOT_TRACKED",
    /// The commit message asks not to deploy it.
    SkipAsked = "SKIP_ASKED",
    /// The environment tracks no branch that could get a commit.
    NoBranch = "NO_BRANCH",
    /// Git could not make a commit.
    CommitFailed = "COMMIT_FAILED",
    /// The remote does not let us push.
    PushRefused = "PUSH_REFUSED",
    /// The branch moved each time we pushed.
    BranchMoves = "BRANCH_MOVES",
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why there are no images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// For programs.
    pub reason: Reason,
    /// For people.
    pub message: String,
    /// The service it is about, if it is about one.
    pub service: Option<ServiceName>,
    /// Exit code of the command that failed.
    pub exit_code: Option<i32>,
}

/// What stops a build before it has images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// It cannot succeed.
    Failed(Failure),
    /// Something newer is there, or what it is about is gone.
    Cancelled(Failure),
    /// There is nothing to do.
    Skipped(Failure),
    /// It cannot go on now, but later.
    Blocked(Failure),
    /// It is no longer ours: somebody ended it, or another builder has it.
    Lost,
}

impl Failure {
    /// A failure that is about no single service.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), service: None, exit_code: None }
    }

    /// As it may be shown and sent: without secrets, and not too long.
    #[must_use]
    pub fn shown(self, mask: &Mask) -> Self {
        let message = shorten(&mask.apply(&self.message), LONGEST_MESSAGE).into_owned();
        Self { message, ..self }
    }

    /// The same, about `service`.
    #[must_use]
    pub fn of(mut self, service: &ServiceName) -> Self {
        self.service = Some(service.clone());
        self
    }
}

impl Stop {
    /// A failure for good that is about no single service.
    pub fn failed(reason: Reason, message: impl Into<String>) -> Self {
        Self::Failed(Failure::new(reason, message))
    }

    /// A pause that is about no single service.
    pub fn blocked(reason: Reason, message: impl Into<String>) -> Self {
        Self::Blocked(Failure::new(reason, message))
    }
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::blocked(Reason::ServiceAway, format!("the database did not answer: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_megabytes_is_cut_after_its_secrets_are_hidden() {
        let secret = "hunter22";
        let mask = Mask::new([secret.as_bytes()]);
        let said = format!("head {}{secret}{} tail", "x".repeat(4 * 1024 - 9), "y".repeat(3 << 20));
        let shown = Failure::new(Reason::BuildFailed, said).shown(&mask).message;
        assert!(shown.len() < LONGEST_MESSAGE + 100, "{} bytes", shown.len());
        assert!(shown.starts_with("head x") && shown.ends_with("y tail"));
        assert!(shown.contains("bytes cut") && !shown.contains("hunt"), "{shown}");
    }
}
