//! Whoever is needed is away for longer than anything may last.

use proto::v1::release::State;
use serde_json::json;
use service::fail_point::Fault;
use stories::World;
use stories::fixture::{behave, chameleon, manifest};
use testkit::{Load, eventually};

const CONTROL: [&str; 4] = ["gateway", "builder", "deployer", "monitor"];

/// A world in which release 1 is live and release 2 has all requests, watched for a minute.
async fn baking() -> (World, testkit::Repo) {
    let world = World::alone().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    {
        let app = world.register("shop", &repo).await;
        app.ship(&json!({"version": "one"}), 1).await;
        repo.write("slipway.yaml", &manifest("shop").replace("bake: 1s", "bake: 1m"));
        behave(&repo, &json!({"version": "two"}));
        app.push("Two").await;
        app.release_in(2, &[State::Baking]).await;
    }
    (world, repo)
}

#[tokio::test]
async fn a_release_that_nobody_watched_is_not_good() {
    let (mut world, repo) = baking().await;
    let candidate = world.app("shop", &repo).release(2).await.uid;
    world.kill("deployer");
    world.an_hour_passes(2).await;
    world.docker.kill_release(&candidate);
    world.resume("deployer");
    let app = world.app("shop", &repo);
    let back = app.release_in(2, &[State::RolledBack, State::Live]).await;
    assert_eq!(back.state(), State::RolledBack, "it ended while nobody looked: {back:#?}");
    assert_eq!(back.failure.expect("why").reason, "RESTARTED");
    assert_eq!(app.version().await, "one");
}

#[tokio::test]
async fn a_release_is_not_late_because_nobody_drove_it() {
    let mut world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    world.register("shop", &repo).await.ship(&json!({"version": "one"}), 1).await;
    behave(&repo, &json!({"version": "two"}));
    world.arm("deployer.shifting.before_effect", Fault::Kill);
    world.app("shop", &repo).push("Two").await;
    world.hit("deployer.shifting.before_effect").await;
    world.an_hour_passes(2).await;
    world.rises("deployer").await;
    let app = world.app("shop", &repo);
    assert_eq!(app.release_in(2, &[State::Live, State::RolledBack]).await.state(), State::Live);
    assert_eq!(app.version().await, "two");
}

#[tokio::test]
async fn the_router_alone_goes_back_and_it_is_on_record_later() {
    let (mut world, repo) = baking().await;
    for service in CONTROL {
        world.kill(service);
    }
    world.nats.kill();
    world.postgres().kill();
    let said = world.slipway_on_host("rollback shop production --local --reason errors").done();
    assert!(said.contains("all requests of shop/production go to release"), "{said}");
    assert_eq!(world.app("shop", &repo).version().await, "one");
    world.kill("router");
    world.resume("router");
    eventually("the old version", std::time::Duration::from_mins(3), async || {
        let answer = world.users("shop.localhost").get("/").await.ok()?;
        (answer.status == 200 && answer.json()["version"] == "one").then_some(())
    })
    .await;
    let users = world.users("shop.localhost");
    let load = Load::steady(&users);
    world.postgres().resume();
    world.nats.resume();
    for service in CONTROL {
        world.resume(service);
    }
    let app = world.app("shop", &repo);
    let back = app.release_in(2, &[State::RolledBack]).await;
    let why = back.failure.expect("why").message;
    assert_eq!(why, "root on the host asked for the stable release: errors");
    world.nothing_stands_above_the_table().await;
    let report = load.stop().await;
    assert_eq!(report.failed(), 0, "{:?}", report.first_failure);
    assert_eq!(report.by_version.keys().collect::<Vec<_>>(), ["one"]);
}

#[tokio::test]
async fn without_a_warm_release_the_router_says_what_to_do() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    world.register("shop", &repo).await.ship(&json!({"version": "one"}), 1).await;
    let told = world.slipway_on_host("rollback shop production --local").failed();
    assert!(
        told.starts_with("6 ") && told.contains("`slipway rollback` without --local"),
        "{told}"
    );
    let told = world.slipway_on_host("rollback store production --local").failed();
    assert!(told.contains("store/production has no routes here"), "{told}");
}
