//! Mounts, in their short and long form.

use crate::form::Service;
use crate::ledger::{Ledger, NOTHING};
use crate::mount::{Mount, volume};
use crate::place::Place;

/// Gives `service` its volumes.
pub(super) fn read(place: &Place<'_>, service: &mut Service, ledger: &mut Ledger) {
    for item in place.get("volumes").map_or_else(Vec::new, |volumes| volumes.one_or_many()) {
        let mount = match item.text() {
            Some(text) => Mount::parse(text),
            None => match long(&item, ledger) {
                Some(mount) => mount,
                None => continue,
            },
        };
        let made = volume(&mount, &service.name.text, &item, ledger);
        service.volumes.extend(made);
    }
}

fn long(item: &Place<'_>, ledger: &mut Ledger) -> Option<Mount> {
    if item.text_of("type") == Some("tmpfs") {
        ledger.left(item, "only /tmp is in memory", "write there");
        return None;
    }
    for key in ["volume", "bind", "tmpfs", "consistency"] {
        if let Some(options) = item.get(key) {
            ledger.changed(&options, "a volume has no options here", NOTHING);
        }
    }
    let Some(path) = item.text_of("target") else {
        ledger.left(item, "it does not say where it is mounted", "give it a target");
        return None;
    };
    Some(Mount {
        source: item.text_of("source").unwrap_or_default().to_owned(),
        path: path.to_owned(),
        read_only: item.text_of("read_only") == Some("true"),
    })
}
