//! The crash table: every step of a release, every place in it where it can be cut, every way to cut it.

use service::fail_point::Fault;

/// What the release is like that is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    /// It becomes live.
    Good,
    /// It has half of the traffic first, and becomes live when it is shown to be no worse.
    Canary,
    /// It gets copies of all requests first, and becomes live when it is shown to be no worse.
    Shadow,
    /// A job runs before it starts, and it becomes live.
    Migrates,
    /// CI has to be green for it, is, and it becomes live.
    Checked,
    /// A job tries the candidate before it has users, and it becomes live.
    Tried,
    /// Somebody has to agree to it, does, and it becomes live.
    Approved,
    /// A freeze holds it until somebody puts that aside, and it becomes live.
    Frozen,
    /// It stops being ready while it bakes.
    TurnsBad,
    /// The same after a job that cannot be undone: somebody is asked, and takes it back.
    Asks,
    /// It never gets ready.
    NeverReady,
    /// It is ready, and does not answer as `verify` wants it.
    AnswersBadly,
}

/// A step, a release that goes through it, and what is said when it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// As `release::State::step` names it, or `promoting`.
    pub name: &'static str,
    /// The release.
    pub scene: Scene,
    /// The event that ends the step, with the state it tells of.
    pub said: &'static str,
}

/// Where a step is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Before its effect.
    BeforeEffect,
    /// The effect is done, nothing is recorded.
    EffectDone,
    /// It is recorded, and not said.
    Recorded,
    /// It is said, and not marked so.
    Published,
    /// It was heard, and not acknowledged.
    Handled,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// The step.
    pub step: Step,
    /// Where it is cut.
    pub point: Point,
    /// How.
    pub fault: Fault,
}

const fn step(name: &'static str, scene: Scene, said: &'static str) -> Step {
    Step { name, scene, said }
}

/// Every step that changes something.
pub const STEPS: [Step; 22] = [
    step("queued", Scene::Good, "release.started.preparing"),
    step("awaiting_ci", Scene::Checked, "release.progressed.queued"),
    step("awaiting_approval", Scene::Approved, "release.progressed.queued"),
    step("awaiting_window", Scene::Frozen, "release.progressed.queued"),
    step("preparing", Scene::Good, "release.progressed.starting"),
    step("running_jobs", Scene::Migrates, "release.progressed.starting"),
    step("starting", Scene::Good, "release.progressed.warming"),
    step("warming", Scene::Good, "release.progressed.verifying"),
    step("verifying", Scene::Good, "release.progressed.shifting"),
    step("verifying", Scene::Tried, "release.progressed.shifting"),
    step("shifting", Scene::Good, "release.progressed.baking"),
    step("judging", Scene::Canary, "release.progressed.shifting"),
    step("judging", Scene::Shadow, "release.progressed.shifting"),
    step("baking", Scene::Good, "release.progressed.settling"),
    step("settling", Scene::Good, "release.live.live"),
    step("starting", Scene::NeverReady, "release.progressed.rolling_back"),
    step("verifying", Scene::AnswersBadly, "release.progressed.rolling_back"),
    step("shifting", Scene::TurnsBad, "release.progressed.baking"),
    step("restoring_traffic", Scene::TurnsBad, "release.progressed.rolling_back"),
    step("removing_candidate", Scene::TurnsBad, "release.rolled_back.rolled_back"),
    step("removing_candidate", Scene::NeverReady, "release.failed.failed"),
    // The last, because nothing goes further back afterwards.
    step("asking", Scene::Asks, "release.progressed.rolling_back"),
];

/// No step of a release: one is made of what was live elsewhere for long enough.
pub const PROMOTING: Step = step("promoting", Scene::Good, "release.created.queued");

/// Every place.
pub const POINTS: [Point; 5] =
    [Point::BeforeEffect, Point::EffectDone, Point::Recorded, Point::Published, Point::Handled];

/// Every way. Holding is for faults of the infrastructure.
pub const FAULTS: [Fault; 4] = [Fault::Kill, Fault::Error, Fault::TimedOut, Fault::Stop];

impl Point {
    /// As it is told.
    pub fn name(self) -> &'static str {
        match self {
            Self::BeforeEffect => "before_effect",
            Self::EffectDone => "effect_done",
            Self::Recorded => "recorded",
            Self::Published => "published",
            Self::Handled => "handled",
        }
    }
}

impl Case {
    /// The fail point.
    pub fn point(&self) -> String {
        let Step { name, said, .. } = self.step;
        match self.point {
            Point::BeforeEffect | Point::EffectDone | Point::Recorded => {
                format!("deployer.{name}.{}", self.point.name())
            }
            Point::Published | Point::Handled => {
                format!("{}.{said}.{}", self.owner(), self.point.name())
            }
        }
    }

