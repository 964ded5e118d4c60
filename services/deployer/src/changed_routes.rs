//! Which routes tell a candidate from the stable release: those behind which instances of its own answer. Where a service
//! did not change both releases share its instances, and its requests only water down what the others tell. Pure.

use crate::content::Content;
use crate::table::{name_of_rule, route_name};
use events::{AppName, EnvironmentName};
use std::collections::BTreeSet;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChangedRoutes {
    /// The names of those that tell nothing.
    shared: BTreeSet<String>,
}

impl ChangedRoutes {
    /// Between two releases of `place`. Where no service with a route changed none tells less than another, and all count.
    pub(crate) fn between(
        stable: Option<&Content>,
        candidate: &Content,
        place: (&AppName, &EnvironmentName),
    ) -> Self {
        let changed = &candidate.changed_from(stable);
        // The table names routes as the release with most of the traffic does, which may be either.
        let named = stable.into_iter().chain([candidate]).flat_map(|content| {
            let rules = content.resolved.routes.iter();
            rules.map(move |rule| {
                let name = name_of_rule(route_name(place.0, place.1), content, rule);
                (name, changed.contains(&rule.service))
            })
        });
        let (telling, rest): (Vec<_>, Vec<_>) = named.partition(|(_, is_changed)| *is_changed);
        let telling: BTreeSet<String> = telling.into_iter().map(|(name, _)| name).collect();
        let mut shared: BTreeSet<String> = rest.into_iter().map(|(name, _)| name).collect();
        shared.retain(|name| !telling.is_empty() && !telling.contains(name));
        Self { shared }
    }

    /// Whether what the router measured of this route counts.
    pub(crate) fn tell(&self, route: &str) -> bool {
        !self.shared.contains(route)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::payload::ImageV1;
    use events::{Digest, ServiceName};
    use std::collections::BTreeMap;

    /// Services and the digit that their image is made of.
    fn content(paths: &str, images: &[(&str, char)]) -> Content {
        let services: Vec<String> =
            images.iter().map(|(name, _)| format!("{name}: {{ build: ., http: 80 }}")).collect();
        let text = format!(
            "app: shop\nservices: {{ {} }}\nenvironments: {{ production: {{ track: {{ branch: main }}, paths: {{ {paths} }} }} }}",
            services.join(", ")
        );
        let manifest = manifest::parse(&text).expect("a manifest");
        let (_, environment) = place();
        let resolved = manifest::resolve(&manifest, &manifest, &environment).expect("it resolves");
        let image = |(name, digit): &(&str, char)| {
            let digest = format!("sha256:{}", digit.to_string().repeat(64));
            let digest = Digest::parse(&digest).expect("valid");
            let image = ImageV1 { repository: "r".to_owned(), digest };
            (ServiceName::parse(name).expect("valid"), image)
        };
        Content { resolved, images: images.iter().map(image).collect(), secrets: BTreeMap::new() }
    }

    fn place() -> (AppName, EnvironmentName) {
        let environment = EnvironmentName::parse("production").expect("a name");
        (AppName::parse("shop").expect("a name"), environment)
    }

    /// The longer path comes first and has the plain name.
    const BOTH: &str = "/: web, /api: api";

    fn telling(stable: Option<&Content>, candidate: &Content) -> Vec<&'static str> {
        let (app, environment) = place();
        let routes = ChangedRoutes::between(stable, candidate, (&app, &environment));
        let all = ["shop/production", "shop/production/web/"];
        all.into_iter().filter(|route| routes.tell(route)).collect()
    }

    #[test]
    fn a_service_that_did_not_change_tells_nothing() {
        let stable = content(BOTH, &[("web", '1'), ("api", '1')]);
        let api = content(BOTH, &[("web", '1'), ("api", '2')]);
        assert_eq!(telling(Some(&stable), &api), ["shop/production"]);
        let web = content(BOTH, &[("web", '2'), ("api", '1')]);
        assert_eq!(telling(Some(&stable), &web), ["shop/production/web/"]);
    }

    #[test]
    fn a_name_that_means_a_changed_service_in_one_of_the_two_counts() {
        let stable = content("/: web", &[("web", '1'), ("api", '1')]);
        let candidate = content(BOTH, &[("web", '1'), ("api", '2')]);
        assert_eq!(telling(Some(&stable), &candidate), ["shop/production"]);
    }

    #[test]
    fn all_count_of_a_first_release_and_where_nothing_with_a_route_changed() {
        let stable = content(BOTH, &[("web", '1'), ("api", '1'), ("mail", '1')]);
        let candidate = content(BOTH, &[("web", '1'), ("api", '1'), ("mail", '2')]);
        assert_eq!(telling(Some(&stable), &candidate).len(), 2);
        assert_eq!(telling(None, &candidate).len(), 2);
    }
}
