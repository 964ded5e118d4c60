use crate::instance::Instance;
use crate::retry::nobody;
use crate::table::{TOKEN, to};
use crate::world::{PATIENCE, World};
use hyper::Request;
use proto::v1::RouteStats;
use proto::v1::route::Mode;
use router::LogTarget;
use std::time::Duration;

#[tokio::test]
async fn every_release_is_measured_by_itself() {
    let (stable, candidate) = (Instance::start("stable").await, Instance::start("candidate").await);
    let world = World::start().await;
    world.apply([to(&[&stable]).candidate(&[&candidate])]).await;
    world.get("/").await;
    world.get("/early").await;
    world.get("/abort").await;
    world.ask(Request::get("/").header("slipway-candidate", TOKEN)).await;
    world.apply([to(&[&candidate])]).await;
    let stats = world.stats().await;
    let of = |release: &str| {
        stats.releases.iter().find(|stats| stats.release == release).expect("known")
    };
    let old = of(&stable.release);
    assert_eq!((old.requests, old.status_2xx, old.status_4xx, old.status_5xx), (3, 1, 1, 1));
    assert_eq!((old.upstream_errors, old.latency_counts.last()), (1, Some(&3)));
    assert_eq!((of(&candidate.release).requests, of(&candidate.release).status_2xx), (1, 1));
}

#[tokio::test]
async fn a_client_that_goes_away_is_counted_and_its_request_ended() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance])]).await;
    let client = world.raw("GET /held HTTP/1.1\r\nhost: shop\r\n\r\n").await;
    instance.received(1).await;
    drop(client);
    assert!(world.drained(&[&instance], PATIENCE).await.is_empty());
    let stats = world.stats().await.releases.remove(0);
    assert_eq!((stats.requests, stats.status_2xx, stats.status_5xx), (1, 0, 0));
}

#[tokio::test]
async fn metrics_name_routes_and_sides_but_no_releases() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance])]).await;
    world.get("/").await;
    world.ask(Request::get("/").header("host", "")).await;
    let metrics = world.page("/metrics").await.body;
    for line in [
        "slipway_router_requests_total{route=\"shop\",slot=\"stable\",code=\"2xx\"} 2",
        "slipway_router_upstream_errors_total{route=\"shop\",slot=\"stable\"} 0",
        "slipway_router_upstream_duration_seconds_count{route=\"shop\",slot=\"stable\"} 2",
        "slipway_router_requests_in_flight{route=\"shop\"} 0",
        "slipway_router_table_generation 1",
        "slipway_router_access_log_dropped_lines_total 0",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} not in\n{metrics}");
    }
    assert!(!metrics.contains(&instance.release));
}

#[tokio::test]
async fn every_request_is_a_line_of_the_access_log() {
    let instance = Instance::start("a").await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    let target = LogTarget::File(file.path().to_owned());
    let world = World::with(|config| config.access_log = target).await;
    world.apply([to(&[&instance])]).await;
    world.ask(Request::get("/a\"b?secret=1").header("x-request-id", "r-1")).await;
    world.post("/echo", "body").await;
    world.ended().await;
    let log = std::fs::read_to_string(file.path()).expect("written");
    let lines: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(!log.contains("secret") && lines.len() == 2, "{log}");
    let first = &lines[0];
    assert_eq!((&first["path"], &first["request_id"]), (&"/a\"b".into(), &"r-1".into()));
    assert_eq!(
        (&first["route"], &first["release"]),
        (&"shop".into(), &instance.release.as_str().into())
    );
    assert_eq!(
        (&lines[1]["status"], &lines[1]["bytes"], &lines[1]["method"]),
        (&200.into(), &4.into(), &"POST".into())
    );
    assert!(
        first["time"].as_str().is_some_and(|time| time.len() == 24)
            && first["duration_ms"].is_f64()
    );
}

#[tokio::test]
async fn what_befell_requests_is_counted_by_route_whoever_answered() {
    let (old, new) = (Instance::start("old").await, Instance::start("new").await);
    let world = World::start().await;
    world.apply([to(&[&old])]).await;
    world.get("/abort").await;
    world.apply([to(&[&old]).mode(Mode::Maintenance)]).await;
    world.get("/").await;
    world.apply([to(&[&old]).paused(Duration::from_millis(50))]).await;
    world.get("/").await;
    world.apply([to(&[&new])]).await;
    world.get("/").await;
    let wanted = RouteStats { requests: 4, failed: 3, held: 1, ..RouteStats::default() };
    assert_eq!(world.befell().await, wanted);
}

#[tokio::test]
async fn a_request_that_another_instance_gets_is_retried_and_has_not_failed() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance]).dead(nobody())]).await;
    world.get("/").await;
    let wanted = RouteStats { requests: 1, retried: 1, ..RouteStats::default() };
    assert_eq!(world.befell().await, wanted);
}
