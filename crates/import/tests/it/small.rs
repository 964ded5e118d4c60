//! Small files, and what is said of them.

use crate::support::imported;

/// What is told of each place, in the order of the report.
fn told(source: &str) -> Vec<String> {
    let report = imported(source).report;
    report.entries.iter().map(|entry| format!("{}: {}", entry.path, entry.why)).collect()
}

#[test]
fn the_first_kamal_asks_where_it_says() {
    let source = "service: hey\nservers: [a]\nhealthcheck: { path: /healthz, port: 4000, cord: x }\ntraefik: { args: { a: b } }\n";
    let imported = imported(source);
    assert!(imported.manifest.contains("http: { port: 4000 }"), "{}", imported.manifest);
    assert!(imported.manifest.contains("ready: { get: /healthz, period: 1s }"));
    let told = told(source);
    assert!(told.contains(&"traefik: the router takes its place".to_owned()), "{told:#?}");
    assert!(!told.iter().any(|line| line.contains("not known here")), "{told:#?}");
}

#[test]
fn the_first_kamal_has_another_default_port() {
    let manifest = imported("service: hey\nservers: [a]\ntraefik: { args: { a: b } }\n").manifest;
    assert!(manifest.contains("http: { port: 3000 }"), "{manifest}");
}

const ROUTED: &str = "\
name: shop
ingress:
  rules:
    - { component: { name: api }, match: { path: { prefix: /api } } }
    - { component: { name: web }, match: { path: { prefix: / } } }
    - { component: { name: other }, match: { path: { prefix: /api/ } } }
    - { component: { name: site }, match: { path: { prefix: /docs } } }
services:
  - { name: api, dockerfile_path: Dockerfile, http_port: 80 }
  - { name: web, dockerfile_path: Dockerfile, http_port: 80, routes: [{ path: / }] }
  - { name: other, image: { registry_type: DOCR, repository: thing, tag: v1 }, http_port: 80 }
static_sites: [{ name: site }]
";

#[test]
fn a_path_that_is_said_twice_is_one() {
    let manifest = imported(ROUTED).manifest;
    assert!(manifest.contains("http: { port: 80, path_prefix: /api, strip_prefix: true }"));
    assert!(manifest.contains("http: { port: 80, path_prefix: / }"), "{manifest}");
    let told = told(ROUTED);
    let has = |line: &str| assert!(told.iter().any(|told| told == line), "{line}\n{told:#?}");
    has("ingress.rules[2].match.path.prefix: api answers this path");
    has("ingress.rules[3]: what it leads to is not here");
    has("services[2].image.repository: its registry at DigitalOcean is not named here");
}

#[test]
fn a_secret_among_arguments_is_told() {
    let told =
        told("services: { a: { image: 'redis:7', command: redis-server --requirepass hunter2 } }");
    let why = "services.a.command: an argument of it looks like a secret";
    assert!(told.iter().any(|line| line.starts_with(why)), "{told:#?}");
}
