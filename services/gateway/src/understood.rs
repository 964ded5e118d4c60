//! What a delivery means, whatever forge it comes from.

use events::{CommitSha, GitRef};

/// What a delivery means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Understood {
    /// The forge tries the webhook out.
    Ping,
    /// A branch or tag is at another commit.
    Push(Push),
    /// A branch or tag is gone.
    Deleted(Deletion),
    /// Something happened to a ref that does not say to which commit: look at the remote.
    Look {
        /// What happened, for people.
        reason: String,
    },
    /// CI says something else of a commit than before.
    Ci(CommitSha),
    /// Nothing follows from it.
    Ignored {
        /// Why, for people.
        reason: String,
    },
}

/// A branch or tag was made or moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Push {
    /// Which one.
    pub git_ref: GitRef,
    /// Where it was; nowhere when it was made.
    pub before: Option<CommitSha>,
    /// Where it is: always a commit, also for an annotated tag.
    pub commit: CommitSha,
    /// History was rewritten.
    pub forced: bool,
    /// When, in seconds since 1970 by the clock of the forge.
    pub pushed_at: Option<i64>,
    /// Message of the newest commit; empty when there is none.
    pub message: String,
    /// Who pushed.
    pub by: String,
    /// Where the forge says the repository is.
    pub repository: Option<String>,
}

/// A branch or tag was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deletion {
    /// Which one.
    pub git_ref: GitRef,
    /// Where it was.
    pub before: Option<CommitSha>,
    /// When, in seconds since 1970 by the clock of the forge.
    pub pushed_at: Option<i64>,
    /// Where the forge says the repository is.
    pub repository: Option<String>,
}

impl Understood {
    pub(crate) fn ignored(reason: impl Into<String>) -> Self {
        Self::Ignored { reason: reason.into() }
    }
}
