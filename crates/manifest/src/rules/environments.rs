//! Rules for environments and notifications.

use super::jobs::share;
use super::services::overridden;
use super::{DAY, HOUR, Rules, insiders, minutes, readings, synthetic};
use crate::environment::{Approval, Environment, Required, WaitForCi};
use crate::nearest::suggestion;
use crate::notify::{Notice, Notify, Receiver};
use crate::routes::{RouteError, routes};
use crate::shadow::{Shadow, ShadowLimits};
use crate::strategy::{Canary, Strategy};
use crate::value::{Bytes, HostName, Percent, Span};
use events::EnvironmentName;
use std::collections::{BTreeMap, BTreeSet};

/// So many times `at_once` of it may lie in the memory of the router.
const LARGEST_COPY: Bytes = Bytes::new(4 << 20);

pub(super) fn check(rules: &mut Rules<'_>) {
    let manifest = rules.manifest;
    if manifest.environments.is_empty() {
        let help = "write `environments: { production: { track: { branch: main } } }`";
        rules.broken("environments", "there is no environment", help);
    }
    for (name, environment) in &manifest.environments {
        let path = format!("environments.{name}");
        arriving(rules, &path, name, environment);
        strategy(rules, &path, environment);
        waiting(rules, &path, name, environment);
        compared(rules, &path, environment);
        routed(rules, &path, environment);
        for (service, over) in &environment.services {
            let path = format!("{path}.services.{service}");
            if rules.service(&path, service) {
                overridden(rules, &path, service, over);
            }
        }
    }
    hosts(rules);
    notify(rules);
}

/// Whether `to` is reached from `from` in one step or more.
pub(super) fn reaches<T: Ord + Clone>(from: &T, to: &T, next: &impl Fn(&T) -> Vec<T>) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = next(from);
    while let Some(here) = open.pop() {
        if here == *to {
            return true;
        }
        if seen.insert(here.clone()) {
            open.extend(next(&here));
        }
    }
    false
}

/// How releases come to an environment.
fn arriving(rules: &mut Rules<'_>, path: &str, name: &EnvironmentName, environment: &Environment) {
    if environment.track.is_none() && environment.promote_from.is_none() {
        let help = "add `track: { branch: ... }` or `promote_from: ...`";
        rules.broken(path, "no release can come here", help);
    }
    if environment.track.as_ref().is_some_and(|t| t.branch.0.is_empty() && t.tag.0.is_empty()) {
        let help = "name a `branch`, a `tag` or both";
        rules.broken(format!("{path}.track"), "nothing is tracked", help);
    }
    let Some(from) = &environment.promote_from else { return };
    let path = format!("{path}.promote_from");
    rules.lasts(&format!("{path}.soak"), from.soak, Span::ZERO, DAY.times(30));
    exists(rules, &format!("{path}.environment"), &from.environment);
    let source = |name: &EnvironmentName| -> Vec<EnvironmentName> {
        let environment = rules.manifest.environments.get(name);
        let from = environment.and_then(|environment| environment.promote_from.as_ref());
        from.into_iter().map(|from| from.environment.clone()).collect()
    };
    if reaches(name, name, &source) {
        let message = format!("{name} is promoted from itself");
        rules.broken(format!("{path}.environment"), message, "break the circle");
    }
}

fn exists(rules: &mut Rules<'_>, path: &str, name: &EnvironmentName) {
    let known: Vec<_> = rules.manifest.environments.keys().map(EnvironmentName::as_str).collect();
    if !known.contains(&name.as_str()) {
        let help = suggestion(name.as_str(), &known);
        rules.broken(path, format!("there is no environment {name}"), help);
    }
}

fn strategy(rules: &mut Rules<'_>, path: &str, environment: &Environment) {
    let bake = &environment.bake;
    let week = DAY.times(7);
    rules.lasts(&format!("{path}.bake.for"), bake.lasts, Span::ZERO, week);
    rules.between(&format!("{path}.bake.restarts"), bake.restarts, 1, 1000);
    let path = format!("{path}.strategy");
    match &environment.strategy {
        Strategy::BlueGreen | Strategy::Recreate => {}
        Strategy::Canary(canary) => stepwise(rules, &format!("{path}.canary"), canary),
        Strategy::Shadow(shadow) => copies(rules, &format!("{path}.shadow"), shadow),
    }
}

