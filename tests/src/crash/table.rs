//! The crash table: every step of a release, every place in it where it can be cut, every way to cut it.

use super::scene::Scene;
use service::fail_point::Fault;

/// A step, a release that goes through it, and what is said when it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// As `release::State::step` names it, or why a job runs, or `promoting`, `timetable`, `errand`.
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
    /// In the middle of it: the container of a job runs.
    Started,
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

/// Every reason for a job to run, and what makes it due.
pub const JOBS: [Step; 10] = [
    step("before_release", Scene::Migrates, RAN),
    step("first_release", Scene::SetUp, RAN),
    step("undo", Scene::Undone, RAN),
    step("verify", Scene::Tried, RAN),
    step("verify_again", Scene::TriedTwice, RAN),
    step("after_release", Scene::Greets, RAN),
    step("on_failure", Scene::Mourns, RAN),
    step("on_rollback", Scene::Cleans, RAN),
    step("manual", Scene::Asked, RAN),
    step("schedule", Scene::Overdue, RAN),
];

const RAN: &str = "run.finished.succeeded";

/// A time that has come becomes an errand. Nothing is said of it.
const TIMETABLE: Step = step("timetable", Scene::Overdue, RAN);
/// What is due is taken up, and over when its job has run.
const ERRAND: Step = step("errand", Scene::Greets, RAN);

/// Every place.
pub const POINTS: [Point; 5] =
    [Point::BeforeEffect, Point::EffectDone, Point::Recorded, Point::Published, Point::Handled];

/// Every place of a job.
const JOB_POINTS: [Point; 6] = [
    Point::BeforeEffect,
    Point::Started,
    Point::EffectDone,
    Point::Recorded,
    Point::Published,
    Point::Handled,
];

/// Every place of what becomes an errand, and of that.
const TIMETABLE_POINTS: [Point; 3] = [Point::BeforeEffect, Point::EffectDone, Point::Recorded];
const ERRAND_POINTS: [Point; 2] = [Point::BeforeEffect, Point::EffectDone];

/// Every way. Holding is for faults of the infrastructure.
pub const FAULTS: [Fault; 4] = [Fault::Kill, Fault::Error, Fault::TimedOut, Fault::Stop];

impl Point {
    /// As it is told.
    pub fn name(self) -> &'static str {
        match self {
            Self::BeforeEffect => "before_effect",
            Self::Started => "started",
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
            Point::BeforeEffect | Point::Started | Point::EffectDone | Point::Recorded => {
                format!("deployer.{name}.{}", self.point.name())
            }
            Point::Published | Point::Handled => {
                format!("{}.{said}.{}", self.owner(), self.point.name())
            }
        }
    }

    /// The service that suffers.
    pub fn owner(&self) -> &'static str {
        match (self.point, self.step.said) {
            (Point::Handled, RAN) => "gateway",
            (Point::Handled, _) => "monitor",
            _ => "deployer",
        }
    }

    /// As it is told.
    pub fn name(&self) -> String {
        format!("{} {} {}", self.step.name, self.point.name(), self.fault.name())
    }
}

/// Every row of a release.
pub fn cases() -> impl Iterator<Item = Case> {
    STEPS.into_iter().flat_map(|step| rows(step, &POINTS))
}

/// Every row of what is promoted.
pub fn promotions() -> impl Iterator<Item = Case> {
    rows(PROMOTING, &POINTS)
}

/// Every row of a job.
pub fn jobs() -> impl Iterator<Item = Case> {
    let runs = JOBS.into_iter().flat_map(|step| rows(step, &JOB_POINTS));
    runs.chain(rows(TIMETABLE, &TIMETABLE_POINTS)).chain(rows(ERRAND, &ERRAND_POINTS))
}

fn rows(step: Step, points: &'static [Point]) -> impl Iterator<Item = Case> {
    let cut = move |point: &Point| {
        let point = *point;
        FAULTS.into_iter().map(move |fault| Case { step, point, fault })
    };
    points.iter().flat_map(cut)
}

