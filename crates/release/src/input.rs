//! What can happen to a release. Inputs are facts and wishes, never instructions.

use crate::Failure;
use events::{PrincipalName, ReleaseId};
use serde::{Deserialize, Serialize};

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "input")]
pub enum Input {
    /// No other release of the environment moves.
    Admitted {
        /// It may begin now: its window is open, or somebody put the freeze aside.
        #[serde(default)]
        in_window: bool,
    },
    /// Enough people approved.
    Approved,
    /// A person refused.
    Refused {
        /// Who.
        by: PrincipalName,
        /// Why.
        #[serde(default)]
        reason: String,
    },
    /// The window is open.
    WindowOpened,
    /// The effect of the state is done.
    Done {
        /// What people want to know of it.
        #[serde(default)]
        detail: String,
    },
    /// A step of traffic was held for its time, and nothing was shown.
    Undecided {
        /// What is known.
        #[serde(default)]
        detail: String,
    },
    /// The effect of the state cannot be done, or what is watched went wrong.
    Failed {
        /// Why.
        failure: Failure,
    },
    /// The state lasted longer than it may.
    DeadlinePassed {
        /// What the last try said.
        #[serde(default)]
        last: String,
    },
    /// A person wants it ended, or the undo of a stuck release tried again.
    Cancel {
        /// Who.
        by: PrincipalName,
    },
    /// A person wants the stable release back.
    Rollback {
        /// Who.
        by: PrincipalName,
        /// Why.
        reason: String,
    },
    /// A person wants a step of traffic that is held to go on, whatever is known of it.
    Promote {
        /// Who.
        by: PrincipalName,
        /// Which step, from 0: not one that began since the person looked.
        step: usize,
    },
    /// A newer release of the environment waits.
    Supersede {
        /// Which.
        by: ReleaseId,
    },
    /// A newer release is live.
    Replaced,
    /// Its instances are gone.
    Collect,
    /// Its app was deleted: whatever it is, it is over, and what it ran is taken away by others.
    Removed {
        /// Who deleted it.
        by: PrincipalName,
    },
}

impl Input {
    /// The name, for logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Admitted { .. } => "admitted",
            Self::Approved => "approved",
            Self::Refused { .. } => "refused",
            Self::WindowOpened => "window_opened",
            Self::Done { .. } => "done",
            Self::Undecided { .. } => "undecided",
            Self::Failed { .. } => "failed",
            Self::DeadlinePassed { .. } => "deadline_passed",
            Self::Cancel { .. } => "cancel",
            Self::Rollback { .. } => "rollback",
            Self::Promote { .. } => "promote",
            Self::Supersede { .. } => "supersede",
            Self::Replaced => "replaced",
            Self::Collect => "collect",
            Self::Removed { .. } => "removed",
        }
    }
}
