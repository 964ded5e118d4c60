//! What differs between what should run and what runs. Pure: one look, no memory.

use crate::baseline::Baseline;
use crate::cause;
use crate::compare::{FieldDiff, compare};
use crate::expected::Instance;
use crate::fields::Fields;
use crate::observed::{Exit, Observed, Process};
use crate::place::Place;
pub use crate::reason::Reason;
use events::{InstanceId, ReleaseId, ServiceName};
use std::collections::{BTreeMap, BTreeSet};

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is about: the instance, or the container of nobody.
    pub subject: String,
    /// What differs.
    pub reason: Reason,
    /// The service it is about.
    pub service: Option<ServiceName>,
    /// The instance it is about.
    pub instance: Option<InstanceId>,
    /// Which of the replicas it is about.
    pub replica: Option<i32>,
    /// For people: what.
    pub message: String,
    /// Field by field.
    pub fields: Vec<FieldDiff>,
    /// What likely made it differ.
    pub cause: String,
    /// What to do.
    pub next: String,
    /// The manifest says that it may differ.
    pub ignored: bool,
}

/// An instance that should run, as it was released and as it was first seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The instance.
    pub instance: Instance,
    /// What the engine was told; nothing when that is not known yet.
    pub released: Option<Fields>,
    /// How it was when it was first seen; nothing when it never was.
    pub baseline: Option<Baseline>,
}

/// Everything that differs. `known` are the releases that exist.
pub fn diff(
    place: &Place,
    wanted: &[Wanted],
    found: &[Observed],
    known: &BTreeSet<ReleaseId>,
) -> Vec<Finding> {
    let mut taken = BTreeSet::new();
    let mut findings = Vec::new();
    for wanted in wanted {
        let observed = place_of(&wanted.instance, found);
        taken.extend(observed.map(|observed| observed.container_id.as_str()));
        findings.extend(of_instance(place, wanted, observed));
    }
    let of_nobody = found.iter().filter(|observed| !taken.contains(observed.container_id.as_str()));
    let is_orphan = |observed: &&Observed| match observed.release {
        None => true,
        Some(release) => !known.contains(&release) || is_copy(observed, wanted),
    };
    findings.extend(of_nobody.filter(is_orphan).map(|observed| orphaned(place, observed)));
    findings
}

/// The container that is where the instance should be: itself, or what has its labels or its name.
pub fn place_of<'a>(instance: &Instance, found: &'a [Observed]) -> Option<&'a Observed> {
    let itself = |observed: &&Observed| observed.container_id == instance.container_id;
    let same_label = |observed: &&Observed| observed.instance == Some(instance.id);
    let same_name = |observed: &&Observed| observed.name == instance.container_name;
    let found = || found.iter();
    found().find(itself).or_else(|| found().find(same_label)).or_else(|| found().find(same_name))
}

fn is_copy(observed: &Observed, wanted: &[Wanted]) -> bool {
    wanted.iter().any(|wanted| Some(wanted.instance.id) == observed.instance)
}

fn of_instance(place: &Place, wanted: &Wanted, observed: Option<&Observed>) -> Vec<Finding> {
    let instance = &wanted.instance;
    let name = &instance.container_name;
    let whose = format!("{} {}", place.app, place.environment);
    let finding = |reason: Reason, fields: Vec<FieldDiff>, message: String| Finding {
        subject: instance.id.to_string(),
        reason,
        service: Some(instance.service.clone()),
        instance: Some(instance.id),
        replica: Some(instance.replica),
        message,
        fields,
        cause: cause::likely(reason, instance, observed),
        next: cause::next(reason, &whose, name),
        ignored: false,
    };
    let Some(observed) = observed else {
        let fields = vec![one("container", short(&instance.container_id), "")];
        return vec![finding(Reason::Missing, fields, format!("container {name} is gone"))];
    };
    let mut findings = Vec::new();
    if observed.container_id != instance.container_id {
        let fields =
            vec![one("container", short(&instance.container_id), short(&observed.container_id))];
        findings.push(finding(Reason::Replaced, fields, replaced(name, instance, observed)));
    }
    if observed.process != Process::Running {
        let fields = vec![one("process", "running", observed.process.as_str())];
        findings.push(finding(Reason::Stopped, fields, stopped(name, observed)));
    }
    if runs_another_image(wanted, observed) {
        let (released, now) = (instance.digest.short(), short(&observed.image.id));
        let message = format!("container {name} runs image {now}, released was {released}");
        findings.push(finding(Reason::Image, vec![one("image", released, now)], message));
    }
    for (reason, fields) in by_reason(wanted, observed) {
        let message = differs(name, &fields);
        findings.push(finding(reason, fields, message));
    }
    findings
}

