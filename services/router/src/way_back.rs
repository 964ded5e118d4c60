//! The way back that needs nobody but the router: all requests of an environment go to the release whose instances
//! still run beside the new one. Pure: tables in, tables out.

use proto::v1::{LocalRollback, Route, RouteTable, Target};

/// Why there is no way back here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoWayBack {
    /// The table does not name the environment.
    #[error("{environment} has no routes here; the table knows: {}", list(.known))]
    Unknown {
        /// What was asked for.
        environment: String,
        /// The environments of the table.
        known: Vec<String>,
    },
    /// Only the newest release runs.
    #[error(
        "nothing of {environment} runs but the release that has its requests: what was before it stopped when it \
         went live. `slipway rollback` without --local starts it again, as soon as the platform runs"
    )]
    NothingWarm {
        /// What was asked for.
        environment: String,
    },
    /// A job of what is beside it cannot be undone, and nobody said that it goes back all the same.
    #[error(
        "a job of the newest release of {environment} cannot be undone, and what was before may not work with what it \
         changed; go back all the same with `--confirm-irreversible`"
    )]
    Irreversible {
        /// What was asked for.
        environment: String,
    },
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// The release to go back to in `environment`: the one beside the candidate that has instances on every route.
pub(crate) fn warm(table: &RouteTable, environment: &str) -> Result<String, NoWayBack> {
    let routes: Vec<&Route> = of(table, environment).collect();
    let Some(first) = routes.first() else {
        let known = table.routes.iter().filter(|route| route.name.matches('/').count() == 1);
        let known = known.map(|route| route.name.clone()).collect();
        return Err(NoWayBack::Unknown { environment: environment.to_owned(), known });
    };
    let beside = first.targets.iter().filter(|target| !target.candidate);
    beside
        .map(|target| &target.release)
        .find(|release| routes.iter().all(|route| serves(route, release)))
        .cloned()
        .ok_or_else(|| NoWayBack::NothingWarm { environment: environment.to_owned() })
}

/// That it is confirmed, or need not be, to go back to `release`.
pub(crate) fn confirmed(
    table: &RouteTable,
    (environment, release): (&str, &str),
    is_confirmed: bool,
) -> Result<(), NoWayBack> {
    let others = of(table, environment).flat_map(|route| &route.targets);
    let asks = others.filter(|target| target.release != release).any(|target| target.irreversible);
    if asks && !is_confirmed {
        return Err(NoWayBack::Irreversible { environment: environment.to_owned() });
    }
    Ok(())
}

/// The table as requests see it: every local rollback stands above the weights.
pub(crate) fn in_force(table: &RouteTable) -> RouteTable {
    let mut seen = table.clone();
    for rollback in &table.local_rollbacks {
        let routes = seen.routes.iter_mut().filter(|route| is_of(route, &rollback.environment));
        for route in routes {
            route.shadow = None;
            for target in &mut route.targets {
                target.weight = u32::from(target.release == rollback.release);
            }
        }
    }
    seen
}

/// The local rollback that `table` would leave without instances.
pub(crate) fn undone(table: &RouteTable) -> Option<&LocalRollback> {
    table.local_rollbacks.iter().find(|rollback| {
        let mut routes = of(table, &rollback.environment).peekable();
        routes.peek().is_none() || routes.any(|route| !serves(route, &rollback.release))
    })
}

fn of<'t>(table: &'t RouteTable, environment: &'t str) -> impl Iterator<Item = &'t Route> {
    table.routes.iter().filter(move |route| is_of(route, environment))
}

/// Further routes of an environment carry its name, a slash, and more.
fn is_of(route: &Route, environment: &str) -> bool {
    let rest = route.name.strip_prefix(environment);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn serves(route: &Route, release: &str) -> bool {
    let is_up = |target: &Target| target.release == release && !target.upstreams.is_empty();
    route.targets.iter().any(is_up)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::tests::{route, uid, wire};

    const OLD: (u128, &str) = (1, "127.0.0.1:1");
    const NEW: (u128, &str) = (2, "127.0.0.1:2");

    fn baking() -> RouteTable {
        let mut table = wire(
            ["shop/production", "shop/production/api/v1"]
                .map(|name| route(name).host("*").target(1, &[OLD]).target(2, &[NEW])),
        );
        for route in &mut table.routes {
            route.targets[0].weight = 0;
            route.targets[1].candidate = true;
        }
        table
    }

    fn weights(table: &RouteTable) -> Vec<Vec<u32>> {
        let of = |route: &Route| route.targets.iter().map(|target| target.weight).collect();
        table.routes.iter().map(of).collect()
    }

    fn back(table: &RouteTable) -> RouteTable {
        let release = warm(table, "shop/production").expect("a way back");
        let environment = "shop/production".to_owned();
        let rollback = LocalRollback { environment, release, ..LocalRollback::default() };
        RouteTable { local_rollbacks: vec![rollback], ..table.clone() }
    }

    #[test]
    fn everything_goes_to_what_was_there_before() {
        assert_eq!(warm(&baking(), "shop/production"), Ok(uid(1)));
        assert_eq!(weights(&in_force(&back(&baking()))), [[1, 0], [1, 0]]);
        assert_eq!(undone(&back(&baking())), None);
    }

    #[test]
    fn other_environments_stay_as_they_are() {
        let mut table = baking();
        table.routes.push(route("shop/production-2").host("*").target(2, &[NEW]).made());
        assert_eq!(weights(&in_force(&back(&table)))[2], [1]);
    }

    #[test]
    fn without_instances_there_is_no_way_back() {
        let mut table = baking();
        table.routes[1].targets[0].upstreams.clear();
        let nothing = warm(&table, "shop/production").expect_err("one route would go nowhere");
        assert!(matches!(nothing, NoWayBack::NothingWarm { .. }), "{nothing}");
        let unknown = warm(&table, "shop/prod").expect_err("no such environment").to_string();
        assert_eq!(unknown, "shop/prod has no routes here; the table knows: shop/production");
    }

    #[test]
    fn past_what_cannot_be_undone_it_goes_only_when_that_is_confirmed() {
        let to_old = |table: &RouteTable, is_confirmed| {
            confirmed(table, ("shop/production", &uid(1)), is_confirmed)
        };
        let mut table = baking();
        table.routes[0].targets[0].irreversible = true;
        table.routes.push(route("shop/staging").host("*").target(2, &[NEW]).made());
        table.routes[2].targets[0].irreversible = true;
        assert_eq!(to_old(&table, false), Ok(()), "neither its own jobs count nor others' do");
        table.routes[1].targets[1].irreversible = true;
        let asked = to_old(&table, false).expect_err("it is asked for");
        assert!(matches!(asked, NoWayBack::Irreversible { .. }), "{asked}");
        assert_eq!(to_old(&table, true), Ok(()));
    }

    #[test]
    fn a_table_that_would_undo_it_is_seen() {
        let mut later = back(&baking());
        later.routes[0].targets.remove(0);
        assert!(undone(&later).is_some());
        later.routes.clear();
        assert!(undone(&later).is_some());
    }
}
