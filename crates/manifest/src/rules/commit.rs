//! Rules for what a job commits.

use super::Rules;
use crate::commit::{Bound, Metrics};
use crate::job::{Job, JobAt};
use crate::value::RelativePath;
use serde_json::Number;

/// Where git keeps what is its own.
const GIT: &str = ".git";

pub(super) fn check(rules: &mut Rules<'_>, path: &str, job: &Job) {
    let Some(commit) = &job.commit else { return };
    if !matches!(job.at, JobAt::Manual | JobAt::Schedule) {
        let message = format!("a job `at: {}` belongs to a release and cannot commit", job.at);
        rules.broken(format!("{path}.commit"), message, "use `at: manual` or `at: schedule`");
    }
    if commit.paths.is_empty() {
        rules.broken(format!("{path}.commit.paths"), "there is no path", "name what to commit");
    }
    for (n, pattern) in commit.paths.iter().enumerate() {
        one_path(rules, &format!("{path}.commit.paths[{n}]"), (job, pattern));
    }
    if let Some(metrics) = &commit.metrics {
        measured(rules, &format!("{path}.commit.metrics"), metrics);
    }
}

fn one_path(rules: &mut Rules<'_>, path: &str, (job, pattern): (&Job, &RelativePath)) {
    let cleaned = pattern.cleaned();
    let service = rules.manifest.services.get(&job.service);
    let context = service.map(|service| service.source.context()).unwrap_or_default();
    if cleaned.is_empty() || pattern.as_str().ends_with('/') {
        let help = "name files, and `**` for all that is below a directory";
        rules.broken(path, format!("{pattern} is a directory"), help);
    } else if cleaned.split('/').any(|part| part.eq_ignore_ascii_case(GIT)) {
        rules.broken(path, format!("{pattern} is git's own"), "name files of the repository");
    } else if pattern.below(&context).is_none() {
        let message = format!("the image of {} has nothing of {pattern}", job.service);
        rules.broken(path, message, format!("name files below its build context {context}"));
    }
}

fn measured(rules: &mut Rules<'_>, path: &str, metrics: &Metrics) {
    if metrics.values.is_empty() {
        let help = "name a number and its bound, like `/auc: { min: 0.8 }`";
        rules.broken(format!("{path}.values"), "nothing must hold", help);
    }
    for (place, bound) in &metrics.values {
        if let Some((message, help)) = unclear(bound) {
            rules.broken(format!("{path}.values.{place}"), message, help);
        }
    }
}

fn unclear(bound: &Bound) -> Option<(&'static str, &'static str)> {
    let number = |number: &Option<Number>| number.as_ref().and_then(Number::as_f64);
    let (min, max) = (number(&bound.min), number(&bound.max));
    if min.is_none() && max.is_none() {
        return Some(("there is no bound", "give it `min` where more is better, else `max`"));
    }
    if min.zip(max).is_some_and(|(min, max)| min > max) {
        return Some(("min is above max", "exchange them"));
    }
    let tolerance = number(&bound.not_worse_than_live)?;
    if tolerance < 0.0 {
        return Some(("not_worse_than_live is below 0", "use 0 or more"));
    }
    let both = min.is_some() && max.is_some();
    both.then_some((
        "it is not clear what is worse",
        "leave out `max` if more is better, else `min`",
    ))
}