fn stepwise(rules: &mut Rules<'_>, path: &str, canary: &Canary) {
    let weights: Vec<Percent> = canary.steps.iter().map(|step| step.weight).collect();
    let growing = weights.is_sorted_by(|a, b| a < b);
    let from_zero = weights.first().is_some_and(|weight| weight.basis_points() > 0);
    if !growing || !from_zero || weights.last() != Some(&Percent::HUNDRED) {
        let message = "the steps do not lead from above 0 to 100";
        rules.broken(format!("{path}.steps"), message, "write them like [10, 50, 100]");
    }
    if weights.iter().any(|weight| weight.basis_points() % 100 != 0) {
        let message = "a share of the traffic is a whole percentage";
        rules.broken(format!("{path}.steps"), message, "write them like [10, 50, 100]");
    }
    rules.lasts(&format!("{path}.hold"), canary.hold, Span::seconds(1), DAY);
    for (n, step) in canary.steps.iter().enumerate() {
        let Some(hold) = step.hold else { continue };
        let path = format!("{path}.steps[{n}].hold");
        if n + 1 == canary.steps.len() {
            let message = "the last step is all traffic, and is not held";
            rules.broken(
                path,
                message,
                "leave it out: `bake` says how long all traffic is watched",
            );
        } else {
            rules.lasts(&path, hold, Span::seconds(1), DAY);
        }
    }
    // What is fine is shown anew in each step.
    let shortest = canary.held().map(|(_, hold)| hold).min().unwrap_or(canary.hold);
    if let Some(pass_after) = canary.pass_after {
        rules.lasts(&format!("{path}.pass_after"), pass_after, Span::seconds(1), shortest);
    }
    readings::check(rules, &format!("{path}.analysis"), &canary.analysis, shortest);
    insiders::check(rules, &format!("{path}.insiders"), &canary.insiders);
    if let Some(own) = &canary.synthetic {
        synthetic::check(rules, &format!("{path}.synthetic"), own);
    }
}

fn copies(rules: &mut Rules<'_>, path: &str, shadow: &Shadow) {
    rules.lasts(&format!("{path}.for"), shadow.lasts, Span::seconds(1), DAY);
    share(rules, &format!("{path}.share"), shadow.share);
    share(rules, &format!("{path}.differences"), shadow.differences);
    if shadow.methods.is_empty() {
        let help = "name methods, like [GET, HEAD]";
        rules.broken(format!("{path}.methods"), "nothing is copied", help);
    }
    readings::check(rules, &format!("{path}.analysis"), &shadow.analysis, shadow.lasts);
    if let Some(own) = &shadow.synthetic {
        let path = format!("{path}.synthetic");
        synthetic::check(rules, &path, own);
        synthetic::copied(rules, &path, (own, shadow.methods.as_slice()));
    }
    let ShadowLimits { body, timeout, at_once } = &shadow.limits;
    let path = format!("{path}.limits");
    rules.lasts(&format!("{path}.timeout"), *timeout, Span::millis(100), minutes(1));
    rules.between(&format!("{path}.at_once"), *at_once, 1, 256);
    if *body > LARGEST_COPY {
        let help = format!("use at most {LARGEST_COPY}");
        rules.broken(format!("{path}.body"), format!("{body} is out of range"), help);
    }
}

/// What a release waits for.
fn waiting(rules: &mut Rules<'_>, path: &str, name: &EnvironmentName, environment: &Environment) {
    if let Some(wait) = &environment.wait_for_ci {
        awaited(rules, &format!("{path}.wait_for_ci"), wait);
    }
    if let Some(approval) = &environment.approval {
        agreeing(rules, &format!("{path}.approval"), name, approval);
    }
    for (n, freeze) in environment.freeze.iter().enumerate() {
        rules.lasts(&format!("{path}.freeze[{n}].for"), freeze.lasts, minutes(1), DAY.times(60));
        if freeze.timezone.zone().is_none() {
            let message = format!("there is no time zone {}", freeze.timezone);
            let help = "use a name of the tz database, like Europe/Berlin";
            rules.broken(format!("{path}.freeze[{n}].timezone"), message, help);
        }
    }
    rules.between(&format!("{path}.keep"), environment.keep, 1, 100);
    let timeout = environment.limits.timeout;
    rules.lasts(&format!("{path}.limits.timeout"), timeout, Span::millis(100), HOUR);
}

