//! The router's table against the release: each host and path goes to the release that lives, and to its
//! instances where they are. Pure.

use crate::compare::FieldDiff;
use crate::diff::place_of;
use crate::expected::Instance;
use crate::observed::{Observed, Process};
use crate::policy::Routed;
use events::ReleaseId;
use proto::v1::{Route, RouteTable, Target};
use std::collections::BTreeSet;

/// What differs in the router's table.
pub fn compare(
    wanted: &[Routed],
    release: ReleaseId,
    (instances, found): (&[Instance], &[Observed]),
    table: &RouteTable,
) -> Vec<FieldDiff> {
    let mut differences = Vec::new();
    for routed in wanted {
        let field = |what: &str| format!("routes.{}{what}", routed.path_prefix);
        let hosts = routed.hosts.iter().cloned().collect::<Vec<_>>().join(" ");
        let Some(route) = table.routes.iter().find(|route| is_same(route, routed)) else {
            let to = format!("{hosts} to {}", routed.service);
            differences.push(diff(field(""), &to, ""));
            continue;
        };
        let serving: Vec<&Target> = route.targets.iter().filter(|it| it.weight > 0).collect();
        let releases: BTreeSet<&str> = serving.iter().map(|it| it.release.as_str()).collect();
        if releases != BTreeSet::from([release.to_string().as_str()]) {
            let now = releases.into_iter().collect::<Vec<_>>().join(" ");
            differences.push(diff(field(".release"), &release.to_string(), &now));
        }
        let own = instances.iter().filter(|instance| instance.service == routed.service);
        let (expected, now) = (addresses(own, found), upstreams(&serving));
        let known = |address: &String| expected.iter().any(|(_, at)| at.contains(address));
        let strange = now.iter().any(|address| !known(address));
        let running = expected.iter().any(|(is_running, _)| *is_running);
        if strange || (now.is_empty() && running) {
            let all = expected.iter().flat_map(|(_, at)| at.iter().cloned());
            let all: Vec<String> = all.collect();
            let now = now.into_iter().collect::<Vec<_>>().join(" ");
            differences.push(diff(field(".instances"), &all.join(" "), &now));
        }
    }
    differences
}

fn is_same(route: &Route, routed: &Routed) -> bool {
    let hosts: BTreeSet<String> = route.hosts.iter().cloned().collect();
    route.path_prefix == routed.path_prefix && hosts == routed.hosts
}

/// Of each instance, whether it runs and everything it may be called by: instance and address.
fn addresses<'a>(
    own: impl Iterator<Item = &'a Instance>,
    found: &[Observed],
) -> Vec<(bool, BTreeSet<String>)> {
    let of = |instance: &Instance| {
        let Some(observed) = place_of(instance, found) else { return (false, BTreeSet::new()) };
        let at = observed.addresses.iter().map(|ip| format!("{}@{ip}", instance.id));
        (observed.process == Process::Running, at.collect())
    };
    own.map(of).collect()
}

/// The same of the table, without ports.
fn upstreams(serving: &[&Target]) -> BTreeSet<String> {
    let all = serving.iter().flat_map(|target| &target.upstreams);
    let ip = |address: &str| {
        address
            .parse::<std::net::SocketAddr>()
            .map_or_else(|_| address.to_owned(), |at| at.ip().to_string())
    };
    all.map(|upstream| format!("{}@{}", upstream.instance, ip(&upstream.address))).collect()
}

fn diff(field: String, released: &str, now: &str) -> FieldDiff {
    let (released, now) = (released.to_owned(), now.to_owned());
    FieldDiff { field, baseline: released.clone(), released, now }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::tests::{observed, uid, wanted};
    use proto::v1::Upstream;
    use uuid::Uuid;

    fn live() -> ReleaseId {
        ReleaseId::new(Uuid::from_u128(7))
    }

    fn table(change: impl FnOnce(&mut Target)) -> RouteTable {
        let at = Upstream { instance: uid(1).to_string(), address: "10.0.0.2:80".to_owned() };
        let mut target = Target {
            release: live().to_string(),
            weight: 100,
            upstreams: vec![at],
            ..Target::default()
        };
        change(&mut target);
        let route = Route {
            hosts: vec!["shop.example".to_owned()],
            path_prefix: "/".to_owned(),
            targets: vec![target],
            ..Route::default()
        };
        RouteTable { generation: 3, routes: vec![route] }
    }

    fn differ(table: &RouteTable) -> Vec<String> {
        let routed = Routed {
            hosts: BTreeSet::from(["shop.example".to_owned()]),
            path_prefix: "/".to_owned(),
            service: "api".parse().expect("valid"),
        };
        let addresses = BTreeSet::from(["10.0.0.2".parse().expect("an address")]);
        let found = [Observed { addresses, ..observed("a", uid(1)) }];
        let instances = [wanted("a", uid(1)).instance];
        let found = compare(&[routed], live(), (&instances, &found), table);
        found.into_iter().map(|diff| diff.field).collect()
    }

    #[test]
    fn a_table_as_released_is_in_sync() {
        assert!(differ(&table(|_| ())).is_empty());
    }

    #[test]
    fn each_difference_has_its_field() {
        assert_eq!(differ(&RouteTable::default()), ["routes./"]);
        assert_eq!(
            differ(&table(|target| target.release = "other".to_owned())),
            ["routes./.release"]
        );
        assert_eq!(differ(&table(|target| target.upstreams.clear())), ["routes./.instances"]);
        let elsewhere =
            |target: &mut Target| target.upstreams[0].address = "10.0.0.9:80".to_owned();
        assert_eq!(differ(&table(elsewhere)), ["routes./.instances"]);
    }

    #[test]
    fn a_candidate_without_requests_does_not_count() {
        let mut both = table(|_| ());
        let candidate = Target { release: "candidate".to_owned(), ..Target::default() };
        both.routes[0].targets.push(candidate);
        assert!(differ(&both).is_empty());
    }
}
