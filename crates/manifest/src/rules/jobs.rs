//! Rules for jobs, checks, verification and data drift.

use super::{DAY, HOUR, Rules};
use crate::drift::{Retrain, RetrainOn};
use crate::job::{Job, JobAt};
use crate::value::{Percent, Span};
use std::collections::BTreeSet;

/// Of requests whose times are compared: fewer show nothing, and more are a load.
const LEAST_COMPARED: u32 = 150;
const MOST_COMPARED: u32 = 5000;

pub(super) fn check(rules: &mut Rules<'_>) {
    let manifest = rules.manifest;
    for (name, job) in &manifest.jobs {
        one(rules, &format!("jobs.{name}"), job);
    }
    checks(rules);
    for (n, request) in manifest.verify.iter().enumerate() {
        let path = format!("verify[{n}]");
        rules.serving(&format!("{path}.service"), &request.service);
        rules.lasts(&format!("{path}.within"), request.within, Span::millis(1), HOUR);
        rules.between(&format!("{path}.status"), u32::from(request.status), 100, 599);
        if let Some(performance) = &request.performance {
            let path = format!("{path}.performance.count");
            rules.between(&path, performance.count, LEAST_COMPARED, MOST_COMPARED);
        }
        for (place, expectation) in &request.expect {
            let bounds = (&expectation.min, &expectation.max);
            let (Some(min), Some(max)) = bounds else { continue };
            if min.as_f64() > max.as_f64() {
                let message = format!("min {min} is above max {max}");
                rules.broken(format!("{path}.expect.{place}"), message, "exchange them");
            }
        }
    }
    drift(rules);
}

fn one(rules: &mut Rules<'_>, path: &str, job: &Job) {
    rules.service(&format!("{path}.service"), &job.service);
    rules.command(&format!("{path}.command"), &job.command);
    rules.lasts(&format!("{path}.timeout"), job.timeout, Span::seconds(1), DAY);
    if let Some(undo) = &job.undo {
        rules.command(&format!("{path}.undo"), undo);
        if job.at != JobAt::FirstRelease {
            let message = format!("a job `at: {}` has nothing to undo", job.at);
            rules.broken(
                format!("{path}.undo"),
                message,
                "leave it out, or use `at: first_release`",
            );
        }
    }
    if job.irreversible && job.at != JobAt::BeforeRelease {
        let message = format!("no release is taken back past a job `at: {}`", job.at);
        let help = "leave it out, or use `at: before_release`";
        rules.broken(format!("{path}.irreversible"), message, help);
    }
    if job.again && job.at != JobAt::Verify {
        let message = format!("a job `at: {}` verifies nothing", job.at);
        rules.broken(format!("{path}.again"), message, "leave it out, or use `at: verify`");
    }
    if job.schedule.is_some() != (job.at == JobAt::Schedule) {
        let help = "write `at: schedule` and `schedule: \"...\"` together";
        rules.broken(path, "`at` and `schedule` do not agree", help);
    }
    let of_a_schedule = [
        (job.timezone.is_some(), "timezone"),
        (job.overlap.is_some(), "overlap"),
        (job.missed.is_some(), "missed"),
    ];
    for (_, key) in
        of_a_schedule.into_iter().filter(|(is_given, _)| *is_given && job.schedule.is_none())
    {
        rules.broken(format!("{path}.{key}"), "the job has no schedule", "leave it out");
    }
    if let Some(timezone) = job.timezone.as_ref().filter(|timezone| timezone.zone().is_none()) {
        let message = format!("there is no time zone {timezone}");
        let help = "use a name of the tz database, like Europe/Berlin";
        rules.broken(format!("{path}.timezone"), message, help);
    }
    super::commit::check(rules, path, job);
}

fn checks(rules: &mut Rules<'_>) {
    let mut names = BTreeSet::new();
    for (n, check) in rules.manifest.checks.iter().enumerate() {
        let path = format!("checks[{n}]");
        rules.lasts(&format!("{path}.timeout"), check.timeout, Span::seconds(1), HOUR.times(6));
        if !names.insert(&check.name) {
            let message = format!("check {} stands twice", check.name);
            rules.broken(format!("{path}.name"), message, "give the second another name");
        }
        let named = check.service.as_ref();
        let exists = named.is_none_or(|name| rules.service(&format!("{path}.service"), name));
        if exists && rules.manifest.service_of(check).is_none() {
            let help = "name one service with `build` as its `service`";
            rules.broken(&path, "it is not clear whose Dockerfile has the stage", help);
        }
    }
}

fn drift(rules: &mut Rules<'_>) {
    let Some(data) = &rules.manifest.drift.data else { return };
    let path = "drift.data.capture";
    rules.serving(&format!("{path}.service"), &data.capture.service);
    if data.capture.features.is_empty() {
        let help = "name where each feature stands, like `amount: /amount`";
        rules.broken(format!("{path}.features"), "there is no feature", help);
    }
    share(rules, &format!("{path}.share"), data.capture.share);
    if let Some(window) = data.window {
        rules.lasts("drift.data.window", window, HOUR, DAY.times(62));
    }
    if data.truth.is_some() && data.capture.prediction.is_none() {
        let help =
            "say in `drift.data.capture` where the prediction stands, like `prediction: /score`";
        rules.broken("drift.data.truth", "there is no prediction to be true", help);
    }
    if let Some(retrain) = &data.retrain {
        check_retrain(rules, retrain);
        if retrain.on.contains(&RetrainOn::Quality) && data.truth.is_none() {
            let help = "say in `drift.data.truth` how it is told, or leave out `quality`";
            rules.broken("drift.data.retrain.on", "nobody tells what was true", help);
        }
    }
}

fn check_retrain(rules: &mut Rules<'_>, retrain: &Retrain) {
    let path = "drift.data.retrain";
    let jobs = &rules.manifest.jobs;
    match &retrain.job {
        Some(job) if jobs.get(job).is_none_or(|job| job.at != JobAt::Manual) => {
            let message = format!("there is no job {job} with `at: manual`");
            rules.broken(path, message, "name a job that can be run by hand");
        }
        None if jobs.values().filter(|job| job.commit.is_some()).count() != 1 => {
            let message = "it is not clear which job makes the model";
            rules.broken(path, message, "name one with `job`");
        }
        Some(_) | None => {}
    }
    if retrain.on.is_empty() {
        let help = "name what it answers, like [data, quality]";
        rules.broken(format!("{path}.on"), "nothing is answered", help);
    }
    rules.between(&format!("{path}.budget.count"), retrain.budget.count, 1, 100);
    rules.lasts(&format!("{path}.budget.within"), retrain.budget.within, HOUR, DAY.times(30));
}

/// A share of requests is above 0 and at most all of them.
pub(super) fn share(rules: &mut Rules<'_>, path: &str, share: Percent) {
    if share.basis_points() == 0 || share > Percent::HUNDRED {
        let message = format!("{share} is no share of the requests");
        rules.broken(path, message, "use more than 0% and at most 100%");
    }
}
