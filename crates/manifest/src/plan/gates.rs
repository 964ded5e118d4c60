//! What a release has to pass, and the longest each can take.

use super::GatePlan;
use crate::environment::Window;
use crate::job::JobAt;
use crate::request::Performance;
use crate::resolved::{Resolved, ResolvedService};
use crate::strategy::Strategy;
use crate::value::Span;
use events::{JobName, ServiceName};

pub(super) fn gates(resolved: &Resolved, running: Option<&Resolved>) -> Vec<GatePlan> {
    let first = running.is_none();
    let mut gates = Vec::new();
    let mut add = |name: &str, longest: Span, why: String| {
        if longest > Span::ZERO {
            gates.push(GatePlan { name: name.to_owned(), longest, why });
        }
    };
    let outside: Vec<Span> = resolved.outside_dependencies().map(|d| d.within).collect();
    let within = outside.iter().fold(Span::ZERO, |sum, within| sum.plus(*within));
    let why = match outside.len() {
        1 => "it must answer".to_owned(),
        count => format!("{count} must answer, one after the other"),
    };
    add("dependencies", within, why);
    let is_new = |name: &JobName| running.is_none_or(|running| !running.jobs.contains_key(name));
    let runs = |name: &JobName, at: JobAt| {
        at == JobAt::BeforeRelease || (at == JobAt::FirstRelease && is_new(name))
    };
    for (name, job) in resolved.jobs.iter().filter(|(name, job)| runs(name, job.at)) {
        add(&format!("job {name}"), job.timeout, "its timeout".to_owned());
    }
    for (name, service) in resolved.services.iter().filter(|(_, it)| it.replicas > 0) {
        add(&format!("start {name}"), service.health.gate, decided(service));
    }
    let (warm, warming) = longest(resolved, |service| service.warmup.lasts);
    add("warm-up", warm, format!("{warming} takes longest"));
    let verify = resolved.verify.iter().fold(Span::ZERO, |sum, request| sum.plus(request.within));
    add("verify", verify, format!("{} requests", resolved.verify.len()));
    let compared = resolved.verify.iter().filter(|request| request.performance.is_some()).count();
    let comparing = Performance::LONGEST.times(u32::try_from(compared).unwrap_or(u32::MAX));
    if !first {
        add("performance", comparing, "asked in turn with the old release".to_owned());
    }
    for (name, job) in resolved.verifying_jobs() {
        add(&format!("verify by {name}"), job.timeout, "its timeout".to_owned());
    }
    if !first {
        let (shift, why) = shifting(&resolved.strategy);
        add("shift", shift, why);
    }
    let why = if first { "nothing is there to go back to" } else { "the old release stays ready" };
    add("bake", resolved.bake.lasts, why.to_owned());
    if !first {
        let (stop, slowest) =
            longest(resolved, |service| service.stop.drain.plus(service.stop.grace));
        add("settle", stop, format!("{slowest} may take longest to drain and stop"));
    }
    gates
}

/// The people and clocks a release waits for.
pub(super) fn waits(resolved: &Resolved) -> Vec<GatePlan> {
    let soak = resolved.promote_from.as_ref().map(|from| {
        let why = format!("it takes {from}; what is pushed here waits for that too");
        GatePlan { name: "soak".to_owned(), longest: from.soak, why }
    });
    let ci = resolved.wait_for_ci.as_ref().map(|wait| {
        let why = format!("unless a person asks for it: {} must be green", wait.required);
        GatePlan { name: "ci".to_owned(), longest: wait.within, why }
    });
    let approval = resolved.approval.as_ref().map(|approval| {
        let why = format!("{approval} must agree, or it has failed");
        GatePlan { name: "approval".to_owned(), longest: approval.expires, why }
    });
    let freezes = resolved.freeze.iter().map(|freeze| {
        let why = match freeze.window {
            Window::Deny(_) => "inside the window it waits for its end",
            Window::Allow(_) => "outside of the window it waits for its begin",
        };
        let why = format!("{why} ({})", freeze.timezone);
        GatePlan { name: "freeze".to_owned(), longest: freeze.lasts, why }
    });
    soak.into_iter().chain(ci).chain(approval).chain(freezes).collect()
}

/// The longest that `span` is for any service, and whose it is.
fn longest(resolved: &Resolved, span: impl Fn(&ResolvedService) -> Span) -> (Span, String) {
    let spans = resolved.services.iter().map(|(name, service)| (span(service), name));
    let name_of = |name: &ServiceName| name.to_string();
    spans.max_by_key(|(span, _)| *span).map_or_else(Default::default, |(s, n)| (s, name_of(n)))
}

fn decided(service: &ResolvedService) -> String {
    let health = &service.health;
    let cold = if health.ready.is_none() {
        format!("it has no probe and must run for {}", health.steady)
    } else {
        format!("its probe has decided after {} at worst", health.worst_case())
    };
    match &service.cache {
        Some(cache) => format!("{cold}; {} if its cache is warm here", cache.gate),
        None => cold,
    }
}

fn shifting(strategy: &Strategy) -> (Span, String) {
    match strategy {
        Strategy::BlueGreen | Strategy::Recreate => (Span::ZERO, String::new()),
        Strategy::Canary(canary) => {
            let held: Vec<_> = canary.held().collect();
            let steps = if canary.has_own_holds() {
                let each = held.iter().map(|(weight, hold)| format!("{hold} at {weight}"));
                each.collect::<Vec<_>>().join(" and ")
            } else {
                format!("{} steps of {}", held.len(), canary.hold)
            };
            let longest = held.iter().fold(Span::ZERO, |sum, (_, hold)| sum.plus(*hold));
            let early = canary.pass_after.map_or_else(String::new, |after| {
                format!(", or of {after} that are shown by then to be no worse")
            });
            (longest, format!("{steps} before all traffic, if they are conclusive{early}"))
        }
        Strategy::Shadow(shadow) => {
            let why = "copies of requests before any user, if they are conclusive";
            (shadow.lasts, why.to_owned())
        }
    }
}
