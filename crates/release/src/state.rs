//! Where a release is in its life. A state carries only what is true in it.

use crate::Failure;
use events::{PrincipalName, ReleaseId};
use serde::{Deserialize, Serialize};

/// Which gates before the start are behind a queued release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cleared {
    /// The forge's CI is green. States of before had no such gate.
    #[serde(default)]
    pub ci: bool,
    /// It was approved.
    pub approval: bool,
    /// Its window was open.
    pub window: bool,
}

/// The parts of one step of traffic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shift {
    /// The router is being told.
    Applying,
    /// The share is held and judged.
    Holding,
    /// It was held for its time and nothing was shown: a person may decide. It is judged on.
    Deciding,
    /// It went wrong and cannot be undone: a person decides. Nothing moves until then.
    Asking {
        /// What went wrong.
        failure: Failure,
    },
}

/// The halves of going back, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undo {
    /// The stable release is proved to have capacity and gets all traffic.
    Traffic,
    /// The candidate is drained and goes away.
    Candidate,
}

/// What a release that goes back becomes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "end")]
pub enum Ending {
    /// It had traffic and lost it for a reason.
    RolledBack {
        /// Why.
        failure: Failure,
    },
    /// It never had traffic.
    Failed {
        /// Why.
        failure: Failure,
    },
    /// A person ended it.
    Cancelled {
        /// Who.
        by: PrincipalName,
    },
    /// A newer release took its place.
    Superseded {
        /// Which.
        by: ReleaseId,
    },
}

/// Where a release is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum State {
    /// Waits until no other release of the environment moves.
    Queued {
        /// The gates behind it.
        cleared: Cleared,
    },
    /// Waits until the forge's CI is green for its commit.
    AwaitingCi {
        /// The gates behind it.
        cleared: Cleared,
    },
    /// Waits for people.
    AwaitingApproval {
        /// The gates behind it.
        cleared: Cleared,
    },
    /// Waits for a window.
    AwaitingWindow {
        /// The gates behind it.
        cleared: Cleared,
    },
    /// Images, networks, volumes, pre-flight.
    Preparing,
    /// Jobs before the release.
    RunningJobs,
    /// Candidate instances start and prove that they are ready.
    Starting,
    /// Warm-up requests to the candidate.
    Warming,
    /// Requests to the candidate that must succeed.
    Verifying,
    /// Traffic moves.
    Shifting {
        /// Which step, from 0.
        step: usize,
        /// Which part of it.
        phase: Shift,
    },
    /// All traffic on the new release, the old one warm.
    Baking,
    /// The old release is drained and stopped.
    Settling,
    /// It is what users get.
    Live,
    /// A newer release is live; this one can be started again without building.
    Retained,
    /// Only the record is left.
    Collected,
    /// Everything goes back to the stable release.
    RollingBack {
        /// Which half.
        undo: Undo,
        /// What it becomes then.
        ending: Ending,
    },
    /// It had traffic and lost it; its content is pinned.
    RolledBack {
        /// Why.
        failure: Failure,
    },
    /// It ended before it had traffic.
    Failed {
        /// Why.
        failure: Failure,
    },
    /// A person ended it.
    Cancelled {
        /// Who.
        by: PrincipalName,
    },
    /// A newer release took its place.
    Superseded {
        /// Which.
        by: ReleaseId,
    },
    /// Going back failed; `slipway cancel` tries again.
    Stuck {
        /// Why.
        failure: Failure,
        /// Where it stopped.
        undo: Undo,
        /// What it becomes when the undo succeeds.
        ending: Ending,
    },
}

impl State {
    /// A new release.
    pub fn queued() -> Self {
        Self::Queued { cleared: Cleared::default() }
    }

