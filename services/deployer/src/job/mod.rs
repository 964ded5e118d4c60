//! Jobs: commands that run once, in a container of their own made of a service's image. The row is there before the
//! container, the container is never started twice, and what it came to is written before it goes.

mod carry_out;
mod clear;
mod due;
mod ended;
mod give_up;
mod order;
mod say;
mod undo;

pub(crate) use carry_out::carry_out;
pub(crate) use clear::clear;
pub(crate) use due::{Due, due, need};
pub(crate) use ended::Ended;
pub(crate) use give_up::give_up;
pub(crate) use order::Order;
pub(crate) use say::never_began;
pub(crate) use undo::undo;

/// Why a job runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Once for each release, before its instances start.
    BeforeRelease,
    /// Once for each environment.
    FirstRelease,
    /// To leave nothing half done of the one above.
    Undo,
    /// Once for each release, against its candidate before users see it.
    Verify,
    /// The same when all users are on it.
    VerifyAgain,
    /// Once for each release, after it went live.
    AfterRelease,
    /// Once for each release that failed before users saw it.
    OnFailure,
    /// Once for each release that users saw and that was taken back.
    OnRollback,
    /// Somebody asked.
    Manual,
    /// By the clock.
    Schedule,
    /// Data drifted.
    Drift,
}

impl Kind {
    const ALL: [Self; 11] = [
        Self::BeforeRelease,
        Self::FirstRelease,
        Self::Undo,
        Self::Verify,
        Self::VerifyAgain,
        Self::AfterRelease,
        Self::OnFailure,
        Self::OnRollback,
        Self::Manual,
        Self::Schedule,
        Self::Drift,
    ];

    /// As rows have it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::BeforeRelease => "before_release",
            Self::FirstRelease => "first_release",
            Self::Undo => "undo",
            Self::Verify => "verify",
            Self::VerifyAgain => "verify_again",
            Self::AfterRelease => "after_release",
            Self::OnFailure => "on_failure",
            Self::OnRollback => "on_rollback",
            Self::Manual => "manual",
            Self::Schedule => "schedule",
            Self::Drift => "drift",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether a release waits for it, and ends it when it ends.
    pub(crate) const fn is_of_the_release(self) -> bool {
        matches!(
            self,
            Self::BeforeRelease
                | Self::FirstRelease
                | Self::Undo
                | Self::Verify
                | Self::VerifyAgain
        )
    }
}

/// Where a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunState {
    /// Its container is being made, or runs.
    Running,
    /// It ended with exit code 0.
    Succeeded,
    /// It ended otherwise.
    Failed,
    /// It was ended, because the release was.
    Stopped,
}

impl RunState {
    /// As rows have it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Running, Self::Succeeded, Self::Failed, Self::Stopped]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// How far a job at `first_release` is in an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setup {
    /// It runs.
    Running,
    /// It is done, for good.
    Done,
    /// It failed, or its release ended meanwhile; it may be half done.
    Failed,
    /// So did what should undo it.
    UndoFailed,
}

impl Setup {
    /// As rows have it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::UndoFailed => "undo_failed",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Running, Self::Done, Self::Failed, Self::UndoFailed]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}
