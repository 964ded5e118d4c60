//! What likely made something differ, and what to do: a sentence each. Pure.

use crate::expected::Instance;
use crate::observed::{Exit, Observed, Process};
use crate::reason::Reason;

/// What likely made `observed` differ from `instance` in this way.
pub fn likely(reason: Reason, instance: &Instance, observed: Option<&Observed>) -> String {
    let name = &instance.container_name;
    let Some(observed) = observed else { return format!("somebody removed container {name}") };
    if observed.container_id != instance.container_id {
        return replaced(reason, observed);
    }
    match reason {
        Reason::Stopped => stopped(observed),
        Reason::Limits | Reason::RestartPolicy => {
            "`docker update`: the container is the same, and only that changes these".to_owned()
        }
        Reason::Network => "`docker network connect` or `disconnect`".to_owned(),
        Reason::Labels => "`docker rename`, or the engine's own files were edited".to_owned(),
        Reason::Image => "it was made of this image before it was first seen".to_owned(),
        Reason::Missing
        | Reason::Replaced
        | Reason::Privilege
        | Reason::Env
        | Reason::Command
        | Reason::Mounts
        | Reason::Ports
        | Reason::Route
        | Reason::Orphaned => {
            "it was made so before it was first seen, or the engine's own files were edited"
                .to_owned()
        }
    }
}

fn replaced(reason: Reason, observed: &Observed) -> String {
    let made = observed.created.as_deref().unwrap_or("an unknown time");
    let by_tag = reason == Reason::Image && !observed.made_of.contains('@');
    if by_tag && !observed.made_of.is_empty() {
        return format!(
            "somebody made another container at {made} of {}, a name that can mean another image every day",
            observed.made_of
        );
    }
    format!("somebody removed the container and made another at {made}")
}

fn stopped(observed: &Observed) -> String {
    match (observed.process, &observed.exit) {
        (Process::Paused, _) => "`docker pause`".to_owned(),
        (Process::Restarting, _) => "its process ends again and again".to_owned(),
        (_, Some(Exit { out_of_memory: true, .. })) => {
            "the kernel ended it at its limit of memory".to_owned()
        }
        (_, Some(Exit { code: 0 | 137 | 143, .. })) => {
            "`docker stop` or `docker kill`, or its process ended by itself".to_owned()
        }
        (_, Some(Exit { code, .. })) => format!("its process ended with code {code}"),
        (_, None) => "it was made and never started".to_owned(),
    }
}

/// What to do about it in the environment `place` (`app environment`).
pub fn next(reason: Reason, place: &str, name: &str) -> String {
    match reason {
        Reason::Orphaned => {
            format!("look at it with `docker inspect {name}`; nothing removes it by itself")
        }
        Reason::Route => format!("`slipway drift heal {place}` gives the router its table again"),
        Reason::Missing | Reason::Stopped | Reason::Replaced => {
            format!("`slipway drift heal {place}` restores it, also `mode: heal` by itself")
        }
        Reason::Mounts
        | Reason::Ports
        | Reason::Network
        | Reason::RestartPolicy
        | Reason::Labels => {
            format!("`slipway drift heal {place}` restores it; an `ignore` rule lets it be")
        }
        Reason::Image | Reason::Privilege | Reason::Env | Reason::Command | Reason::Limits => {
            format!(
                "`slipway drift heal {place}` restores it, `slipway drift adopt {place}` makes a release of it"
            )
        }
    }
}
