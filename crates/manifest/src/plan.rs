//! What a release would do, before it does it.

mod changes;
mod gates;
mod judged;
mod remarks;
mod text;

pub use remarks::homes;

use crate::drift::{Capture, DataDrift};
use crate::resolved::{Resolved, ResolvedService};
use crate::service::{Replace, VolumeClass};
use crate::strategy::{Canary, Strategy};
use crate::value::{Bytes, Percent, Span};
use events::{AppName, EnvironmentName, JobName, ServiceName, VolumeName};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a release would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The app.
    pub app: AppName,
    /// The environment.
    pub environment: EnvironmentName,
    /// Why it would be refused as things are; empty: it would not be. Whoever knows the platform adds to it.
    pub refused: Vec<String>,
    /// Why it would not begin now, and until when. Whoever knows the time adds it.
    pub frozen: Option<String>,
    /// What comes here by promotion next, and when. Whoever knows what lived elsewhere adds it.
    pub promoted: Option<String>,
    /// How it takes over: `blue_green`, `recreate`, `canary`, `shadow`, or `first` where nothing runs.
    pub strategy: String,
    /// Why so.
    pub why: String,
    /// What is not refused, and often goes wrong. Whoever knows the images and the machine adds to it.
    pub remarks: Vec<String>,
    /// What becomes of each service.
    pub services: BTreeMap<ServiceName, ServicePlan>,
    /// The people and clocks it waits for, and the longest each can take.
    pub waits: Vec<GatePlan>,
    /// What it must pass from the moment its images are there, in this order, and the longest each can take.
    pub gates: Vec<GatePlan>,
    /// All gates together.
    pub longest: Span,
    /// What it is judged by while it has a share, or copies, beside what runs.
    pub judged: Vec<JudgePlan>,
    /// What of its requests is compared once it is live, with what, and when; nothing, where that is not declared.
    pub compared: Option<String>,
    /// The memory that old and new instances may use together.
    pub memory: MemoryPlan,
    /// The disk it needs besides its images.
    pub disk: DiskPlan,
    /// Why there is downtime; empty: there is none.
    pub downtime: Vec<String>,
    /// Jobs that cannot be undone: once they have run, only a person takes the release back.
    pub irreversible: Vec<JobName>,
}

/// What becomes of one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServicePlan {
    /// What happens.
    pub action: Action,
    /// Why.
    pub why: String,
    /// How many instances it will have.
    pub replicas: u32,
}

/// What a release does with a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It does not run yet.
    Start,
    /// Its configuration changed.
    Replace,
    /// Only its image may have changed.
    ReplaceIfImageChanged,
    /// It is not part of the release any more.
    Remove,
}

/// Something to pass, and the longest it can take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GatePlan {
    /// What it is.
    pub name: String,
    /// The longest it can take.
    pub longest: Span,
    /// How that comes about.
    pub why: String,
}

/// Something that a candidate is compared by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JudgePlan {
    /// What it is.
    pub name: String,
    /// By how much it may be worse.
    pub worse_by: Percent,
    /// Of what, and where it is known from.
    pub why: String,
}

/// The memory that old and new instances may use together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemoryPlan {
    /// The sum of the limits.
    pub limits: Bytes,
    /// Services without a limit, which may use all there is.
    pub unlimited: Vec<ServiceName>,
}

/// The disk a release needs besides its images, which are only known when they are built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiskPlan {
    /// The sizes written for volumes that do not exist yet.
    pub new_volumes: Bytes,
    /// New volumes without a size.
    pub unsized_volumes: Vec<VolumeName>,
    /// Images that must lie there at once, old and new.
    pub images: u32,
}

/// What a release of `resolved` would do where `running` is live.
pub fn plan(resolved: &Resolved, running: Option<&Resolved>) -> Plan {
    let (strategy, why) = strategy(resolved, running);
    let gates = gates::gates(resolved, running);
    Plan {
        app: resolved.app.clone(),
        environment: resolved.environment.clone(),
        refused: Vec::new(),
        frozen: None,
        promoted: None,
        remarks: remarks::remarks(resolved),
        strategy,
        why,
        services: changes::services(resolved, running),
        waits: gates::waits(resolved),
        longest: gates.iter().fold(Span::ZERO, |sum, gate| sum.plus(gate.longest)),
        gates,
        judged: judged::judged(resolved, running),
        compared: compared(resolved),
        memory: memory(resolved, running),
        disk: disk(resolved, running),
        downtime: downtime(resolved, running),
        irreversible: resolved.irreversible_jobs().cloned().collect(),
    }
}

