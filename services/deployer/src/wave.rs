//! In which order services start: what others depend on first. Pure.

use events::ServiceName;
use manifest::Resolved;
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
    depends_on
        .unwrap_or_default()
        .iter()
        .filter_map(|dependency| resolved.sibling(dependency))
        .filter(|name| name != service)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(depends_on: &str) -> Vec<String> {
        let text = format!(
            "app: shop\nservices:\n  api: {{ build: ., depends_on: [{depends_on}] }}\n  db: {{ image: postgres }}\n\
             environments: {{ p: {{ track: {{ branch: x }} }} }}"
        );
        let manifest = manifest::parse(&text).expect("good");
        let environment = "p".parse().expect("a name");
        let resolved = manifest::resolve(&manifest, &manifest, &environment).expect("resolves");
        let wave = |wave: BTreeSet<ServiceName>| {
            wave.iter().map(ToString::to_string).collect::<Vec<_>>().join("+")
        };
        waves(&resolved).into_iter().map(wave).collect()
    }

    #[test]
    fn a_service_starts_after_the_one_it_depends_on_however_that_is_named() {
        for sibling in [
            "db",
            "{ tcp: \"db:5432\" }",
            "{ http: \"http://db:8080/ready\" }",
            "{ http: \"http://db/\" }",
        ] {
            assert_eq!(order(sibling), ["db", "api"], "{sibling}");
        }
        assert_eq!(order("{ http: \"http://db.example.com/\" }"), ["api+db"]);
    }
}
