//! What the proxy is told: hosts, ports, paths, health, and how long things may take.

use super::left::{FIRST_HEALTH, PROXY};
use crate::amount;
use crate::form::{Ask, Environment, Http, Probe, Service};
use crate::ledger::{Ledger, NOTHING};
use crate::place::Place;
use crate::tree::Word;

/// What Kamal asks where nothing is written.
const PATH: &str = "/up";
const PORT: &str = "80";
const INTERVAL: &str = "1s";
/// The first Kamal had its probe at the top, and another port.
const FIRST_PORT: &str = "3000";

/// What is told of one thing: what a role says counts before what stands at the top.
pub(super) type Proxies<'a> = [Option<Place<'a>>; 2];

fn get<'a>(proxies: &Proxies<'a>, key: &str) -> Option<Place<'a>> {
    proxies.iter().flatten().find_map(|proxy| proxy.get(key))
}

/// Hosts and limits, which belong to the environment.
pub(super) fn of_environment(proxies: &Proxies<'_>, to: &mut Environment, ledger: &mut Ledger) {
    for proxy in proxies.iter().flatten() {
        ledger.leave(proxy, PROXY);
    }
    for key in ["host", "hosts"] {
        for host in get(proxies, key).map_or_else(Vec::new, |hosts| hosts.one_or_many()) {
            let names = host.text().unwrap_or_default().split(',').map(str::trim);
            to.hosts.extend(names.map(|name| Word::from(name, &host)));
        }
    }
    to.timeout = get(proxies, "response_timeout").and_then(|place| span_of(&place));
    let Some(buffering) = get(proxies, "buffering") else { return };
    for (key, place) in buffering.entries() {
        match key {
            "max_request_body" => {
                to.body = place.text().and_then(amount::bytes).map(|size| Word::from(size, &place));
            }
            _ => ledger.left(&place, "bodies are passed on as they come", NOTHING),
        }
    }
}

/// Lets `service` serve what `proxies` say, as `root` sets the times.
pub(super) fn serve(
    service: &mut Service,
    proxies: &Proxies<'_>,
    root: &Place<'_>,
    ledger: &mut Ledger,
) {
    let home = proxies.iter().flatten().next().unwrap_or(root);
    let get = |key| get(proxies, key);
    let first = root.get("healthcheck").filter(Place::is_map);
    let first_port = first.as_ref().and_then(|first| first.get("port"));
    let port = get("app_port").or(first_port).and_then(|port| Word::of(&port));
    let port = port.unwrap_or_else(|| {
        let is_first = first.is_some() || root.get("traefik").is_some();
        let port = if is_first { FIRST_PORT } else { PORT };
        let why = format!("Kamal's default port {port} is written out");
        ledger.added(home, why, "check that it listens there");
        Word::new(port)
    });
    if let Some(first) = &first {
        ledger.leave(first, FIRST_HEALTH);
    }
    let mut http = Http::on(port);
    http.path_prefix = get("path_prefix").and_then(|prefix| Word::of(&prefix));
    http.strip_prefix = get("strip_path_prefix").and_then(|strip| Word::of(&strip));
    if http.path_prefix.is_some() && http.strip_prefix.is_none() {
        http.strip_prefix = Some(Word::new("true"));
    }
    service.http = Some(http);
    service.published = true;
    let is_own = get("healthcheck").is_some();
    let mut ready = probe(get("healthcheck").or(first).as_ref(), home, ledger);
    if let (false, Ask::Get { port, .. }) = (is_own, &mut ready.ask) {
        // It asks where the service listens.
        *port = None;
    }
    service.ready = Some(ready);
    service.gate = span(root, "deploy_timeout");
    service.drain = span(root, "drain_timeout");
}

fn probe(check: Option<&Place<'_>>, home: &Place<'_>, ledger: &mut Ledger) -> Probe {
    let path = check.and_then(|check| check.get("path")).and_then(|path| Word::of(&path));
    let port = check.and_then(|check| check.get("port")).and_then(|port| Word::of(&port));
    let path = path.unwrap_or_else(|| {
        let why = format!("Kamal asks for {PATH} where nothing is written, and so it is here");
        ledger.added(home, why, "leave out the probe if it is not answered");
        Word::new(PATH)
    });
    let mut probe = Probe::new(Ask::Get { path, port });
    let own = |key| check.and_then(|check| span(check, key));
    probe.period = own("interval").or_else(|| Some(Word::new(INTERVAL)));
    probe.timeout = own("timeout");
    probe
}

/// A number of seconds, or a duration.
pub(super) fn span(place: &Place<'_>, key: &str) -> Option<Word> {
    place.get(key).and_then(|place| span_of(&place))
}

fn span_of(place: &Place<'_>) -> Option<Word> {
    let text = place.text()?;
    Some(Word::from(amount::duration(text).unwrap_or_else(|| text.to_owned()), place))
}
