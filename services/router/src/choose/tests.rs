use super::*;
use crate::table::tests::{route as a_route, table};
use proptest::prelude::*;

fn served<'t>(table: &'t RouteTable, host: &str, path: &str) -> Option<&'t str> {
    route(table, host, path).map(|i| table.routes[i].name.as_str())
}

#[test]
fn the_most_specific_host_wins_then_the_longest_prefix() {
    let table = table([
        a_route("exact").host("shop.example.com"),
        a_route("exact-api").host("shop.example.com").path("/api"),
        a_route("exact-api-v2").host("shop.example.com").path("/api/v2/"),
        a_route("below").host("*.example.com"),
        a_route("deeper").host("*.eu.example.com"),
        a_route("any-admin").host("*").path("/admin"),
    ]);
    for (host, path, wanted) in [
        ("shop.example.com", "/", Some("exact")),
        ("shop.example.com", "/apix", Some("exact")),
        ("shop.example.com", "/api", Some("exact-api")),
        ("shop.example.com", "/api/v2", Some("exact-api-v2")),
        ("shop.example.com", "/api/v2/x", Some("exact-api-v2")),
        ("other.example.com", "/api", Some("below")),
        ("a.eu.example.com", "/", Some("deeper")),
        ("example.com", "/admin/x", Some("any-admin")),
        ("notexample.com", "/", None),
    ] {
        assert_eq!(served(&table, host, path), wanted, "{host}{path}");
    }
}

#[test]
fn a_less_specific_host_is_asked_when_no_path_fits() {
    let table =
        table([a_route("api").host("shop.example.com").path("/api"), a_route("rest").host("*")]);
    assert_eq!(served(&table, "shop.example.com", "/else"), Some("rest"));
}

fn load(in_flight: u64) -> Load {
    Load { in_flight, failing: false, tried: false }
}

#[test]
fn equal_instances_take_turns_and_the_idle_one_comes_first() {
    let equal = [load(1), load(1), load(1)];
    let turns: Vec<_> = (0..4).map(|turn| instance(equal.into_iter(), turn)).collect();
    assert_eq!(turns, [Some(0), Some(1), Some(2), Some(0)]);
    assert_eq!(instance([load(2), load(1), load(2)].into_iter(), 0), Some(1));
    assert_eq!(instance([].into_iter(), 3), None);
}

#[test]
fn a_failing_instance_is_the_last_resort() {
    let failing = Load { failing: true, ..load(0) };
    assert_eq!(instance([failing, load(9)].into_iter(), 0), Some(1));
    assert_eq!(instance([failing, Load { tried: true, ..load(9) }].into_iter(), 0), Some(0));
}

/// As `table.candidates` must behave, told without an index.
fn naive(table: &RouteTable, host: &str, path: &str) -> Option<usize> {
    use crate::table::HostPattern;
    let rank = |pattern: &HostPattern| match pattern {
        HostPattern::Exact(exact) if exact == host => Some(1000),
        HostPattern::Suffix(suffix) if host.ends_with(&format!(".{suffix}")) => Some(suffix.len()),
        HostPattern::Any => Some(0),
        HostPattern::Exact(_) | HostPattern::Suffix(_) => None,
    };
    (0..table.routes.len())
        .filter(|&i| table.routes[i].path_prefix.covers(path))
        .filter_map(|i| Some((table.routes[i].hosts.iter().filter_map(rank).max()?, i)))
        .max_by_key(|&(rank, i)| (rank, table.routes[i].path_prefix.len()))
        .map(|(_, i)| i)
}

fn some_host() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a.x", "b.x", "c.a.x", "x", "*.x", "*.a.x", "*"])
        .prop_map(str::to_owned)
}

fn some_path() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["/a", "/b", "/ab"]), 0..4)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn weights_are_honoured(weights in prop::collection::vec(0_u32..50, 1..6), seed: u64) {
        use rand::{Rng, SeedableRng};
        let sum: u32 = weights.iter().sum();
        prop_assume!(sum > 0);
        let mut random = rand::rngs::SmallRng::seed_from_u64(seed);
        let mut chosen = vec![0_u32; weights.len()];
        for _ in 0..20_000 {
            chosen[target(weights.iter().copied(), random.random()).expect("a weight")] += 1;
        }
        for (weight, chosen) in weights.iter().zip(chosen) {
            let (wanted, got) = (f64::from(*weight) / f64::from(sum), f64::from(chosen) / 20_000.0);
            prop_assert!((wanted - got).abs() < 0.02, "{wanted} {got}");
            prop_assert!(*weight > 0 || chosen == 0);
        }
    }

    #[test]
    fn every_roll_finds_a_target_of_some_weight(weights in prop::collection::vec(any::<u32>(), 0..8), roll: u64) {
        match target(weights.iter().copied(), roll) {
            Some(i) => prop_assert!(weights[i] > 0),
            None => prop_assert!(weights.iter().all(|&weight| weight == 0)),
        }
    }

    #[test]
    fn the_index_agrees_with_reading_all_routes(
        routes in prop::collection::hash_set((some_host(), some_path()), 0..12),
        host in some_host(), path in some_path(),
    ) {
        let routes: Vec<_> = routes.iter().enumerate()
            .map(|(i, (host, path))| a_route(&format!("r{i}")).host(host).path(path)).collect();
        let table = table(routes);
        prop_assert_eq!(route(&table, &host, &path), naive(&table, &host, &path));
    }

    #[test]
    fn the_chosen_instance_has_the_least_to_do(loads in prop::collection::vec((0_u64..5, any::<bool>(), any::<bool>()), 0..8), turn: usize) {
        let loads: Vec<Load> = loads.into_iter().map(|(in_flight, failing, tried)| Load { in_flight, failing, tried }).collect();
        let open: Vec<&Load> = loads.iter().filter(|load| !load.tried).collect();
        match instance(loads.iter().copied(), turn) {
            None => prop_assert!(open.is_empty()),
            Some(i) => {
                prop_assert!(!loads[i].tried);
                prop_assert!(open.iter().all(|other| (loads[i].failing, loads[i].in_flight) <= (other.failing, other.in_flight)));
            }
        }
    }
}
