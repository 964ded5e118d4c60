//! Several apps on one platform: what each may take, and what is left of one that goes.

use proto::v1::release::State;
use serde_json::json;
use service::fail_point::Fault;
use std::time::Duration;
use stories::fixture::{behave, chameleon, manifest};
use stories::{App, World, rewrite};
use testkit::{Repo, eventually};
use tonic::Status;

const ENDS: &[State] = &[State::Live, State::Failed, State::RolledBack, State::Cancelled];

/// A repository of `store` that wants the host of `shop`.
fn wants_the_host_of_shop() -> Repo {
    let repo = chameleon("store", &json!({"version": "store"}));
    repo.write("slipway.yaml", &wanting_the_host_of_shop());
    repo
}

fn wanting_the_host_of_shop() -> String {
    manifest("store").replace("store.localhost", "shop.localhost")
}

/// What `slipway plan` says of `manifest`.
async fn planned(app: &App<'_>, manifest: String) -> String {
    let request = proto::v1::CreateReleaseRequest {
        parent: format!("apps/{}/environments/production", app.name),
        manifest,
        validate_only: true,
        ..Default::default()
    };
    let answer = app.client.clone().releases.create_release(request).await;
    answer.expect("a plan").into_inner().plan
}

#[tokio::test]
async fn a_host_that_another_app_serves_is_refused() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "shop"}));
    let shop = world.register("shop", &repo).await;
    shop.ship(&json!({"version": "shop"}), 1).await;
    let repo = wants_the_host_of_shop();
    let store = world.register("store", &repo).await;
    let said = planned(&store, wanting_the_host_of_shop()).await;
    assert!(
        said.contains("refused   ROUTE_TAKEN: app shop in production serves shop.localhost/"),
        "{said}"
    );
    store.push("The same host").await;
    let refused = store.release_in(1, ENDS).await.failure.expect("it cannot be live");
    assert_eq!(refused.reason, "ROUTE_TAKEN");
    assert!(refused.message.contains("app shop in production serves"), "{}", refused.message);
    assert_eq!((shop.version().await.as_str(), world.docker.running().len()), ("shop", 1));
}

#[tokio::test]
async fn of_two_apps_that_want_one_host_at_once_one_gets_it() {
    let world = World::start().await;
    let (shop_repo, store_repo) =
        (chameleon("shop", &json!({"version": "shop"})), wants_the_host_of_shop());
    let shop = world.register("shop", &shop_repo).await;
    let store = world.register("store", &store_repo).await;
    tokio::join!(shop.push("At once"), store.push("At once"));
    let (one, other) = tokio::join!(shop.release_in(1, ENDS), store.release_in(1, ENDS));
    let live = if one.state() == State::Live { &one } else { &other };
    assert_eq!([one.state(), other.state()].iter().filter(|s| **s == State::Live).count(), 1);
    let refused = one.failure.as_ref().or(other.failure.as_ref()).expect("the other was refused");
    assert_eq!(refused.reason, "ROUTE_TAKEN");
    assert_eq!(shop.version().await, live.app);
}

#[tokio::test]
async fn a_host_that_was_given_up_is_free() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "shop"}));
    let shop = world.register("shop", &repo).await;
    shop.ship(&json!({"version": "shop"}), 1).await;
    repo.write("slipway.yaml", &manifest("shop").replace("shop.localhost", "old.localhost"));
    shop.push("Somewhere else").await;
    shop.live(2).await;
    let repo = wants_the_host_of_shop();
    let store = world.register("store", &repo).await;
    store.push("The host is free").await;
    store.live(1).await;
    assert_eq!(shop.version().await, "store", "who asks the host gets the new app");
}

/// `slipway app delete`, with or without `--force`.
async fn delete(world: &World, app: &str, force: bool) -> Result<(), Status> {
    let name = format!("apps/{app}");
    let request = proto::v1::DeleteAppRequest { name, force, ..Default::default() };
    world.admin().apps.delete_app(request).await.map(drop)
}

/// What there is of the world on the engine: containers, networks, volumes.
fn left(world: &World) -> [usize; 3] {
    let filter = format!("label=slipway.instance={}", world.platform());
    let count = |kind: &str| {
        let listed = world.docker.run(&[kind, "ls", "--quiet", "--filter", &filter]);
        listed.lines().count()
    };
    [world.docker.containers().len(), count("network"), count("volume")]
}

/// Waits until only the volume of an app is left.
async fn gone(world: &World) {
    eventually("containers and networks to be gone", Duration::from_mins(3), async || {
        (left(world) == [0, 0, 1]).then_some(())
    })
    .await;
}

/// A repository of `shop`, which has a volume.
fn with_a_volume() -> Repo {
    let repo = chameleon("shop", &json!({"version": "one"}));
    let volume = "    volumes: [{ name: cache, path: /cache, class: cache }]\n    stop:";
    repo.write("slipway.yaml", &manifest("shop").replacen("    stop:", volume, 1));
    repo
}

#[tokio::test]
async fn an_app_that_runs_is_deleted_only_by_force_and_its_volumes_stay() {
    let world = World::start().await;
    let repo = with_a_volume();
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    let refused = delete(&world, "shop", false).await.expect_err("it runs");
    assert!(refused.message().contains("release 1 in production is live"), "{refused:?}");
    assert_eq!((app.version().await.as_str(), left(&world)), ("one", [1, 1, 1]));
    delete(&world, "shop", true).await.expect("by force");
    gone(&world).await;
    assert_eq!(app.users().get("/").await.expect("the router answers").status, 404);
    assert_eq!(app.release(1).await.state(), State::Collected);
}

#[tokio::test]
async fn an_app_of_the_same_name_begins_where_the_deleted_one_ended() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    world.register("shop", &repo).await.ship(&json!({"version": "one"}), 1).await;
    delete(&world, "shop", true).await.expect("by force");
    let again = world.register("shop", &repo).await;
    again.ship(&json!({"version": "two"}), 2).await;
    assert_eq!((again.version().await.as_str(), world.docker.running().len()), ("two", 1));
}

#[tokio::test]
async fn an_app_is_deleted_in_the_middle_of_a_release_and_the_deployer_killed() {
    let mut world = World::start().await;
    let repo = with_a_volume();
    {
        let app = world.register("shop", &repo).await;
        app.ship(&json!({"version": "one"}), 1).await;
        rewrite(&repo, "start_period: 2s", "start_period: 70s");
        rewrite(&repo, "gate: 30s", "gate: 2m");
        behave(&repo, &json!({"version": "slow", "ready_after_s": 60}));
        app.push("Slow to start").await;
        app.release_in(2, &[State::Starting]).await;
    }
    world.arm("deployer.removal.routes_gone", Fault::Kill);
    world.arm("deployer.removal.instances_gone", Fault::Kill);
    delete(&world, "shop", true).await.expect("by force");
    world.rises("deployer").await;
    world.rises("deployer").await;
    gone(&world).await;
    let app = world.app("shop", &repo);
    assert_eq!(app.release(2).await.state(), State::Cancelled);
    assert_eq!(app.users().get("/").await.expect("the router answers").status, 404);
}

#[tokio::test]
async fn a_build_that_ends_after_its_app_was_deleted_makes_no_release() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    let slow = stories::SlowStep::add(&repo, 10);
    app.push("Slow to build").await;
    slow.begun().await;
    delete(&world, "shop", false).await.expect("nothing runs yet");
    world.handled("deployer", "build.succeeded", 1).await;
    assert!(app.releases().await.is_empty() && world.docker.containers().is_empty());
}
