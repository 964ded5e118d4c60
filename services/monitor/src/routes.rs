//! The router's table against the release: each host and path goes to the release that lives, and to its
//! instances where they are. Pure.

use crate::compare::FieldDiff;
use crate::diff::place_of;
use crate::expected::Instance;
use crate::observed::{Observed, Process};
use crate::policy::Routed;
use events::ReleaseId;
use proto::v1::{Route, RouteTable, Target};
use std::collections::{BTreeMap, BTreeSet};

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
        let (expected, now) = (whereabouts(own, found), upstreams(&serving));
        let known = |(id, ip): &(String, String)| {
            // What became of one that is not where it was is told by itself.
            expected.get(id).is_some_and(|at| at.as_ref().is_none_or(|at| at.contains(ip)))
        };
        let strange = now.iter().any(|upstream| !known(upstream));
        let running = expected.values().any(Option::is_some);
        if strange || (now.is_empty() && running) {
            let at = |(id, at): (&String, &Option<BTreeSet<String>>)| {
                let at = at.iter().flatten().cloned().collect::<Vec<_>>().join("|");
                format!("{id}@{at}")
            };
            let all: Vec<String> = expected.iter().map(at).collect();
            let now: Vec<String> = now.iter().map(|(id, ip)| format!("{id}@{ip}")).collect();
            differences.push(diff(field(".instances"), &all.join(" "), &now.join(" ")));
        }
    }
    differences
}

fn is_same(route: &Route, routed: &Routed) -> bool {
    let hosts: BTreeSet<String> = route.hosts.iter().cloned().collect();
    route.path_prefix == routed.path_prefix && hosts == routed.hosts
}

/// Of each instance, where it may be reached; nothing for one that is not itself or does not run.
fn whereabouts<'a>(
    own: impl Iterator<Item = &'a Instance>,
    found: &[Observed],
) -> BTreeMap<String, Option<BTreeSet<String>>> {
    let of = |instance: &Instance| {
        let observed = place_of(instance, found)?;
        let is_itself = observed.container_id == instance.container_id;
        let is_there = is_itself && observed.process == Process::Running;
        is_there.then(|| observed.addresses.iter().map(ToString::to_string).collect())
    };
    own.map(|instance| (instance.id.to_string(), of(instance))).collect()
}

/// Instance and address of everything that gets requests.
fn upstreams(serving: &[&Target]) -> BTreeSet<(String, String)> {
    let all = serving.iter().flat_map(|target| &target.upstreams);
    let ip = |address: &str| {
        let parsed = address.parse::<std::net::SocketAddr>();
        parsed.map_or_else(|_| address.to_owned(), |at| at.ip().to_string())
    };
    all.map(|upstream| (upstream.instance.clone(), ip(&upstream.address))).collect()
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
        RouteTable { generation: 3, routes: vec![route], ..RouteTable::default() }
    }

    fn differ(table: &RouteTable) -> Vec<String> {
        differ_when(Process::Running, table)
    }

    fn differ_when(process: Process, table: &RouteTable) -> Vec<String> {
        let routed = Routed {
            hosts: BTreeSet::from(["shop.example".to_owned()]),
            path_prefix: "/".to_owned(),
            service: "api".parse().expect("valid"),
        };
        let addresses = BTreeSet::from(["10.0.0.2".parse().expect("an address")]);
        let found = [Observed { process, addresses, ..observed("a", uid(1)) }];
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
    fn an_instance_that_does_not_run_is_no_fault_of_the_table() {
        let elsewhere =
            |target: &mut Target| target.upstreams[0].address = "10.0.0.9:80".to_owned();
        assert!(differ_when(Process::Ended, &table(elsewhere)).is_empty());
        assert!(differ_when(Process::Ended, &table(|target| target.upstreams.clear())).is_empty());
    }

    #[test]
    fn a_candidate_without_requests_does_not_count() {
        let mut both = table(|_| ());
        let candidate = Target { release: "candidate".to_owned(), ..Target::default() };
        both.routes[0].targets.push(candidate);
        assert!(differ(&both).is_empty());
    }
}
