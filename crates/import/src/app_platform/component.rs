//! A component of a spec: what runs, with what.

use super::left::COMPONENT;
use super::{Around, env, health, named, size, source};
use crate::form::{Http, Service};
use crate::ledger::{Ledger, NOTHING};
use crate::place::Place;
use crate::shell;
use crate::tree::Word;

/// What App Platform takes for the port when none is written.
const DEFAULT_PORT: &str = "8080";

/// The name and port of the service at `place`, for addresses in variables.
pub(super) fn port(place: &Place<'_>) -> Option<(String, String)> {
    let internal = place.get("internal_ports").and_then(|ports| ports.items().into_iter().next());
    let port = place.text_of("http_port").or_else(|| internal?.text()).unwrap_or(DEFAULT_PORT);
    Some((place.text_of("name")?.to_owned(), port.to_owned()))
}

/// The component at `place`; only what `serves` has a port.
pub(super) fn read(
    place: &Place<'_>,
    around: &Around<'_>,
    serves: bool,
    ledger: &mut Ledger,
) -> Option<Service> {
    let Some(name) = place.get("name").and_then(|name| named(&name, ledger)) else {
        ledger.left(place, "it has no name", "write it under `services` by hand");
        return None;
    };
    let mut service = Service::new(name, place);
    ledger.leave(place, COMPONENT);
    service.image = source::image(place, ledger);
    if service.image.is_none() {
        service.build = Some(source::build(place, ledger));
    }
    command(place, &mut service, ledger);
    if serves {
        http(place, &mut service, ledger);
    }
    env::read(place, around, &mut service, ledger);
    scale(place, &mut service, ledger);
    let port = service.http.as_ref().map(|http| http.port.clone());
    if let Some(check) = place.get("health_check") {
        service.ready = health::probe(&check, port.as_ref(), health::READY, ledger);
    }
    if let Some(check) = place.get("liveness_health_check") {
        service.live = health::probe(&check, port.as_ref(), health::LIVE, ledger);
    }
    if let Some(end) = place.get("termination") {
        service.drain = health::seconds(&end, "drain_seconds");
        service.grace = health::seconds(&end, "grace_period_seconds");
    }
    Some(service)
}

fn command(place: &Place<'_>, service: &mut Service, ledger: &mut Ledger) {
    let Some(run) = place.get("run_command") else { return };
    let Some(line) = run.text() else { return };
    let (words, shell) = shell::arguments(line);
    if shell {
        let why = "there is no shell here, so one in the container is asked";
        ledger.changed(&run, why, "write it as a list of arguments if you can");
    }
    service.command = Word::all(words, &run);
}

fn http(place: &Place<'_>, service: &mut Service, ledger: &mut Ledger) {
    service.published = true;
    let port = match place.get("http_port").and_then(|port| Word::of(&port)) {
        Some(port) => port,
        None if place.get("internal_ports").is_some() => return,
        None => {
            let why = format!("App Platform's default port {DEFAULT_PORT} is written out");
            ledger.added(place, why, "check that it listens there");
            Word::new(DEFAULT_PORT)
        }
    };
    let mut http = Http::on(port);
    if let Some(protocol) = place.get("protocol") {
        let ours = if protocol.is("HTTP2") { "h2c" } else { "http1" };
        http.protocol = Some(Word::from(ours, &protocol));
    }
    service.http = Some(http);
}

fn scale(place: &Place<'_>, service: &mut Service, ledger: &mut Ledger) {
    service.replicas = place.get("instance_count").and_then(|count| Word::of(&count));
    if let Some(scaling) = place.get("autoscaling") {
        match scaling.get("min_instance_count") {
            Some(least) if service.replicas.is_some() => {
                ledger.left(&least, "the number of instances is written", NOTHING);
            }
            least => {
                service.replicas = service.replicas.take().or(least.and_then(|it| Word::of(&it)));
            }
        }
        for key in ["max_instance_count", "metrics"] {
            if let Some(part) = scaling.get(key) {
                let why = "the number of instances does not follow the load";
                ledger.left(&part, why, "write the `replicas` you need at most times");
            }
        }
    }
    let Some(slug) = place.get("instance_size_slug") else { return };
    match slug.text().and_then(size::meaning) {
        Some((cpus, memory)) => {
            service.cpus = Some(Word::from(cpus, &slug));
            service.memory = Some(Word::from(memory, &slug));
        }
        None => ledger.left(&slug, "this size is not known", "write `resources`"),
    }
}
