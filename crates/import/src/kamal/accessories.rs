//! Accessories: databases and the like, which become services of their own.

use super::env::{self, Renamed};
use super::left::ACCESSORY;
use super::roles::{command, options};
use crate::compose::is_http;
use crate::form::{Http, Service, Volume};
use crate::ledger::Ledger;
use crate::mount::{Mount, class, volume};
use crate::name::label;
use crate::place::Place;
use crate::tree::Word;

/// The host names of accessories under Kamal, and what they are called here.
pub(super) fn hosts(root: &Place<'_>) -> Renamed {
    let service = root.text_of("service").unwrap_or_default();
    let name = |(name, place): (&str, Place<'_>)| {
        let theirs = place.text_of("service").map(str::to_owned);
        (theirs.unwrap_or_else(|| format!("{service}-{name}")), label(name))
    };
    root.get("accessories").map_or_else(Vec::new, |it| it.entries().into_iter().map(name).collect())
}

/// The services that the accessories of `root` are.
pub(super) fn read(root: &Place<'_>, renamed: &Renamed, ledger: &mut Ledger) -> Vec<Service> {
    let entries = root.get("accessories").map_or_else(Vec::new, |it| it.entries());
    entries.iter().map(|(name, place)| one(name, place, renamed, ledger)).collect()
}

fn one(name: &str, place: &Place<'_>, renamed: &Renamed, ledger: &mut Ledger) -> Service {
    let mut service = Service::new(Word::new(label(name)), place);
    ledger.leave(place, ACCESSORY);
    service.image = place.get("image").and_then(|image| Word::of(&image));
    if let Some(run) = place.get("cmd") {
        service.command = command(&run, ledger);
    }
    if let Some(port) = place.get("port") {
        served(&port, &mut service, ledger);
    }
    env::read(place.get("env"), &mut service, renamed, ledger);
    for item in place.get("volumes").map_or_else(Vec::new, |volumes| volumes.one_or_many()) {
        let mount = Mount::parse(item.text().unwrap_or_default());
        service.volumes.extend(volume(&mount, &service.name.text, &item, ledger));
    }
    for item in place.get("directories").map_or_else(Vec::new, |it| it.one_or_many()) {
        service.volumes.push(directory(&item, &service.name.text, ledger));
    }
    options(place.get("options"), &mut service, ledger);
    service
}

fn served(port: &Place<'_>, service: &mut Service, ledger: &mut Ledger) {
    let text = port.text().unwrap_or_default();
    let target = text.rsplit(':').next().unwrap_or_default();
    if is_http(target) {
        service.http = Some(Http::on(Word::from(target, port)));
        let why = "no port of the host is taken; services reach it by its name";
        ledger.changed(port, why, "give it a `path_prefix` if users need it");
    } else {
        let why = format!("it is not HTTP: services reach it as {}:{target}", service.name.text);
        ledger.left(port, why, "nothing to do, unless something outside needs it");
    }
}

/// A directory of the host below the accessory's own: a volume, whose data stay behind.
fn directory(item: &Place<'_>, accessory: &str, ledger: &mut Ledger) -> Volume {
    let mount = Mount::parse(item.text().unwrap_or_default());
    let name = label(&format!("{accessory}-{}", mount.source));
    let why = format!("a directory of the host becomes the volume {name}, which is empty");
    ledger.changed(item, why, "copy the data into it before users come");
    Volume {
        class: class(&mount.source, &mount.path),
        name: Word::from(name, item),
        path: Word::from(mount.path.trim_end_matches('/'), item),
        read_only: mount.read_only.then(|| Word::from("true", item)),
    }
}
