//! How long a state may last. Only the ends of a life, and what waits for an operator, have no limit.

use crate::{Plan, Shift, State};
use std::time::Duration;

impl Plan {
    /// How long `state` may last after it was entered; nothing for an end.
    pub fn limit(&self, state: &State) -> Option<Duration> {
        let limits = &self.limits;
        match state {
            State::Queued { .. } => Some(limits.queue),
            State::AwaitingCi { .. } => Some(limits.ci),
            State::AwaitingApproval { .. } => Some(limits.approval),
            State::AwaitingWindow { .. } => Some(limits.window),
            State::Preparing => Some(limits.prepare),
            State::RunningJobs => Some(limits.jobs),
            State::Starting => Some(limits.start),
            State::Warming => Some(limits.warm),
            State::Verifying => Some(limits.verify),
            State::Shifting { phase: Shift::Applying, .. } => Some(limits.shift),
            State::Shifting { phase: Shift::Holding, .. } => Some(limits.hold),
            State::Shifting { phase: Shift::Deciding | Shift::Asking { .. }, .. } => {
                Some(limits.decide)
            }
            State::Baking => Some(limits.bake),
            State::Settling => Some(limits.settle),
            State::RollingBack { .. } => Some(limits.undo),
            State::Live
            | State::Retained
            | State::Collected
            | State::RolledBack { .. }
            | State::Failed { .. }
            | State::Cancelled { .. }
            | State::Superseded { .. }
            | State::Stuck { .. } => None,
        }
    }
}
