//! A spec of App Platform, `.do/app.yaml`.

mod component;
mod env;
mod health;
mod job;
mod left;
mod routes;
mod size;
mod source;

use crate::form::App;
use crate::ledger::Ledger;
use crate::name::label;
use crate::place::Place;
use crate::tree::Word;
use left::{PARTS, TOP};
use manifest::yaml::Node;

/// What every component is read with.
struct Around<'a> {
    /// The variables of the whole app.
    envs: Option<Place<'a>>,
    /// The names of components with the ports they serve.
    ports: Vec<(String, String)>,
    databases: Vec<String>,
}

/// The app that `root` describes.
pub(crate) fn read(root: Node, ledger: &mut Ledger) -> (Node, App) {
    let whole = Place::root(&root);
    let spec = whole.get("spec").unwrap_or_else(|| whole.clone());
    let app = read_spec(&spec, ledger);
    (root, app)
}

fn read_spec(spec: &Place<'_>, ledger: &mut Ledger) -> App {
    let mut app =
        App { name: spec.get("name").and_then(|place| named(&place, ledger)), ..App::default() };
    ledger.leave(spec, TOP);
    for (key, why, help) in PARTS {
        for part in list(spec, key) {
            ledger.left(&part, *why, help);
        }
    }
    let around = Around {
        envs: spec.get("envs"),
        ports: list(spec, "services").iter().filter_map(component::port).collect(),
        databases: names(spec, "databases"),
    };
    for place in list(spec, "services") {
        app.services.extend(component::read(&place, &around, true, ledger));
    }
    for place in list(spec, "workers") {
        app.services.extend(component::read(&place, &around, false, ledger));
    }
    for place in list(spec, "jobs") {
        let read = component::read(&place, &around, false, ledger);
        let job = read.and_then(|once| job::read(&place, once, &mut app.services, ledger));
        app.jobs.extend(job);
    }
    source::branches(spec, &mut app.environment, ledger);
    routes::read(spec, &mut app, ledger);
    app.track_main(spec, ledger);
    app.choose_front(ledger);
    app
}

/// The name at `place`, as the manifest takes it.
fn named(place: &Place<'_>, ledger: &mut Ledger) -> Option<Word> {
    let text = place.text()?;
    let name = label(text);
    if name != text {
        ledger.changed(place, format!("names are of lower-case letters here: {name}"), "check it");
    }
    if name.is_empty() { None } else { Some(Word::from(name, place)) }
}

fn list<'a>(spec: &Place<'a>, key: &str) -> Vec<Place<'a>> {
    spec.get(key).map_or_else(Vec::new, |place| place.items())
}

fn names(spec: &Place<'_>, key: &str) -> Vec<String> {
    let items = list(spec, key).into_iter();
    items.filter_map(|item| item.text_of("name").map(str::to_owned)).collect()
}
