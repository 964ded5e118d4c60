//! What is said: the vocabulary every service shares, and the events they tell each other.
//!
//! Nothing here does IO. A name is a parsed newtype, an event payload is a versioned struct whose wire
//! form is frozen by the samples in `tests/frozen`, and every subject, stream and consumer name of the
//! bus is built in [`subject`].

pub mod began;
mod digest;
mod envelope;
mod git;
mod ids;
mod names;
pub mod payload;
pub mod sample;
pub mod skip;
pub mod subject;

pub use digest::{Digest, InvalidDigest};
pub use envelope::{Envelope, EventType};
pub use git::{CommitSha, GitRef, InvalidCommitSha, InvalidGitRef};
pub use ids::{
    BuildId, ChangeId, DeliveryId, EventId, InstanceId, PrincipalName, ReleaseId, RunId,
};
pub use names::{
    AppName, EnvironmentName, InvalidName, JobName, SecretName, ServiceName, SourceName, VolumeName,
};
