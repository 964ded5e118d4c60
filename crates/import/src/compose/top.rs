//! What stands beside the services: the name, volumes, networks, secrets.

use crate::form::App;
use crate::ledger::{Ledger, NOTHING};
use crate::name::label;
use crate::place::Place;
use crate::tree::Word;

/// The name of the project.
pub(super) fn name(root: &Place<'_>, ledger: &mut Ledger) -> Option<Word> {
    let place = root.get("name")?;
    let text = place.text()?;
    let name = label(text);
    if name != text {
        ledger.changed(&place, format!("names are of lower-case letters here: {name}"), "check it");
    }
    if name.is_empty() { None } else { Some(Word::from(name, &place)) }
}

/// Everything beside the services.
pub(super) fn read(root: &Place<'_>, app: &mut App, ledger: &mut Ledger) {
    for (key, place) in root.all_entries() {
        match key {
            "version" => ledger.left(&place, "the version of the file is without meaning", NOTHING),
            "volumes" => volumes(&place, app, ledger),
            "networks" => networks(&place, ledger),
            "secrets" => secrets(&place, ledger),
            "configs" => {
                let help = "COPY them in the Dockerfile, or use a secret as a file";
                ledger.left(&place, "there are no configs", help);
            }
            "include" => {
                let help = "import those files, too, and put the services into one manifest";
                ledger.left(&place, "other files are not read", help);
            }
            key if key.starts_with("x-") => {
                ledger.left(&place, "what stands here is used where it is named", NOTHING);
            }
            _ => {}
        }
    }
}

fn networks(place: &Place<'_>, ledger: &mut Ledger) {
    let why = "the services of an environment share one network of their own";
    ledger.left(place, why, NOTHING);
    for (_, network) in place.entries() {
        if network.get("external").is_some_and(|external| !external.is("false")) {
            let why = "what others run is not in the network of an environment";
            ledger.left(&network, why, "write the address at which it is reached into `env`");
        }
    }
}

fn volumes(place: &Place<'_>, app: &mut App, ledger: &mut Ledger) {
    for (name, volume) in place.all_entries() {
        let label = label(name);
        let mounts = app.services.iter_mut().flat_map(|service| &mut service.volumes);
        let mut mounts = mounts.filter(|mount| mount.name.text == label).peekable();
        if mounts.peek().is_none() {
            ledger.left(&volume, "no service mounts it", NOTHING);
            continue;
        }
        if !volume.is_map() {
            mounts.for_each(|mount| mount.name.from.push(volume.mark()));
        }
        for (key, place) in volume.entries() {
            let (why, help) = match key {
                "driver" if place.is("local") => ("volumes are local", NOTHING),
                "external" | "name" => ("the volume is a new one", "copy the data into it"),
                _ => ("volumes are local, without options", "check where the data shall be"),
            };
            ledger.left(&place, why, help);
        }
        let why = "the volume is a new one, and empty";
        ledger.added(&volume, why, "copy the data into it before users come");
    }
}

fn secrets(place: &Place<'_>, ledger: &mut Ledger) {
    for (name, secret) in place.all_entries() {
        let why = "the value of a secret is set once, and kept sealed";
        let name = crate::name::variable(name);
        ledger.changed(&secret, why, &format!("set {name} with `slipway secret set --from-file`"));
    }
}
