//! What differs between what should run and what runs. Pure: one look, no memory.

use crate::expected::Instance;
use crate::observed::{Exit, Observed, Process};
use events::{InstanceId, ReleaseId, ServiceName};
use std::collections::BTreeSet;

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It should be there and is not.
    Missing,
    /// Another container is where it should be.
    Replaced,
    /// It is there and does not run.
    Stopped,
    /// It runs another image.
    Image,
    /// It has our labels and belongs to nothing.
    Orphaned,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 5] =
        [Self::Missing, Self::Replaced, Self::Stopped, Self::Image, Self::Orphaned];

    /// The stable code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "MISSING",
            Self::Replaced => "REPLACED",
            Self::Stopped => "STOPPED",
            Self::Image => "IMAGE",
            Self::Orphaned => "ORPHANED",
        }
    }

    /// One look is enough. Anything else may be a moment between two states.
    pub const fn is_certain_at_once(self) -> bool {
        matches!(self, Self::Image)
    }

    /// Something that should run does not.
    pub const fn is_missing(self) -> bool {
        matches!(self, Self::Missing | Self::Stopped)
    }
}

/// Why a text is no reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a reason of drift")]
pub struct UnknownReason(String);

impl std::str::FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(text: &str) -> Result<Self, UnknownReason> {
        let same = |reason: &Self| reason.as_str() == text;
        Self::ALL.into_iter().find(same).ok_or_else(|| UnknownReason(text.to_owned()))
    }
}

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
    /// For people: what, likely cause, what to do.
    pub message: String,
}

/// An instance that should run, and the image it ran when it was first seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The instance.
    pub instance: Instance,
    /// The engine's id of its image then; nothing when it was never seen.
    pub image: Option<String>,
}

/// Everything that differs. `known` are the releases that exist.
pub fn diff(wanted: &[Wanted], found: &[Observed], known: &BTreeSet<ReleaseId>) -> Vec<Finding> {
    let mut taken = BTreeSet::new();
    let mut findings = Vec::new();
    for wanted in wanted {
        let observed = place_of(&wanted.instance, found);
        taken.extend(observed.map(|observed| observed.container_id.as_str()));
        findings.extend(compare(wanted, observed));
    }
    let of_nobody = found.iter().filter(|observed| !taken.contains(observed.container_id.as_str()));
    let is_orphan = |observed: &&Observed| match observed.release {
        None => true,
        Some(release) => !known.contains(&release) || is_copy(observed, wanted),
    };
    findings.extend(of_nobody.filter(is_orphan).map(orphaned));
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

fn compare(wanted: &Wanted, observed: Option<&Observed>) -> Vec<Finding> {
    let instance = &wanted.instance;
    let finding = |reason, message| Finding {
        subject: instance.id.to_string(),
        reason,
        service: Some(instance.service.clone()),
        instance: Some(instance.id),
        message,
    };
    let name = &instance.container_name;
    let Some(observed) = observed else {
        let message = format!(
            "container {name} is gone; somebody removed it, and a new release or a rollback brings it back"
        );
        return vec![finding(Reason::Missing, message)];
    };
    let mut findings = Vec::new();
    if observed.container_id != instance.container_id {
        findings.push(finding(Reason::Replaced, replaced(name, instance, observed)));
    }
    if observed.process != Process::Running {
        findings.push(finding(Reason::Stopped, stopped(name, observed)));
    }
    if runs_another_image(wanted, observed) {
        let message = format!(
            "container {name} runs image {}, released was {}",
            short(&observed.image.id),
            instance.digest.short()
        );
        findings.push(finding(Reason::Image, message));
    }
    findings
}

/// Only evidence counts: an image nobody can name is not a different one.
fn runs_another_image(wanted: &Wanted, observed: &Observed) -> bool {
    let evidence = &observed.image;
    if evidence.digests.contains(wanted.instance.digest.as_str()) {
        return false;
    }
    match &wanted.image {
        Some(image) => *image != evidence.id,
        None => evidence.from_registry,
    }
}

fn replaced(name: &str, instance: &Instance, observed: &Observed) -> String {
    let made = observed.baseline.created.as_deref().unwrap_or("an unknown time");
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
            format!("container {name} is paused; docker unpause {name} lets it go on")
        }
        Process::Restarting => format!("container {name} ends{how} again and again"),
        Process::Ended | Process::Running => {
            format!("container {name} ended{how}; docker start {name} starts it again")
        }
    }
}

fn orphaned(observed: &Observed) -> Finding {
    let name = &observed.name;
    Finding {
        subject: observed.container_id.clone(),
        reason: Reason::Orphaned,
        service: observed.service.clone(),
        instance: observed.instance,
        message: format!(
            "container {name} ({}) has the labels of Slipway and belongs to no release; nothing removes it by itself",
            short(&observed.container_id)
        ),
    }
}

/// The first twelve digits of a container's or an image's id.
fn short(id: &str) -> &str {
    let digits = id.strip_prefix("sha256:").unwrap_or(id);
    digits.get(..12).unwrap_or(digits)
}

#[cfg(test)]
pub(crate) mod tests;
