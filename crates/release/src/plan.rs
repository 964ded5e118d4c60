//! What is known of a release before it begins: how it takes traffic, and how long each state may last.

use crate::State;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How a release takes traffic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Strategy {
    /// Beside the stable release, then everything at once.
    BlueGreen,
    /// The stable release stops first; users wait.
    Recreate,
    /// Share by share, each judged.
    Canary {
        /// Percent of traffic of each step; the last is 100.
        steps: Vec<u32>,
        /// How long each step may be held, where not all may for `Limits::hold`. Plans of before had no such list.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        holds: Vec<Duration>,
    },
    /// Copies of requests first, judged, then everything at once.
    Shadow,
}

/// How long each state may last at the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Waiting for the environment to be free.
    pub queue: Duration,
    /// Waiting for the forge's CI. Plans of before had no such gate.
    #[serde(default = "ci")]
    pub ci: Duration,
    /// Waiting for an approval.
    pub approval: Duration,
    /// Waiting for a window.
    pub window: Duration,
    /// Pulling images, making networks and volumes.
    pub prepare: Duration,
    /// Jobs before the release.
    pub jobs: Duration,
    /// From creating the candidate to its last ready instance.
    pub start: Duration,
    /// Warm-up requests.
    pub warm: Duration,
    /// Requests that must succeed.
    pub verify: Duration,
    /// One router update.
    pub shift: Duration,
    /// Holding one canary step until it is judged, if the strategy says nothing else of it.
    pub hold: Duration,
    /// Waiting for a person where nothing could be shown. Plans of before had no such step.
    #[serde(default = "decide")]
    pub decide: Duration,
    /// Watching the new release with all traffic.
    pub bake: Duration,
    /// Draining and stopping the old release.
    pub settle: Duration,
    /// Bringing everything back.
    pub undo: Duration,
}

/// Longer than most suites take.
fn ci() -> Duration {
    Duration::from_hours(1)
}

/// A night and a day.
fn decide() -> Duration {
    Duration::from_hours(24)
}

impl Default for Limits {
    /// The limits where a manifest says nothing; documented in `docs/manifest.md`.
    fn default() -> Self {
        let minutes = |n: u64| Duration::from_secs(60 * n);
        Self {
            queue: minutes(24 * 60),
            ci: ci(),
            approval: minutes(24 * 60),
            window: minutes(7 * 24 * 60),
            prepare: minutes(15),
            jobs: minutes(30),
            start: minutes(7),
            warm: minutes(5),
            verify: minutes(5),
            shift: minutes(1),
            hold: minutes(5),
            decide: decide(),
            bake: minutes(5),
            settle: minutes(5),
            undo: minutes(10),
        }
    }
}

/// What a release will do. Immutable.
#[expect(clippy::struct_excessive_bools, reason = "each gate is there or not, by itself")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// How it takes traffic.
    pub strategy: Strategy,
    /// How long each state may last.
    pub limits: Limits,
    /// The forge's CI must be green for its commit.
    #[serde(default)]
    pub ci: bool,
    /// People must approve.
    pub approval: bool,
    /// It may only begin inside a window.
    pub window: bool,
    /// There are jobs to run before it starts.
    pub jobs: bool,
    /// There are warm-up requests.
    pub warm: bool,
    /// There are requests that must succeed.
    pub verify: bool,
    /// It is watched after the switch; a rollback to a proven release is not.
    pub bake: bool,
    /// A stable release is there to shift from.
    pub has_stable: bool,
    /// One of its jobs cannot be undone: once users are on the release, a person decides whether it goes back.
    #[serde(default)]
    pub irreversible: bool,
}

impl Plan {
    /// The plan of a blue-green release with default limits, nothing optional, over a stable release.
    pub fn blue_green() -> Self {
        Self {
            strategy: Strategy::BlueGreen,
            limits: Limits::default(),
            ci: false,
            approval: false,
            window: false,
            jobs: false,
            warm: false,
            verify: false,
            bake: true,
            has_stable: true,
            irreversible: false,
        }
    }

    /// Percent of traffic of each step; a first release skips the steps, not the gates.
    pub fn weights(&self) -> &[u32] {
        match &self.strategy {
            Strategy::Canary { steps, .. } if self.has_stable && !steps.is_empty() => steps,
            Strategy::Shadow if self.has_stable => &[0, 100],
            Strategy::Canary { .. }
            | Strategy::Shadow
            | Strategy::BlueGreen
            | Strategy::Recreate => &[100],
        }
    }

    /// How long this step of traffic, counted from 0, may be held.
    pub fn hold(&self, step: usize) -> Duration {
        let own = match &self.strategy {
            Strategy::Canary { holds, .. } => holds.get(step).copied(),
            Strategy::BlueGreen | Strategy::Recreate | Strategy::Shadow => None,
        };
        own.unwrap_or(self.limits.hold)
    }

    /// The router knows the release and gives it copies of requests, whose answers reach nobody.
    pub fn is_shadowing(&self, state: &State) -> bool {
        matches!(state, State::Shifting { step, .. } if self.weights().get(*step) == Some(&0))
    }

    /// Users may have been answered by the release.
    pub fn has_users(&self, state: &State) -> bool {
        state.has_traffic() && !self.is_shadowing(state)
    }
}
