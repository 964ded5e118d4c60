//! Variables: those with a known, harmless value are written; the others are secrets.

use super::build::pairs;
use super::interpolate::Gaps;
use crate::form::Service;
use crate::ledger::Ledger;
use crate::place::Place;
use crate::suspect;
use crate::tree::Word;
use std::collections::BTreeMap;

/// Gives `service` its variables and secrets.
pub(super) fn read(place: &Place<'_>, service: &mut Service, gaps: &Gaps, ledger: &mut Ledger) {
    let Some(environment) = place.get("environment") else { return };
    let places: BTreeMap<String, Place<'_>> =
        leaves(&environment).into_iter().map(|at| (at.path.clone(), at)).collect();
    for (name, value) in pairs(Some(&environment)) {
        let mark = value.iter().chain([&name]).find_map(|word| word.from.first());
        let Some(at) = mark.and_then(|mark| places.get(&mark.path)) else { continue };
        let text = value.as_ref().map_or("", |value| value.text.as_str());
        let why = if value.is_none() {
            "its value comes from where Compose runs"
        } else if gaps.is_missing(at) {
            "a part of it comes from where Compose runs, so all of it is a secret"
        } else if suspect::is_secret(&name.text, text) {
            "it looks like a secret, which does not stand in the manifest"
        } else {
            service.set(name, value.unwrap_or_else(|| Word::new("")));
            continue;
        };
        ledger.changed(at, why, &format!("set {} with `slipway secret set`", name.text));
        service.give(name);
    }
}

/// Every single value below `place`.
fn leaves<'a>(place: &Place<'a>) -> Vec<Place<'a>> {
    let children = place.children();
    if children.is_empty() {
        return vec![place.clone()];
    }
    children.iter().flat_map(leaves).collect()
}