/// What differs field by field, by what kind of difference it is.
fn by_reason(wanted: &Wanted, observed: &Observed) -> BTreeMap<Reason, Vec<FieldDiff>> {
    let baseline = wanted.baseline.as_ref().map(|baseline| &baseline.fields);
    let mut fields = compare(wanted.released.as_ref(), baseline, &observed.fields);
    if observed.name != wanted.instance.container_name {
        fields.push(one("name", &wanted.instance.container_name, &observed.name));
    }
    let mut grouped: BTreeMap<Reason, Vec<FieldDiff>> = BTreeMap::new();
    for diff in fields {
        grouped.entry(Reason::of_field(&diff.field)).or_default().push(diff);
    }
    grouped
}

/// How many fields a sentence names.
const NAMED: usize = 3;

fn differs(name: &str, fields: &[FieldDiff]) -> String {
    let shown = |text: &str| if text.is_empty() { "not set".to_owned() } else { text.to_owned() };
    let each = fields.iter().take(NAMED).map(|diff| {
        let wanted = if diff.released.is_empty() { &diff.baseline } else { &diff.released };
        format!("{} is {}, was {}", diff.field, shown(&diff.now), shown(wanted))
    });
    let more = fields.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("container {name}: {}{more}", each.collect::<Vec<_>>().join("; "))
}

/// A difference that has no baseline of its own.
fn one(field: &str, released: &str, now: &str) -> FieldDiff {
    let text = str::to_owned;
    FieldDiff {
        field: text(field),
        released: text(released),
        baseline: text(released),
        now: text(now),
    }
}

/// Only evidence counts: an image nobody can name is not a different one.
fn runs_another_image(wanted: &Wanted, observed: &Observed) -> bool {
    let evidence = &observed.image;
    let recorded = wanted.baseline.as_ref().map(|baseline| &baseline.digests);
    let same = |digest: &String| {
        digest == wanted.instance.digest.as_str()
            || recorded.is_some_and(|recorded| recorded.contains(digest))
    };
    if evidence.digests.iter().any(same) {
        return false;
    }
    match &wanted.baseline {
        Some(baseline) if evidence.from_registry || baseline.image != evidence.id => true,
        Some(_) => false,
        None => evidence.from_registry,
    }
}

fn replaced(name: &str, instance: &Instance, observed: &Observed) -> String {
    let made = observed.created.as_deref().unwrap_or("an unknown time");
    format!(
        "container {name} is not the one that was released: {} instead of {}, made at {made}",
        short(&observed.container_id),
        short(&instance.container_id)
    )
}

fn stopped(name: &str, observed: &Observed) -> String {
    let code = |exit: &Exit| format!(" with exit code {}", exit.code);
    let how = observed.exit.as_ref().map(code).unwrap_or_default();
    match observed.process {
        Process::Paused => {
            format!("container {name} is paused")
        }
        Process::Restarting => format!("container {name} ends{how} again and again"),
        Process::Ended | Process::Running => {
            format!("container {name} ended{how}")
        }
    }
}

fn orphaned(place: &Place, observed: &Observed) -> Finding {
    let name = &observed.name;
    let whose = format!("{} {}", place.app, place.environment);
    Finding {
        subject: observed.container_id.clone(),
        reason: Reason::Orphaned,
        service: observed.service.clone(),
        instance: observed.instance,
        replica: None,
        message: format!(
            "container {name} ({}) has the labels of Slipway and belongs to no release",
            short(&observed.container_id)
        ),
        fields: vec![one("container", "", short(&observed.container_id))],
        cause: "somebody made it with our labels, or its release is forgotten".to_owned(),
        next: cause::next(Reason::Orphaned, &whose, name),
        ignored: false,
    }
}

/// Marks what the manifest says may differ; a finding of which every field may, may itself.
pub fn ignore(findings: &mut [Finding], may: impl Fn(Option<&ServiceName>, &str) -> bool) {
    for finding in findings {
        let service = finding.service.clone();
        let is_well = |diff: &FieldDiff| may(service.as_ref(), &diff.field);
        if finding.fields.iter().all(is_well) {
            finding.ignored = true;
        } else {
            finding.fields.retain(|diff| !is_well(diff));
        }
    }
}

/// The first twelve digits of a container's or an image's id.
fn short(id: &str) -> &str {
    let digits = id.strip_prefix("sha256:").unwrap_or(id);
    digits.get(..12).unwrap_or(digits)
}

#[cfg(test)]
pub(crate) mod tests;