/// Who must agree to a release of the environment `name`.
fn agreeing(rules: &mut Rules<'_>, path: &str, name: &EnvironmentName, approval: &Approval) {
    rules.between(&format!("{path}.count"), approval.count, 1, 10);
    rules.lasts(&format!("{path}.expires"), approval.expires, minutes(1), DAY.times(30));
    let Some(from) = &approval.from else { return };
    if usize::try_from(approval.count).is_ok_and(|count| count > from.len()) {
        let message = format!("{} must agree, and {} may", approval.count, from.len());
        rules.broken(format!("{path}.from"), message, "name more of them, or lower `count`");
    }
    for (n, voter) in from.iter().enumerate() {
        let path = format!("{path}.from[{n}]");
        if from[..n].iter().any(|other| other.is(voter.as_str())) {
            let message = format!("{voter} is named twice");
            rules.broken(&path, message, "nobody agrees twice: leave one of them out");
        }
        let decides = |notify: &Notify| {
            let told = notify.environments.is_empty() || notify.environments.contains(name);
            notify.votes && told && voter.is(&notify.to.to_string())
        };
        if voter.as_str().contains(':') && !rules.manifest.notify.iter().any(decides) {
            let message = format!("no receiver {voter} is told with a link to decide with");
            let help = "give it `votes: true` under `notify`, or write the name of a token";
            rules.broken(path, message, help);
        }
    }
}

/// When data are compared is only of interest where they are.
fn compared(rules: &mut Rules<'_>, path: &str, environment: &Environment) {
    let wants = environment.drift.as_ref().is_some_and(|drift| drift.data.is_some());
    if wants && rules.manifest.drift.data.is_none() {
        let help = "say with what in `drift.data`, or leave it out";
        rules.broken(format!("{path}.drift.data"), "no data are compared", help);
    }
}

fn awaited(rules: &mut Rules<'_>, path: &str, wait: &WaitForCi) {
    rules.lasts(&format!("{path}.within"), wait.within, minutes(1), DAY);
    if let Required::Named(names) = &wait.required
        && (names.is_empty() || names.iter().any(|name| name.as_str().trim().is_empty()))
    {
        let help = "name statuses and check runs as the forge shows them, or write `true`";
        rules.broken(format!("{path}.required"), "nothing is named", help);
    }
}

fn routed(rules: &mut Rules<'_>, path: &str, environment: &Environment) {
    let Err(error) = routes(&rules.manifest.services, &environment.paths) else { return };
    let help = "give each a `path_prefix` of its own, or the environment `paths`";
    match &error {
        RouteError::NoSuchService { path_prefix, service } => {
            rules.serving(&format!("{path}.paths.{path_prefix}"), service);
        }
        RouteError::Twice { first: _, second, .. } | RouteError::NoFront { first: _, second } => {
            let path = format!("services.{second}.http");
            let message = error.to_string();
            // Every environment without `paths` has the same fault; it is told once.
            if rules.broken.iter().all(|other| other.path != path || other.message != message) {
                rules.broken(path, message, help);
            }
        }
    }
}

/// A host leads to one environment.
fn hosts(rules: &mut Rules<'_>) {
    let mut taken: BTreeMap<&HostName, &EnvironmentName> = BTreeMap::new();
    for (name, environment) in &rules.manifest.environments {
        for (n, host) in environment.host.0.iter().enumerate() {
            let Some(other) = taken.insert(host, name) else { continue };
            let message = format!("host {host} belongs to {other} already");
            let index =
                if environment.host.0.len() == 1 { String::new() } else { format!("[{n}]") };
            let path = format!("environments.{name}.host{index}");
            rules.broken(path, message, "give each environment a host of its own");
        }
    }
}

fn notify(rules: &mut Rules<'_>) {
    for (n, notify) in rules.manifest.notify.iter().enumerate() {
        if notify.on.is_empty() {
            let help = "name what to tell, like [failed, rolled_back]";
            rules.broken(format!("notify[{n}].on"), "nothing is told", help);
        }
        if notify.signed_with.is_some() && !matches!(notify.to, Receiver::Webhook(_)) {
            let path = format!("notify[{n}].signed_with");
            rules.broken(path, "only a webhook is signed", "remove it, or notify a webhook");
        }
        if notify.votes && !notify.on.contains(&Notice::Approval) {
            let path = format!("notify[{n}].votes");
            rules.broken(path, "nothing to decide is told", "add `approval` to `on`");
        }
        for (m, name) in notify.environments.iter().enumerate() {
            exists(rules, &format!("notify[{n}].environments[{m}]"), name);
        }
    }
}