    /// The name in columns, events and output.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Queued { .. } => "queued",
            Self::AwaitingCi { .. } => "awaiting_ci",
            Self::AwaitingApproval { .. } => "awaiting_approval",
            Self::AwaitingWindow { .. } => "awaiting_window",
            Self::Preparing => "preparing",
            Self::RunningJobs => "running_jobs",
            Self::Starting => "starting",
            Self::Warming => "warming",
            Self::Verifying => "verifying",
            Self::Shifting { .. } => "shifting",
            Self::Baking => "baking",
            Self::Settling => "settling",
            Self::Live => "live",
            Self::Retained => "retained",
            Self::Collected => "collected",
            Self::RollingBack { .. } => "rolling_back",
            Self::RolledBack { .. } => "rolled_back",
            Self::Failed { .. } => "failed",
            Self::Cancelled { .. } => "cancelled",
            Self::Superseded { .. } => "superseded",
            Self::Stuck { .. } => "stuck",
        }
    }

    /// The name of what is done in it: going back has two halves, and a share of traffic is judged, or asked about.
    #[expect(clippy::wildcard_enum_match_arm, reason = "in other states one thing is done")]
    pub fn step(&self) -> &'static str {
        match self {
            Self::Shifting { phase: Shift::Holding | Shift::Deciding, .. } => "judging",
            Self::Shifting { phase: Shift::Asking { .. }, .. } => "asking",
            Self::RollingBack { undo: Undo::Traffic, .. } => "restoring_traffic",
            Self::RollingBack { undo: Undo::Candidate, .. } => "removing_candidate",
            other => other.name(),
        }
    }

    /// The release changes the world or is about to undo what it changed. At most one release of an
    /// environment does.
    pub fn is_moving(&self) -> bool {
        match self {
            Self::Preparing
            | Self::RunningJobs
            | Self::Starting
            | Self::Warming
            | Self::Verifying
            | Self::Shifting { .. }
            | Self::Baking
            | Self::Settling
            | Self::RollingBack { .. }
            | Self::Stuck { .. } => true,
            Self::Queued { .. }
            | Self::AwaitingCi { .. }
            | Self::AwaitingApproval { .. }
            | Self::AwaitingWindow { .. }
            | Self::Live
            | Self::Retained
            | Self::Collected
            | Self::RolledBack { .. }
            | Self::Failed { .. }
            | Self::Cancelled { .. }
            | Self::Superseded { .. } => false,
        }
    }

    /// The release waits and has changed nothing yet.
    pub fn is_waiting(&self) -> bool {
        matches!(
            self,
            Self::Queued { .. }
                | Self::AwaitingCi { .. }
                | Self::AwaitingApproval { .. }
                | Self::AwaitingWindow { .. }
        )
    }

    /// The step of traffic, from 0, that is held until it is judged or a person decides.
    #[expect(clippy::wildcard_enum_match_arm, reason = "in other states none is held")]
    pub fn held(&self) -> Option<usize> {
        match self {
            Self::Shifting { phase: Shift::Applying, .. } => None,
            Self::Shifting { step, .. } => Some(*step),
            _ => None,
        }
    }

    /// The driver has nothing more to do, unless somebody asks.
    pub fn is_settled(&self) -> bool {
        !self.is_moving() && !self.is_waiting() || matches!(self, Self::Stuck { .. })
    }

    /// The router may give requests to this release, if only copies: see [`crate::Plan::has_users`].
    pub fn has_traffic(&self) -> bool {
        matches!(self, Self::Shifting { .. } | Self::Baking | Self::Settling | Self::Live)
    }

    /// Why it ended so, or waits, where that was not wanted.
    #[expect(clippy::wildcard_enum_match_arm, reason = "a state without a failure has none")]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::RolledBack { failure }
            | Self::Failed { failure }
            | Self::Stuck { failure, .. }
            | Self::Shifting { phase: Shift::Asking { failure }, .. } => Some(failure),
            Self::RollingBack { ending, .. } => match ending {
                Ending::RolledBack { failure } | Ending::Failed { failure } => Some(failure),
                Ending::Cancelled { .. } | Ending::Superseded { .. } => None,
            },
            _ => None,
        }
    }
}

impl From<Ending> for State {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::RolledBack { failure } => Self::RolledBack { failure },
            Ending::Failed { failure } => Self::Failed { failure },
            Ending::Cancelled { by } => Self::Cancelled { by },
            Ending::Superseded { by } => Self::Superseded { by },
        }
    }
}
