//! Rules for services.

use super::{HOUR, Rules};
use crate::environment::Override;
use crate::health::{
    DEFAULT_GATE, Health, Probe, ProbeTarget, in_seconds, worst_case, worst_case_sum,
};
use crate::resolve::{has_one_writer, ready_probe};
use crate::service::{Cache, Delivery, DependencyTarget, Secret, Service, VolumeClass};
use crate::value::{Bytes, Span, Text, VariableName};
use events::ServiceName;
use std::collections::{BTreeMap, BTreeSet};

/// What the engine refuses to go below.
const LEAST_MEMORY: Bytes = Bytes::new(6 << 20);
const MOST_REPLICAS: u32 = 100;
const SHORTEST_PERIOD: Span = Span::millis(100);

pub(super) fn check(rules: &mut Rules<'_>) {
    let manifest = rules.manifest;
    if manifest.services.is_empty() {
        rules.broken("services", "there is no service", "write what runs under `services`");
    }
    for (name, service) in &manifest.services {
        let path = format!("services.{name}");
        running(rules, &path, service);
        given(rules, &path, &service.env, &service.secrets);
        volumes(rules, &path, service);
        depends(rules, &path, name, service);
        health(rules, &format!("{path}.health"), service);
        if let Some(asked) = &service.cache {
            cache(rules, &format!("{path}.cache"), service, asked);
        }
    }
    cycles(rules);
}

pub(super) fn resources(
    rules: &mut Rules<'_>,
    path: &str,
    memory: Option<Bytes>,
    pids: Option<u32>,
) {
    if memory.is_some_and(|memory| memory < LEAST_MEMORY) {
        let message = "less memory than a container needs";
        rules.broken(format!("{path}.memory"), message, format!("use at least {LEAST_MEMORY}"));
    }
    if let Some(pids) = pids {
        rules.between(&format!("{path}.pids"), pids, 1, 4_194_304);
    }
}

/// What an environment changes of a service.
pub(super) fn overridden(rules: &mut Rules<'_>, path: &str, name: &ServiceName, over: &Override) {
    resources(rules, &format!("{path}.resources"), over.resources.memory, over.resources.pids);
    given(rules, path, &over.env, &over.secrets);
    let Some(replicas) = over.replicas else { return };
    let path = format!("{path}.replicas");
    rules.between(&path, replicas, 1, MOST_REPLICAS);
    if let Some(service) = rules.manifest.services.get(name) {
        one_writer(rules, &path, service, replicas);
    }
}

fn running(rules: &mut Rules<'_>, path: &str, service: &Service) {
    for (key, command) in [("command", &service.command), ("entrypoint", &service.entrypoint)] {
        if let Some(command) = command {
            rules.command(&format!("{path}.{key}"), command);
        }
    }
    // Without requests to answer it may be there for its image alone, which jobs run in.
    let least = u32::from(service.http.is_some());
    rules.between(&format!("{path}.replicas"), service.replicas, least, MOST_REPLICAS);
    one_writer(rules, &format!("{path}.replicas"), service, service.replicas);
    let limits = &service.resources;
    resources(rules, &format!("{path}.resources"), limits.memory, Some(limits.pids));
    rules.lasts(&format!("{path}.stop.drain"), service.stop.drain, Span::ZERO, HOUR);
    rules.lasts(&format!("{path}.stop.grace"), service.stop.grace, Span::ZERO, HOUR);
    rules.lasts(&format!("{path}.warmup.for"), service.warmup.lasts, Span::ZERO, HOUR);
    if let Some(build) = service.source.build() {
        let longest = HOUR.times(6);
        rules.lasts(&format!("{path}.build.timeout"), build.timeout, Span::seconds(1), longest);
    }
    if service.http.is_none() && !service.warmup.requests.is_empty() {
        let help = "give the service `http`, or leave out the requests";
        rules.broken(format!("{path}.warmup.requests"), "the service serves no http", help);
    }
    for (n, request) in service.warmup.requests.iter().enumerate() {
        rules.between(&format!("{path}.warmup.requests[{n}].times"), request.times, 1, 10_000);
    }
}