    /// The service that suffers.
    pub fn owner(&self) -> &'static str {
        if self.point == Point::Handled { "monitor" } else { "deployer" }
    }

    /// As it is told.
    pub fn name(&self) -> String {
        format!("{} {} {}", self.step.name, self.point.name(), self.fault.name())
    }
}

/// Every row.
pub fn cases() -> impl Iterator<Item = Case> {
    STEPS.into_iter().flat_map(rows)
}

/// Every row of what is promoted.
pub fn promotions() -> impl Iterator<Item = Case> {
    rows(PROMOTING)
}

fn rows(step: Step) -> impl Iterator<Item = Case> {
    POINTS
        .into_iter()
        .flat_map(move |point| FAULTS.into_iter().map(move |fault| Case { step, point, fault }))
}

/// The rows that `make test` runs: each step killed where it hurts most, each place and each way at least once.
pub fn sample() -> impl Iterator<Item = Case> {
    let often = |case: &Case| match (case.point, case.fault) {
        (Point::EffectDone, Fault::Kill) => true,
        // The one that stood still comes back when everything is over, and must not act.
        (Point::BeforeEffect, Fault::Stop) => {
            matches!(case.step.name, "running_jobs" | "judging" | "restoring_traffic")
                && case.step.scene != Scene::Shadow
        }
        (Point::BeforeEffect, Fault::TimedOut) => case.step.name == "starting",
        (Point::Published, Fault::Kill) => case.step.name == "preparing",
        (Point::Recorded, Fault::Error) | (Point::Handled, Fault::Kill) => {
            case.step.name == "settling"
        }
        _ => false,
    };
    cases().filter(often)
}

#[cfg(test)]
mod tests {
    use super::*;
    use release::{Cleared, Ending, Failure, Shift, State, Undo};

    /// One state for each thing that is done.
    fn states() -> Vec<State> {
        let failure = Failure::new("TEST", "a test".to_owned());
        let back =
            |undo| State::RollingBack { undo, ending: Ending::Failed { failure: failure.clone() } };
        vec![
            State::Queued { cleared: Cleared::default() },
            State::AwaitingCi { cleared: Cleared::default() },
            State::AwaitingApproval { cleared: Cleared::default() },
            State::AwaitingWindow { cleared: Cleared::default() },
            State::Preparing,
            State::RunningJobs,
            State::Starting,
            State::Warming,
            State::Verifying,
            State::Shifting { step: 0, phase: Shift::Applying },
            State::Shifting { step: 0, phase: Shift::Holding },
            State::Shifting { step: 0, phase: Shift::Deciding },
            State::Shifting { step: 0, phase: Shift::Asking { failure: failure.clone() } },
            State::Baking,
            State::Settling,
            back(Undo::Traffic),
            back(Undo::Candidate),
        ]
    }

    /// A state that is new in the machine does not compile until it is said here whether something is done in it.
    fn is_known(state: &State) -> bool {
        match state {
            State::Queued { .. }
            | State::AwaitingCi { .. }
            | State::AwaitingApproval { .. }
            | State::AwaitingWindow { .. }
            | State::Preparing
            | State::RunningJobs
            | State::Starting
            | State::Warming
            | State::Verifying
            | State::Shifting { .. }
            | State::Baking
            | State::Settling
            | State::RollingBack { .. } => STEPS.iter().any(|step| step.name == state.step()),
            // Nothing is done.
            State::Live
            | State::Retained
            | State::Collected
            | State::RolledBack { .. }
            | State::Failed { .. }
            | State::Cancelled { .. }
            | State::Superseded { .. }
            | State::Stuck { .. } => true,
        }
    }

    #[test]
    fn every_step_has_crash_points() {
        let unknown: Vec<_> = states().into_iter().filter(|state| !is_known(state)).collect();
        assert!(unknown.is_empty(), "give these a row in STEPS: {unknown:#?}");
        assert_eq!(cases().count(), STEPS.len() * POINTS.len() * FAULTS.len());
    }

    #[test]
    fn the_sample_has_every_step_place_and_way() {
        let sample: Vec<Case> = sample().collect();
        assert!(STEPS.iter().all(|step| sample.iter().any(|case| case.step == *step)));
        assert!(POINTS.iter().all(|point| sample.iter().any(|case| case.point == *point)));
        assert!(FAULTS.iter().all(|fault| sample.iter().any(|case| case.fault == *fault)));
    }
}
