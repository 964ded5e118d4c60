//! How many instances run, and what each may use.

use super::left::{DEPLOY, HARDENED};
use crate::amount;
use crate::form::Service;
use crate::ledger::{Ledger, NOTHING};
use crate::place::Place;
use crate::tree::Word;

/// Gives `service` its number and limits.
pub(super) fn read(place: &Place<'_>, service: &mut Service, ledger: &mut Ledger) {
    let word = |place: &Place<'_>, key| place.get(key).and_then(|place| Word::of(&place));
    service.replicas = word(place, "scale");
    service.cpus = word(place, "cpus");
    service.pids = word(place, "pids_limit");
    service.memory = memory(place, "mem_limit");
    let Some(deploy) = place.get("deploy") else { return };
    ledger.leave(&deploy, DEPLOY);
    service.replicas = word(&deploy, "replicas").or_else(|| service.replicas.take());
    let Some(resources) = deploy.get("resources") else { return };
    let reserved = resources.get("reservations").map_or_else(Vec::new, |it| it.entries());
    for (key, place) in reserved {
        let (why, help) = match key {
            "devices" => ("containers get no devices, and so no GPU", HARDENED),
            _ => ("there are limits alone", NOTHING),
        };
        ledger.left(&place, why, help);
    }
    let Some(limits) = resources.get("limits") else { return };
    service.cpus = word(&limits, "cpus").or_else(|| service.cpus.take());
    service.pids = word(&limits, "pids").or_else(|| service.pids.take());
    service.memory = memory(&limits, "memory").or_else(|| service.memory.take());
}

/// An amount of memory in the manifest's words.
pub(super) fn memory(place: &Place<'_>, key: &str) -> Option<Word> {
    let place = place.get(key)?;
    let text = place.text()?;
    Some(Word::from(amount::bytes(text).unwrap_or_else(|| text.to_owned()), &place))
}
