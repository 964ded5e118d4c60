//! What a state wants done. Effects are idempotent: after a crash the effect of the state is done again.

use crate::{Plan, Shift, State, Strategy, Undo};

/// Something to do in the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Pull images by digest, make networks and volumes, check disk and memory.
    Prepare,
    /// Run the jobs before the release.
    RunJobs,
    /// Start the candidate and wait until it is ready.
    StartCandidate {
        /// The stable release has to stop before.
        stop_stable: bool,
    },
    /// Send warm-up requests to the candidate.
    WarmUp,
    /// Send the requests that must succeed.
    Verify,
    /// Give the candidate this share of traffic, and the stable release the rest.
    Shift {
        /// Percent.
        weight: u32,
    },
    /// Hold the share and judge.
    Judge {
        /// Which step, from 0.
        step: usize,
    },
    /// Watch probes, restarts and errors until the bake ends.
    Watch,
    /// Drain and stop what the release replaced.
    Settle,
    /// Make sure the stable release has capacity, and give it all traffic.
    RestoreTraffic,
    /// Drain and remove the candidate.
    RemoveCandidate,
}

impl Plan {
    /// What `state` wants done; nothing where it waits for somebody or is at its end.
    pub fn effect(&self, state: &State) -> Option<Effect> {
        match state {
            State::Preparing => Some(Effect::Prepare),
            State::RunningJobs => Some(Effect::RunJobs),
            State::Starting => {
                let stop_stable = self.strategy == Strategy::Recreate && self.has_stable;
                Some(Effect::StartCandidate { stop_stable })
            }
            State::Warming => Some(Effect::WarmUp),
            State::Verifying => Some(Effect::Verify),
            State::Shifting { step, phase: Shift::Applying } => {
                let weight = self.weights().get(*step).copied().unwrap_or(100);
                Some(Effect::Shift { weight })
            }
            State::Shifting { step, phase: Shift::Holding | Shift::Deciding } => {
                Some(Effect::Judge { step: *step })
            }
            State::Baking => Some(Effect::Watch),
            State::Settling => Some(Effect::Settle),
            State::RollingBack { undo: Undo::Traffic, .. } => Some(Effect::RestoreTraffic),
            State::RollingBack { undo: Undo::Candidate, .. } => Some(Effect::RemoveCandidate),
            State::Queued { .. }
            | State::AwaitingCi { .. }
            | State::AwaitingApproval { .. }
            | State::AwaitingWindow { .. }
            | State::Shifting { phase: Shift::Asking { .. }, .. }
            | State::Live
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