fn one_writer(rules: &mut Rules<'_>, path: &str, service: &Service, replicas: u32) {
    if replicas > 1 && has_one_writer(service) {
        let message = format!("{replicas} instances would write one data volume");
        let help = "keep one instance, or say `class: model`, `class: cache` or `replace: beside` if \
                    several may write it";
        rules.broken(path, message, help);
    }
}

/// The variables and secrets of one layer: of a service, or of an environment for it.
fn given(
    rules: &mut Rules<'_>,
    path: &str,
    env: &BTreeMap<VariableName, Text>,
    secrets: &[Secret],
) {
    let mut names = BTreeSet::new();
    for (n, secret) in secrets.iter().enumerate() {
        let path = format!("{path}.secrets[{n}]");
        let name = secret.name.as_str();
        if !names.insert(name) {
            rules.broken(&path, format!("{name} stands twice"), "leave one out");
        }
        let is_file = secret.delivery == Delivery::File;
        if !is_file && env.keys().any(|variable| variable.as_str() == name) {
            rules.broken(&path, format!("{name} is a variable in `env` too"), "keep one of them");
        }
        if !is_file && secret.path.is_some() {
            rules.broken(format!("{path}.path"), "only a file has a path", "add `as: file`");
        }
    }
}

fn volumes(rules: &mut Rules<'_>, path: &str, service: &Service) {
    let (mut names, mut mounts) = (BTreeSet::new(), BTreeSet::new());
    for (n, volume) in service.volumes.iter().enumerate() {
        let path = format!("{path}.volumes[{n}]");
        if !names.insert(&volume.name) {
            let message = format!("volume {} stands twice", volume.name);
            rules.broken(format!("{path}.name"), message, "give the second another name");
        }
        if !mounts.insert(volume.path.as_str().trim_end_matches('/')) {
            let message = format!("{} is taken by another volume", volume.path);
            rules.broken(format!("{path}.path"), message, "mount it elsewhere");
        }
        let others = rules.manifest.services.values().flat_map(|other| &other.volumes);
        let other = others.filter(|v| v.name == volume.name).find(|v| v.class != volume.class);
        if let Some(other) = other {
            let message = format!("volume {} is `class: {}` elsewhere", volume.name, other.class);
            rules.broken(format!("{path}.class"), message, "a volume has one class");
        }
    }
}

fn depends(rules: &mut Rules<'_>, path: &str, name: &ServiceName, service: &Service) {
    for (n, dependency) in service.depends_on.iter().enumerate() {
        let path = format!("{path}.depends_on[{n}]");
        rules.lasts(&format!("{path}.within"), dependency.within, Span::seconds(1), HOUR);
        match &dependency.target {
            DependencyTarget::Service(other) if other == name => {
                rules.broken(&path, "a service cannot wait for itself", "leave it out");
            }
            DependencyTarget::Service(other) => {
                rules.service(&path, other);
            }
            DependencyTarget::Http(url) => {
                let rest = url.as_str().strip_prefix("http://");
                let plain = url.as_str().bytes().all(|b| b.is_ascii_graphic() && b != b'@');
                if !plain || rest.is_none_or(|rest| rest.is_empty() || rest.starts_with('/')) {
                    let message = "this is no plain http address";
                    rules.broken(format!("{path}.http"), message, "write http://HOST:PORT/PATH");
                }
            }
            DependencyTarget::Tcp(_) => {}
        }
    }
}

fn health(rules: &mut Rules<'_>, path: &str, service: &Service) {
    let health = &service.health;
    let port = service.http.as_ref().map(|http| http.port);
    for (key, probe) in [("live", &health.live), ("ready", &health.ready)] {
        let Some(probe) = probe else { continue };
        let path = format!("{path}.{key}");
        asked(rules, &path, probe);
        let needs_port = matches!(probe.target, ProbeTarget::Get(_));
        if needs_port && probe.port.or(port).is_none() {
            let help = "give the probe a `port`, or the service `http`";
            rules.broken(&path, "there is no port to ask", help);
        }
        if !needs_port && probe.port.is_some() {
            let help = "write `tcp: PORT`, or leave it out";
            rules.broken(format!("{path}.port"), "only `get` takes a port", help);
        }
    }
    rules.lasts(&format!("{path}.start_period"), health.start_period, Span::ZERO, HOUR.times(2));
    gate(rules, path, health, ready_probe(health, port).as_ref());
}

