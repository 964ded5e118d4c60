//! Roles: services of one image.

use super::builder;
use super::env::{self, Renamed};
use super::left::{PROXY, ROLE, ROLE_PROXY};
use super::proxy::{self, Proxies, span};
use crate::amount;
use crate::form::Service;
use crate::ledger::{Ledger, NOTHING};
use crate::mount::{Mount, volume};
use crate::name::label;
use crate::place::Place;
use crate::shell;
use crate::tree::Word;

/// The role that takes requests, and the only one where servers are a plain list.
const PRIMARY: &str = "web";

/// The services that the roles of `root` are.
pub(super) fn read(root: &Place<'_>, renamed: &Renamed, ledger: &mut Ledger) -> Vec<Service> {
    let build = builder::read(root, ledger);
    let primary = root.get("primary_role");
    let (roles, front) = roles(root);
    let mut services = Vec::new();
    for (name, place) in roles {
        let mut word = Word::new(label(name));
        if let Some(primary) = primary.as_ref().filter(|_| name == front) {
            word = word.and(primary);
        }
        let mut service = Service::new(word, &place);
        service.build = Some(build.clone());
        role(root, &place, &mut service, renamed, ledger);
        served(root, &place, &mut service, name == front, ledger);
        services.push(service);
    }
    services
}

/// The roles by their names, and which of them is the one that takes requests.
fn roles<'a>(root: &Place<'a>) -> (Vec<(&'a str, Place<'a>)>, &'a str) {
    let roles = match root.get("servers") {
        Some(servers) if servers.is_map() => servers.all_entries(),
        Some(servers) => vec![(PRIMARY, servers)],
        None => vec![(PRIMARY, root.clone())],
    };
    let known = roles.iter().any(|(name, _)| *name == PRIMARY);
    let first = roles.first().map_or(PRIMARY, |(name, _)| *name);
    let front = root.text_of("primary_role").unwrap_or(if known { PRIMARY } else { first });
    (roles, front)
}

/// What the role that takes requests says of the proxy, and what stands at the top.
pub(super) fn proxies<'a>(root: &Place<'a>) -> Proxies<'a> {
    let (roles, front) = roles(root);
    let role = roles.into_iter().find(|(name, place)| *name == front && !place.path.is_empty());
    let own = role.and_then(|(_, role)| role.get("proxy"));
    [own, root.get("proxy")].map(|proxy| proxy.filter(Place::is_map))
}

fn role(
    root: &Place<'_>,
    place: &Place<'_>,
    service: &mut Service,
    renamed: &Renamed,
    ledger: &mut Ledger,
) {
    let own = |key| if place.is_map() && !place.path.is_empty() { place.get(key) } else { None };
    if !place.path.is_empty() {
        ledger.leave(place, ROLE);
        let hosts = if place.is_map() { own("hosts") } else { Some(place.clone()) };
        service.replicas = hosts.and_then(|hosts| replicas(&hosts, ledger));
    }
    if let Some(run) = own("cmd") {
        service.command = command(&run, ledger);
    }
    env::read(root.get("env"), service, renamed, ledger);
    env::read(own("env"), service, renamed, ledger);
    for item in root.get("volumes").map_or_else(Vec::new, |volumes| volumes.one_or_many()) {
        let mount = Mount::parse(item.text().unwrap_or_default());
        service.volumes.extend(volume(&mount, &service.name.text, &item, ledger));
    }
    if let Some(place) = own("stop_wait_time") {
        let text = place.text().unwrap_or_default();
        service.grace = amount::duration(text).map(|span| Word::from(span, &place));
    }
    options(own("options"), service, ledger);
}

/// Whether the proxy leads to it, or how long it must run to be ready.
fn served(
    root: &Place<'_>,
    place: &Place<'_>,
    service: &mut Service,
    is_front: bool,
    ledger: &mut Ledger,
) {
    // The first Kamal had `traefik` here.
    let own = place.get("proxy").or_else(|| place.get("traefik"));
    let own = own.filter(|_| !place.path.is_empty());
    let asked = own.as_ref().map_or(is_front, |proxy| !proxy.is("false"));
    if let Some(switch) = own.as_ref().filter(|proxy| proxy.text().is_some()) {
        let why = "a service with `http` is served, and others are not";
        ledger.changed(switch, why, NOTHING);
    }
    if !asked {
        service.steady = span(root, "readiness_delay");
        return;
    }
    let own = own.filter(Place::is_map);
    if let Some(proxy) = own.as_ref().filter(|_| !is_front) {
        ledger.leave(proxy, PROXY);
        ledger.leave(proxy, ROLE_PROXY);
    }
    proxy::serve(service, &[own, root.get("proxy").filter(Place::is_map)], root, ledger);
}

/// As many instances as there were hosts.
fn replicas(hosts: &Place<'_>, ledger: &mut Ledger) -> Option<Word> {
    let count = hosts.one_or_many().len();
    if count < 2 {
        ledger.left(hosts, "everything runs on the host of the platform", NOTHING);
        return None;
    }
    let why = format!("{count} hosts become {count} instances on the host of the platform");
    ledger.changed(hosts, why, "check that it has room for them");
    Some(Word::from(count.to_string(), hosts))
}

pub(super) fn command(place: &Place<'_>, ledger: &mut Ledger) -> Vec<Word> {
    let (words, shell) = shell::arguments(place.text().unwrap_or_default());
    if shell {
        let why = "there is no shell here, so one in the container is asked";
        ledger.changed(place, why, "write it as a list of arguments if you can");
    }
    Word::all(words, place)
}

/// Options of the engine: its limits have a place in the manifest.
pub(super) fn options(place: Option<Place<'_>>, service: &mut Service, ledger: &mut Ledger) {
    for (key, place) in place.map_or_else(Vec::new, |options| options.all_entries()) {
        match key {
            "cpus" => service.cpus = Word::of(&place),
            "memory" => {
                let text = place.text().and_then(amount::bytes);
                service.memory = text.map(|size| Word::from(size, &place));
            }
            _ => {
                let why = "options of the engine are not passed on";
                ledger.left(&place, why, "look for its like in docs/manifest.md");
            }
        }
    }
}
