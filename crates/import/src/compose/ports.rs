//! Ports: one is served by the router, none is taken on the host.

use crate::form::{Http, Service};
use crate::ledger::{Ledger, NOTHING};
use crate::place::Place;
use crate::tree::Word;

/// Ports of databases, brokers and mail, which speak no HTTP.
const OTHER: [u16; 17] = [
    22, 25, 465, 587, 1433, 1521, 2181, 3306, 4222, 5432, 5672, 6379, 9042, 9092, 11211, 26379,
    27017,
];

/// One line of `ports`.
#[derive(Debug, PartialEq, Eq)]
struct Port {
    host: Option<String>,
    target: String,
    udp: bool,
}

/// Whether what listens there is asked by HTTP, as far as the number says.
pub(crate) fn is_http(port: &str) -> bool {
    port.parse::<u16>().is_ok_and(|port| port > 0 && !OTHER.contains(&port))
}

/// Gives `service` the port it serves.
pub(super) fn read(place: &Place<'_>, service: &mut Service, ledger: &mut Ledger) {
    for item in place.get("ports").map_or_else(Vec::new, |ports| ports.one_or_many()) {
        published(&item, service, ledger);
    }
    for item in place.get("expose").map_or_else(Vec::new, |ports| ports.one_or_many()) {
        let text = item.text().unwrap_or_default();
        if service.http.is_none() && is_http(text) {
            service.http = Some(Http::on(Word::from(text, &item)));
        } else {
            ledger.left(&item, "services reach each other on every port", NOTHING);
        }
    }
}

fn published(item: &Place<'_>, service: &mut Service, ledger: &mut Ledger) {
    let Some(port) = long(item).or_else(|| item.text().map(short)) else {
        return ledger.left(item, "it names no port of the service", "give it a target");
    };
    let name = &service.name.text;
    if port.udp || !is_http(&port.target) {
        let why = format!("it is not HTTP: services reach it as {name}:{}", port.target);
        ledger.left(item, why, "nothing to do, unless something outside needs it");
    } else if service.http.is_some() {
        let why = format!("one port is served; services reach this as {name}:{}", port.target);
        ledger.left(item, why, "make a service of its own for it if users need it");
    } else {
        let is_private = port.host.as_deref().is_some_and(is_loopback);
        if is_private {
            let why = "only this host reached it, and the router serves what has `http`";
            ledger.changed(item, why, "leave out `http` if users must not reach it");
        } else if let Some(host) = &port.host {
            let why = format!("the router has the ports of the host; {host} is not published");
            ledger.changed(item, why, "users come by the `host` of the environment");
        }
        service.published = !is_private;
        service.http = Some(Http::on(Word::from(port.target, item)));
    }
}

/// Whether `host`, an address with or without a port, is only reached from itself.
fn is_loopback(host: &str) -> bool {
    ["127.", "localhost:", "[::1]", "::1"].iter().any(|start| host.starts_with(start))
}

/// `[[ADDRESS:]PUBLISHED:]TARGET[/PROTOCOL]`
fn short(text: &str) -> Port {
    let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let (host, target) = match ports.rsplit_once(':') {
        Some((host, target)) => (Some(host.to_owned()), target),
        None => (None, ports),
    };
    Port { host, target: target.to_owned(), udp: protocol != "tcp" }
}

fn long(item: &Place<'_>) -> Option<Port> {
    let target = item.text_of("target")?.to_owned();
    let host = item.text_of("host_ip").or_else(|| item.text_of("published")).map(str::to_owned);
    let udp = item.text_of("protocol").is_some_and(|protocol| protocol != "tcp");
    Some(Port { host, target, udp })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_inside_is_what_counts() {
        assert_eq!(short("127.0.0.1:5001:5000").target, "5000");
        assert_eq!(short("5000").host, None);
        assert!(short("53:53/udp").udp);
        let host = |text| short(text).host.is_some_and(|host| is_loopback(&host));
        assert!(host("127.0.0.1:8080:80") && host("[::1]:8080:80") && !host("8080:80"));
        assert!(is_http("8000") && !is_http("5432") && !is_http("3000-3005") && !is_http(""));
    }
}
