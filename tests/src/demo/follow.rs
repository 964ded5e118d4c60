//! Follows a push through its build and its release; each step is told as soon as it has ended.

use super::engineer::ENVIRONMENT;
use super::team::Push;
use super::{Engineer, tell};
use anyhow::{Result, bail, ensure};
use chrono::{DateTime, Utc};
use prost_types::Timestamp;
use proto::v1::release::State;
use proto::v1::{Build, BuildStep, Release, ReleaseStep, build};
use std::time::{Duration, Instant};

/// How often one looks.
const LOOK: Duration = Duration::from_millis(50);
/// A build and a release each end within this, on a slow machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(150);

/// A step that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// What was done.
    pub(super) name: String,
    /// From when.
    pub(super) start: DateTime<Utc>,
    /// Until when.
    pub(super) end: DateTime<Utc>,
    /// What people want to know of it.
    pub(super) detail: String,
}

impl Step {
    fn ended(name: &str, times: [Option<&Timestamp>; 2], detail: &str) -> Option<Self> {
        let at = |time: Option<&Timestamp>| time.and_then(proto::time::from_timestamp);
        let (start, end) = (at(times[0])?, at(times[1])?);
        let (name, detail) = (name.replace('_', " "), detail.to_owned());
        Some(Self { name, start, end, detail })
    }

    fn of_build(step: &BuildStep) -> Option<Self> {
        let times = [step.start_time.as_ref(), step.end_time.as_ref()];
        Self::ended(&step.step, times, &step.detail)
    }

    fn of_release(step: &ReleaseStep) -> Option<Self> {
        let times = [step.start_time.as_ref(), step.end_time.as_ref()];
        Self::ended(&step.step, times, &step.detail)
    }
}

/// The steps of a release that have ended.
pub(super) fn steps(release: &Release) -> Vec<Step> {
    release.steps.iter().map_while(Step::of_release).collect()
}

/// When the first step `name` of a release ended.
pub(super) fn end_of(release: &Release, name: &str) -> Option<DateTime<Utc>> {
    steps(release).into_iter().find(|step| step.name == name).map(|step| step.end)
}

/// The build of a push, succeeded.
pub(super) async fn build(engineer: &Engineer, push: &Push) -> Result<Build> {
    let (begun, mut told) = (Instant::now(), 0);
    loop {
        if let Some(build) = engineer.build(&push.commit).await? {
            let steps: Vec<_> = build.steps.iter().map_while(Step::of_build).collect();
            tell::steps(&steps[told.min(steps.len())..], push.at);
            told = steps.len();
            match build.state() {
                build::State::Succeeded => {
                    tell::images(&build);
                    return Ok(build);
                }
                build::State::Queued | build::State::Running | build::State::Blocked => {}
                build::State::Unspecified
                | build::State::Failed
                | build::State::Cancelled
                | build::State::Skipped => {
                    tell::why(build.failure.as_ref());
                    bail!("the build of {:?} ended as {:?}", push.message, build.state());
                }
            }
        }
        let late = "the build did not end in time; see the log of the builder";
        ensure!(begun.elapsed() < PATIENCE, late);
        tokio::time::sleep(LOOK).await;
    }
}

/// The release of a push, in the state `wanted`, which is an end.
pub(super) async fn release(engineer: &Engineer, push: &Push, wanted: State) -> Result<Release> {
    release_in(engineer, ENVIRONMENT, push, wanted).await
}

/// The release of a push in an environment, in the state `wanted`, which is an end.
pub(super) async fn release_in(
    engineer: &Engineer,
    environment: &str,
    push: &Push,
    wanted: State,
) -> Result<Release> {
    let (begun, mut told) = (Instant::now(), 0);
    loop {
        let releases = engineer.releases_in(environment).await?;
        if let Some(release) = releases.into_iter().find(|it| it.commit == push.commit) {
            let steps = steps(&release);
            tell::steps(&steps[told.min(steps.len())..], push.at);
            told = steps.len();
            if has_ended(release.state()) {
                let release = engineer.release(&release.name).await?;
                return expected(release, wanted);
            }
        }
        let late = "the release did not end in time; see the log of the deployer";
        ensure!(begun.elapsed() < PATIENCE, late);
        tokio::time::sleep(LOOK).await;
    }
}

/// The release of a push, once a person has to decide whether it gets more traffic.
pub(super) async fn undecided(engineer: &Engineer, push: &Push) -> Result<Release> {
    come_to(engineer, push, asks).await
}

/// The release of a push, once it is live or a person has to decide.
pub(super) async fn judged(engineer: &Engineer, push: &Push) -> Result<Release> {
    come_to(engineer, push, |release| release.state() == State::Live || asks(release)).await
}

/// The release of a push, once people have to agree to it.
pub(super) async fn awaited(engineer: &Engineer, push: &Push) -> Result<Release> {
    come_to(engineer, push, |release| release.state() == State::AwaitingApproval).await
}

/// Whether a person has to decide about its share of traffic.
fn asks(release: &Release) -> bool {
    release.canary.as_ref().is_some_and(|it| it.waits)
}

async fn come_to(
    engineer: &Engineer,
    push: &Push,
    is_there: impl Fn(&Release) -> bool,
) -> Result<Release> {
    let begun = Instant::now();
    loop {
        let releases = engineer.releases().await?;
        if let Some(release) = releases.into_iter().find(|it| it.commit == push.commit) {
            let release = engineer.release(&release.name).await?;
            if is_there(&release) {
                return Ok(release);
            }
            ensure!(!has_ended(release.state()), "release {} has ended", release.number);
        }
        ensure!(begun.elapsed() < PATIENCE, "the release did not come so far in time");
        tokio::time::sleep(LOOK).await;
    }
}

/// The state of the release of a push, once it is between its beginning and its end.
pub(super) async fn moving(engineer: &Engineer, push: &Push) -> Result<String> {
    let begun = Instant::now();
    loop {
        let releases = engineer.releases().await?;
        if let Some(release) = releases.into_iter().find(|it| it.commit == push.commit) {
            ensure!(!has_ended(release.state()), "release {} ended at once", release.number);
            if matches!(release.state(), State::Starting | State::Shifting | State::Baking) {
                return Ok(tell::state(&release));
            }
        }
        ensure!(begun.elapsed() < PATIENCE, "the release did not begin in time");
        tokio::time::sleep(LOOK).await;
    }
}

fn expected(release: Release, wanted: State) -> Result<Release> {
    let state = release.state();
    if state != wanted {
        tell::why(release.failure.as_ref());
    }
    ensure!(state == wanted, "release {} ended as {state:?} and not as {wanted:?}", release.number);
    Ok(release)
}

fn has_ended(state: State) -> bool {
    matches!(
        state,
        State::Live
            | State::Failed
            | State::RolledBack
            | State::Cancelled
            | State::Superseded
            | State::Stuck
    )
}
