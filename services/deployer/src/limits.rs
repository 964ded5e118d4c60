//! How long each state of a release may last, from what the manifest says. Pure.

use crate::create::runs_before;
use manifest::{Canary, Job, Performance, Resolved, ResolvedService, Span, Strategy};
use release::Limits;
use std::time::Duration;

/// What a state may take beyond what its parts may: making containers, asking the router, writing rows.
const SLACK: Duration = Duration::from_mins(1);
/// How long a bake, or a held share of traffic, may wait for an engine that does not answer: a release that nobody could look at is not good.
pub(crate) const UNSEEN: Duration = Duration::from_mins(10);

/// A freeze lasts 60 days at the longest, and windows may be a month apart.
const WINDOW: Duration = Duration::from_hours(90 * 24);

/// From the end of the time of a job to its own: SIGTERM, grace, SIGKILL, and writing it down.
const STOPPING: Duration = Duration::from_mins(1);

/// The limits of a release of `resolved`.
pub(crate) fn limits(resolved: &Resolved) -> Limits {
    let services = || resolved.services.values();
    let longest =
        |of: fn(&ResolvedService) -> Duration| services().map(of).max().unwrap_or_default();
    let gate = longest(|service| service.health.gate.duration());
    let stopping = longest(|s| s.stop.drain.duration() + s.stop.grace.duration());
    let waiting = longest(|service| {
        service.depends_on.iter().map(|dependency| dependency.within.duration()).sum()
    });
    let warming = longest(|service| service.warmup.lasts.duration());
    let verifying: Duration = resolved.verify.iter().map(|asked| asked.within.duration()).sum();
    let raced = resolved.verify.iter().filter(|asked| asked.performance.is_some());
    let racing: Duration = raced.map(|_| Performance::LONGEST.duration()).sum();
    let jobs: Duration =
        resolved.jobs.values().filter(|job| runs_before(job.at)).map(longest_run).sum();
    let trying: Duration = resolved.verifying_jobs().map(|(_, job)| longest_run(job)).sum();
    let undoing: Duration =
        resolved.jobs.values().filter(|job| job.undo.is_some()).map(longest_run).sum();
    let usual = Limits::default();
    let ci = resolved.wait_for_ci.as_ref().map(|wait| wait.within.duration());
    let approval = resolved.approval.as_ref().map(|approval| approval.expires.duration());
    let hold = match &resolved.strategy {
        Strategy::Canary(canary) => held(canary.hold),
        Strategy::Shadow(shadow) => held(shadow.lasts),
        Strategy::BlueGreen | Strategy::Recreate => usual.hold,
    };
    // A release that stops the old one first also waits for that; what is not found is asked twice.
    Limits {
        ci: ci.unwrap_or(usual.ci),
        approval: approval.unwrap_or(usual.approval),
        window: WINDOW,
        warm: usual.warm + warming,
        verify: usual.verify + 2 * verifying + racing + trying,
        hold,
        // What is left of an earlier set-up is undone first, and what a job needs starts before it.
        jobs: jobs + undoing + waiting + gate + SLACK,
        start: waiting + stopping + gate + SLACK,
        bake: resolved.bake.lasts.duration() + again(resolved) + UNSEEN,
        settle: stopping + SLACK,
        undo: gate + 2 * stopping + undoing + SLACK,
        ..usual
    }
}

/// How long each step of `canary` may be held; nothing where `Limits::hold` is true of all.
pub(crate) fn holds(canary: &Canary) -> Vec<Duration> {
    if canary.has_own_holds() {
        canary.held().map(|(_, hold)| held(hold)).collect()
    } else {
        Vec::new()
    }
}

/// The limit of what is to be held for `span`.
fn held(span: Span) -> Duration {
    span.duration() + UNSEEN
}

/// How long the jobs may take that try the release once more while it bakes.
pub(crate) fn again(resolved: &Resolved) -> Duration {
    resolved.verifying_jobs().filter(|(_, job)| job.again).map(|(_, job)| longest_run(job)).sum()
}

/// A job ends by itself in its time, or is stopped.
fn longest_run(job: &Job) -> Duration {
    job.timeout.duration() + STOPPING
}
