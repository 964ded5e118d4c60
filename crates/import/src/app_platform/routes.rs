//! Hosts and paths: domains, routes of services, and rules of ingress.

use super::list;
use crate::form::{App, Service};
use crate::ledger::{Known, Ledger, NOTHING};
use crate::name::label;
use crate::place::Place;
use crate::tree::Word;

const RULE: &[Known] =
    &[("cors", "the router adds no headers", "let the service answer with them")];

/// A path, the service that it leads to, and whether it is kept.
type Route = (Word, String, Option<Word>);

/// Reads what leads users to the services of `app`.
pub(super) fn read(spec: &Place<'_>, app: &mut App, ledger: &mut Ledger) {
    for domain in list(spec, "domains") {
        host(&domain, app, ledger);
    }
    let mut routes: Vec<Route> = Vec::new();
    for service in list(spec, "services") {
        let Some(name) = service.text_of("name").map(label) else { continue };
        let below = list(&service, "routes").into_iter();
        routes.extend(below.filter_map(|route| {
            let path = route.get("path").and_then(|path| Word::of(&path))?;
            Some((path, name.clone(), kept(&route)))
        }));
    }
    let ingress = spec.get("ingress");
    for rule in ingress.iter().flat_map(|ingress| list(ingress, "rules")) {
        let ruled = ruled(&rule, ledger);
        let is_here = |(_, name, _): &Route| app.services.iter().any(|it| it.name.text == *name);
        if ruled.as_ref().is_some_and(|route| !is_here(route)) {
            let help = "serve it from a service with `http`, and give that the path";
            ledger.left(&rule, "what it leads to is not here", help);
        } else {
            routes.extend(ruled);
        }
    }
    for (prefix, ..) in &mut routes {
        let trimmed = prefix.text.trim_end_matches('/');
        prefix.text = if trimmed.is_empty() { "/".to_owned() } else { trimmed.to_owned() };
    }
    let routes = distinct(routes, ledger);
    let several = routes
        .iter()
        .any(|(_, name, _)| routes.iter().filter(|(_, other, _)| other == name).count() > 1);
    for (prefix, name, keep) in routes {
        let service = app.services.iter_mut().find(|service| service.name.text == name);
        if several {
            app.environment.paths.push((prefix.clone(), Word::new(name)));
        }
        if let Some(service) = service {
            route(service, (prefix, keep), several, ledger);
        }
    }
}

/// Each path once: routes and rules may say the same.
fn distinct(routes: Vec<Route>, ledger: &mut Ledger) -> Vec<Route> {
    let mut distinct: Vec<Route> = Vec::new();
    for (prefix, name, keep) in routes {
        let Some(first) = distinct.iter_mut().find(|it| it.0.text == prefix.text) else {
            distinct.push((prefix, name, keep));
            continue;
        };
        if first.1 == name {
            first.0.from.extend(prefix.from);
            first.2 = first.2.take().or(keep);
            continue;
        }
        for mark in &prefix.from {
            let why = format!("{} answers this path", first.1);
            ledger.left_at(mark, why, "give each service its own path".to_owned());
        }
    }
    distinct
}

fn route(
    service: &mut Service,
    (prefix, keep): (Word, Option<Word>),
    several: bool,
    ledger: &mut Ledger,
) {
    let Some(http) = &mut service.http else { return };
    let known = http.strip_prefix.take();
    let wanted = keep.as_ref().is_none_or(|keep| keep.text == "false");
    // To take `/` away changes nothing.
    let strip = match &known {
        Some(known) if prefix.text == "/" => known.text == "true",
        _ => wanted && prefix.text != "/",
    };
    let from = keep.map_or_else(Vec::new, |keep| keep.from);
    if known.as_ref().is_some_and(|known| known.text != strip.to_string()) {
        let why = format!("all paths of a service are alike: `strip_prefix` is {strip}");
        if let Some(mark) = from.first().or(prefix.from.first()) {
            ledger.changed_at(mark, why, "let the service answer paths as they come");
        }
    }
    let from = known.map_or_else(Vec::new, |known| known.from).into_iter().chain(from);
    let from: Vec<_> = from.collect();
    if strip || !from.is_empty() {
        http.strip_prefix = Some(Word { text: strip.to_string(), from });
    }
    if !several {
        http.path_prefix = Some(prefix);
    }
}

/// `preserve_path_prefix`, if it is written.
fn kept(route: &Place<'_>) -> Option<Word> {
    route.get("preserve_path_prefix").and_then(|keep| Word::of(&keep))
}

fn host(domain: &Place<'_>, app: &mut App, ledger: &mut Ledger) {
    let Some(name) = domain.get("domain").and_then(|place| Word::of(&place)) else {
        if let Some(name) = Word::of(domain) {
            app.environment.hosts.push(name);
        }
        return;
    };
    if let Some(all) = domain.get("wildcard") {
        if all.is("true") {
            let host = format!("*.{}", name.text);
            app.environment.hosts.push(Word::from(host, &all));
        } else {
            ledger.left(&all, "only the host itself is served", NOTHING);
        }
    }
    app.environment.hosts.push(name);
    let known: &[Known] = &[
        ("type", "all hosts of an environment are alike", NOTHING),
        ("zone", "names are not set by the platform", "point the name at your host"),
        ("certificate", "the router has no TLS yet", "end TLS before the router"),
        ("minimum_tls_version", "the router has no TLS yet", "end TLS before the router"),
    ];
    ledger.leave(domain, known);
}

/// A rule that leads a path to a component.
fn ruled(rule: &Place<'_>, ledger: &mut Ledger) -> Option<Route> {
    let Some(component) = rule.get("component") else {
        let help = "let a service answer with the redirect";
        ledger.left(rule, "the router redirects nothing", help);
        return None;
    };
    ledger.leave(rule, RULE);
    let name = component.get("name")?;
    let known: &[Known] =
        &[("rewrite", "paths are not rewritten", "let the service answer the path as it comes")];
    ledger.leave(&component, known);
    let matched = rule.get("match");
    let authority = matched.as_ref().and_then(|matched| matched.get("authority"));
    if let Some(authority) = authority {
        let help = "make an app of its own for what answers to another host";
        ledger.left(&authority, "all hosts of an environment have the same paths", help);
    }
    let path = matched.and_then(|matched| matched.get("path"));
    let exact = path.as_ref().and_then(|path| path.get("exact"));
    if let Some(exact) = &exact {
        let help = "let the service answer what is below it";
        ledger.changed(exact, "a path leads here with all below it", help);
    }
    let prefix = path.and_then(|path| path.get("prefix")).or(exact);
    let prefix = prefix.as_ref().and_then(Word::of).unwrap_or_else(|| Word::new("/"));
    Some((prefix.and(&name), label(name.text()?), kept(&component)))
}