fn strategy(resolved: &Resolved, running: Option<&Resolved>) -> (String, String) {
    if running.is_none() {
        let why = "nothing runs yet: it passes its gates, then takes all traffic, without steps";
        return ("first".to_owned(), why.to_owned());
    }
    let why = match &resolved.strategy {
        Strategy::BlueGreen => {
            "new instances start beside the old ones and take all traffic in one step".to_owned()
        }
        Strategy::Recreate => {
            "the environment asks for it: old instances stop before new ones start".to_owned()
        }
        Strategy::Canary(canary) => stepwise(canary),
        Strategy::Shadow(shadow) => {
            let methods: Vec<_> = shadow.methods.iter().map(ToString::to_string).collect();
            format!(
                "{} of the {} requests are copied to the new instances for {}; their answers are compared and \
                 thrown away, then all traffic moves in one step",
                shadow.share,
                methods.join(" and "),
                shadow.lasts
            )
        }
    };
    (resolved.strategy.as_str().to_owned(), why)
}

fn stepwise(canary: &Canary) -> String {
    let own = canary.has_own_holds();
    let held = canary.held().map(|(weight, hold)| {
        if own { format!("{weight} judged over {hold}") } else { weight.to_string() }
    });
    let steps: Vec<_> = held.chain([Percent::HUNDRED.to_string()]).collect();
    let first = if canary.insiders.is_empty() { "" } else { ", insiders from the first step on" };
    let each = if own { String::new() } else { format!(", each step judged over {}", canary.hold) };
    let early = canary.pass_after.map_or_else(String::new, |after| {
        format!(", or {after} where it is shown by then to be no worse")
    });
    format!("traffic moves by {}{first}{each}{early}", steps.join(", "))
}

fn compared(resolved: &Resolved) -> Option<String> {
    let DataDrift { capture, reference, schedule, .. } = resolved.drift.data.as_ref()?;
    let Capture { service, path, share, .. } = capture;
    Some(format!(
        "{share} of the requests to {service} {path} with {reference}, by \"{schedule}\" in UTC"
    ))
}

fn instances(service: &ResolvedService) -> (Option<Bytes>, u32) {
    (service.resources.memory, service.replicas)
}

fn memory(resolved: &Resolved, running: Option<&Resolved>) -> MemoryPlan {
    let mut plan = MemoryPlan { limits: Bytes::default(), unlimited: Vec::new() };
    for (name, service) in &resolved.services {
        let old = running.and_then(|running| running.services.get(name)).map(instances);
        let (limit, replicas) = instances(service);
        let limit_of = |(limit, replicas): (Option<Bytes>, u32)| Some(limit?.times(replicas));
        let new = limit_of((limit, replicas));
        let (Some(new), Some(old)) = (new, old.map_or(Some(Bytes::default()), limit_of)) else {
            plan.unlimited.push(name.clone());
            continue;
        };
        let both = if service.replace == Replace::Beside { new.plus(old) } else { new.max(old) };
        plan.limits = plan.limits.plus(both);
    }
    plan
}

fn disk(resolved: &Resolved, running: Option<&Resolved>) -> DiskPlan {
    let of = |resolved: &Resolved| -> BTreeMap<VolumeName, Option<Bytes>> {
        let volumes = resolved.services.values().flat_map(|service| &service.volumes);
        volumes.map(|volume| (volume.name.clone(), volume.size)).collect()
    };
    let old = running.map(of).unwrap_or_default();
    let mut plan =
        DiskPlan { new_volumes: Bytes::default(), unsized_volumes: Vec::new(), images: 0 };
    for (name, size) in of(resolved).into_iter().filter(|(name, _)| !old.contains_key(name)) {
        match size {
            Some(size) => plan.new_volumes = plan.new_volumes.plus(size),
            None => plan.unsized_volumes.push(name),
        }
    }
    let images = resolved.services.len() + running.map_or(0, |running| running.services.len());
    plan.images = u32::try_from(images).unwrap_or(u32::MAX);
    plan
}

/// A service that stops first is away while it stops and starts, if it ran before and changes.
fn downtime(resolved: &Resolved, running: Option<&Resolved>) -> Vec<String> {
    let changes = changes::services(resolved, running);
    let reason = |(name, service): (&ServiceName, &ResolvedService)| {
        let condition = match changes.get(name).map(|change| change.action) {
            Some(Action::Replace) => "",
            Some(Action::ReplaceIfImageChanged) => ", if its image changed,",
            Some(Action::Start | Action::Remove) | None => return None,
        };
        let why = if resolved.strategy == Strategy::Recreate {
            "the environment's strategy is recreate".to_owned()
        } else {
            match service.volumes.iter().find(|v| v.class == VolumeClass::Data && !v.read_only) {
                Some(volume) => format!("one instance at a time may write volume {}", volume.name),
                None => "it says `replace: stop_first`".to_owned(),
            }
        };
        Some(format!("{name}{condition} stops before its successor starts: {why}"))
    };
    let stopping = resolved.services.iter().filter(|(_, s)| s.replace == Replace::StopFirst);
    stopping.filter_map(reason).collect()
}