/// The rows that `make test` runs: each step killed where it hurts most, each place and each way at least once. Where
/// two releases go through a step of one name, the second is cut in another place or way.
pub fn sample() -> impl Iterator<Item = Case> {
    let often = |case: &Case| match (case.point, case.fault) {
        (Point::EffectDone, Fault::Kill) => !is_second(case.step),
        // The one that stood still comes back when everything is over, and must not act.
        (Point::BeforeEffect, Fault::Stop) => {
            matches!(case.step.name, "running_jobs" | "judging" | "restoring_traffic")
                && case.step.scene != Scene::Shadow
        }
        (Point::BeforeEffect, Fault::TimedOut) => {
            case.step.scene == Scene::NeverReady && case.step.name == "starting"
        }
        (Point::Published, Fault::Kill) => case.step.scene == Scene::AnswersBadly,
        (Point::Handled, Fault::Kill) => {
            case.step.scene == Scene::NeverReady && case.step.name == "removing_candidate"
        }
        (Point::Recorded, Fault::Error) => matches!(
            (case.step.name, case.step.scene),
            ("shifting", Scene::TurnsBad) | ("verifying", Scene::Tried)
        ),
        (Point::Recorded, Fault::Kill) => case.step.scene == Scene::Shadow,
        _ => false,
    };
    cases().filter(often)
}

/// Another release goes through a step of this name before.
fn is_second(step: Step) -> bool {
    STEPS.into_iter().find(|known| known.name == step.name) != Some(step)
}

/// The rows of jobs that `make test` runs: the deployer is killed in another place of some, and between a time and what
/// begins for it.
pub fn sample_of_jobs() -> impl Iterator<Item = Case> {
    let killed = [
        ("first_release", Point::EffectDone),
        ("undo", Point::Started),
        ("verify_again", Point::Started),
        ("on_failure", Point::BeforeEffect),
        ("timetable", Point::Recorded),
    ];
    let is_it = move |case: &Case| killed.contains(&(case.step.name, case.point));
    jobs().filter(move |case| case.fault == Fault::Kill && is_it(case))
}

#[cfg(test)]
mod tests {
    use super::*;
    use manifest::JobAt;
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

    /// A job at a time that is new does not compile until it is said here what runs then.
    fn kinds(at: JobAt) -> &'static [&'static str] {
        match at {
            JobAt::BeforeRelease => &["before_release"],
            JobAt::FirstRelease => &["first_release", "undo"],
            JobAt::Verify => &["verify", "verify_again"],
            JobAt::AfterRelease => &["after_release"],
            JobAt::OnFailure => &["on_failure"],
            JobAt::OnRollback => &["on_rollback"],
            JobAt::Manual => &["manual"],
            JobAt::Schedule => &["schedule"],
        }
    }

    #[test]
    fn every_job_has_crash_points() {
        let all = [
            JobAt::BeforeRelease,
            JobAt::FirstRelease,
            JobAt::Verify,
            JobAt::AfterRelease,
            JobAt::OnFailure,
            JobAt::OnRollback,
            JobAt::Manual,
            JobAt::Schedule,
        ];
        let kinds: Vec<&str> = all.into_iter().flat_map(kinds).copied().collect();
        assert_eq!(JOBS.map(|step| step.name).to_vec(), kinds);
        let others = TIMETABLE_POINTS.len() + ERRAND_POINTS.len();
        assert_eq!(jobs().count(), (JOBS.len() * JOB_POINTS.len() + others) * FAULTS.len());
    }

    #[test]
    fn the_sample_has_every_step_place_and_way() {
        let sample: Vec<Case> = sample().collect();
        assert!(STEPS.iter().all(|step| sample.iter().any(|case| case.step == *step)));
        assert!(POINTS.iter().all(|point| sample.iter().any(|case| case.point == *point)));
        assert!(FAULTS.iter().all(|fault| sample.iter().any(|case| case.fault == *fault)));
    }
}
