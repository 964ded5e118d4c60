//! In which order services start: what others depend on first. Pure.

use events::ServiceName;
use manifest::{DependencyTarget, Resolved};
use std::collections::{BTreeMap, BTreeSet};

/// The services in waves: each wave depends only on waves before it. A circle starts together.
pub(crate) fn waves(resolved: &Resolved) -> Vec<BTreeSet<ServiceName>> {
    let mut waiting: BTreeMap<ServiceName, BTreeSet<ServiceName>> = resolved
        .services
        .keys()
        .map(|service| (service.clone(), needs(resolved, service)))
        .collect();
    let mut waves = Vec::new();
    while !waiting.is_empty() {
        let free: BTreeSet<ServiceName> = waiting
            .iter()
            .filter(|(_, needs)| needs.iter().all(|need| !waiting.contains_key(need)))
            .map(|(service, _)| service.clone())
            .collect();
        let wave = if free.is_empty() { waiting.keys().cloned().collect() } else { free };
        waiting.retain(|service, _| !wave.contains(service));
        waves.push(wave);
    }
    waves
}

/// The services of the app that `service` waits for, by name or by an address whose host is their name.
fn needs(resolved: &Resolved, service: &ServiceName) -> BTreeSet<ServiceName> {
    let depends_on = resolved.services.get(service).map(|s| s.depends_on.as_slice());
    let name = |target: &DependencyTarget| match target {
        DependencyTarget::Service(name) => Some(name.clone()),
        DependencyTarget::Tcp(address) => {
            let text = address.to_string();
            ServiceName::parse(text.rsplit_once(':')?.0).ok()
        }
        DependencyTarget::Http(_) => None,
    };
    depends_on
        .unwrap_or_default()
        .iter()
        .filter_map(|dependency| name(&dependency.target))
        .filter(|name| name != service && resolved.services.contains_key(name))
        .collect()
}
