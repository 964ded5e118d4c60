//! A Compose file, `docker-compose.yml` or `compose.yaml`.

mod build;
mod deploy;
mod env;
mod extends;
mod health;
mod interpolate;
mod left;
mod ports;
mod service;
mod top;
mod volumes;

pub(crate) use ports::is_http;

use crate::form::App;
use crate::ledger::Ledger;
use crate::name::label;
use crate::once::{When, job};
use crate::place::{Mark, Place};
use crate::tree::Word;
use interpolate::Gaps;
use manifest::yaml::Node;

/// The app that `root` describes, and `root` as it was read: with what it extends and interpolates.
pub(crate) fn read(root: Node, ledger: &mut Ledger) -> (Node, App) {
    let (root, gaps) = interpolate::interpolated(root);
    let root = extends::extended(root, ledger);
    let whole = Place::root(&root);
    let app = read_whole(&whole, &gaps, ledger);
    interpolate::tell(&whole, &gaps, ledger);
    (root, app)
}

fn read_whole(root: &Place<'_>, gaps: &Gaps, ledger: &mut Ledger) -> App {
    let mut app = App { name: top::name(root, ledger), ..App::default() };
    let services = root.get("services").map_or_else(Vec::new, |place| place.all_entries());
    let awaited = awaited(&services);
    let mut once = Vec::new();
    for (name, place) in &services {
        let waits = awaited.iter().filter(|(other, _)| other == name);
        let marks: Vec<Mark> = waits.map(|(_, condition)| condition.mark()).collect();
        let Some(service) = service::read(name, place, gaps, ledger) else { continue };
        if marks.is_empty() {
            app.services.push(service);
        } else {
            once.push((service, marks, place));
        }
    }
    for (service, marks, place) in once {
        let when = When::at(Word { text: "before_release".to_owned(), from: marks });
        app.jobs.extend(job(service, when, &mut app.services, place, ledger));
    }
    order(&services, &awaited, ledger);
    top::read(root, &mut app, ledger);
    app.track_main(root, ledger);
    app.choose_front(ledger);
    app
}

/// Tells of jobs that wait for others and would begin before them: those of a release run by their names.
fn order(services: &[(&str, Place<'_>)], awaited: &[(&str, Place<'_>)], ledger: &mut Ledger) {
    let is_job = |name: &str| awaited.iter().any(|(other, _)| *other == name);
    for (name, place) in services.iter().filter(|(name, _)| is_job(name)) {
        for (first, condition) in awaited {
            let is_own = condition.path.starts_with(&format!("{}.", place.path));
            if is_own && label(first) > label(name) {
                let why = format!("jobs run in the order of their names, so {name} before {first}");
                ledger.changed(condition, why, "rename them so that the one awaited comes first");
            }
        }
    }
}

/// The services that others wait for to end well, with the place that says so.
fn awaited<'a>(services: &[(&'a str, Place<'a>)]) -> Vec<(&'a str, Place<'a>)> {
    let mut awaited = Vec::new();
    for (_, place) in services {
        let waits = place.get("depends_on").map_or_else(Vec::new, |waits| waits.entries());
        for (name, wait) in waits {
            let condition = wait.get("condition");
            awaited.extend(
                condition.filter(|it| it.is("service_completed_successfully")).map(|it| (name, it)),
            );
        }
    }
    awaited
}