fn asked(rules: &mut Rules<'_>, path: &str, probe: &Probe) {
    rules.lasts(&format!("{path}.initial_delay"), probe.initial_delay, Span::ZERO, HOUR);
    rules.lasts(&format!("{path}.period"), probe.period, SHORTEST_PERIOD, Span::seconds(300));
    rules.lasts(&format!("{path}.timeout"), probe.timeout, Span::millis(10), Span::seconds(120));
    rules.between(&format!("{path}.successes"), probe.successes, 1, 50);
    rules.between(&format!("{path}.failures"), probe.failures, 1, 50);
    if let ProbeTarget::Exec(command) = &probe.target {
        rules.command(&format!("{path}.exec"), command);
    }
}

/// A gate that ends before the probes have decided fails releases that are well.
fn gate(rules: &mut Rules<'_>, path: &str, health: &Health, ready: Option<&Probe>) {
    let Some(gate) = health.gate else { return };
    let (needed, sum) = if let Some(probe) = ready {
        (worst_case(health.start_period, probe), worst_case_sum(health.start_period, probe))
    } else {
        let needed = health.start_period.plus(health.steady);
        let terms = [health.start_period, health.steady, needed].map(in_seconds);
        (needed, format!("{} + {} = {}", terms[0], terms[1], terms[2]))
    };
    if gate < needed {
        let (gate, needed) = (in_seconds(gate), in_seconds(needed));
        let message = format!("a gate of {gate} is shorter than the probes need at worst: {sum}");
        let help = format!(
            "make it at least {needed}, or lower `start_period`, `period`, `timeout` or `failures`"
        );
        rules.broken(format!("{path}.gate"), message, help);
    }
}

/// A warm gate without anything that stays, or longer than the cold one, says nothing.
fn cache(rules: &mut Rules<'_>, path: &str, service: &Service, cache: &Cache) {
    rules.command(&format!("{path}.check"), &cache.check);
    rules.lasts(&format!("{path}.within"), cache.within, Span::millis(100), Span::seconds(300));
    rules.lasts(&format!("{path}.gate"), cache.gate, Span::seconds(1), HOUR);
    if service.volumes.iter().all(|volume| volume.class == VolumeClass::Data) {
        let help = "give it a volume of `class: cache`, or leave out `cache`";
        rules.broken(path, "the service has no volume that keeps a cache", help);
    }
    let cold = service.health.gate.unwrap_or(DEFAULT_GATE);
    if cache.gate >= cold {
        let (warm, cold) = (in_seconds(cache.gate), in_seconds(cold));
        let message =
            format!("a gate of {warm} with a warm cache is no shorter than the cold one, {cold}");
        rules.broken(format!("{path}.gate"), message, "make it shorter, or leave out `cache`");
    }
}

/// Services that wait for each other would wait for ever.
fn cycles(rules: &mut Rules<'_>) {
    let waits_for = |name: &ServiceName| -> Vec<ServiceName> {
        let service = rules.manifest.services.get(name);
        let targets = service.into_iter().flat_map(|s| s.depends_on.iter().map(|d| &d.target));
        targets
            .filter_map(|target| match target {
                DependencyTarget::Service(other) if other != name => Some(other.clone()),
                DependencyTarget::Service(_)
                | DependencyTarget::Tcp(_)
                | DependencyTarget::Http(_) => None,
            })
            .collect()
    };
    for name in rules.manifest.services.keys() {
        if super::environments::reaches(name, name, &waits_for) {
            let message = format!("{name} waits for itself through the services it depends on");
            let path = format!("services.{name}.depends_on");
            rules.broken(path, message, "break the circle");
            return;
        }
    }
}
