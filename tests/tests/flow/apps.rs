//! Several apps on one platform: what each may take, and what is left of one that goes.

use proto::v1::release::State;
use serde_json::json;
use stories::fixture::{chameleon, manifest};
use stories::{App, World};
use testkit::Repo;

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
