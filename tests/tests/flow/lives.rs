//! Releases that end early, make way, and come back.

use proto::v1::release::State;
use serde_json::json;
use stories::World;
use stories::fixture::{behave, chameleon, manifest, start_slowly};

const ONE: &str = "one";

#[tokio::test]
async fn a_candidate_can_be_cancelled_while_it_starts() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": ONE}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": ONE}), 1).await;
    start_slowly(&repo, "shop");
    app.push("Slow to start").await;
    app.release_in(2, &[State::Starting]).await;
    app.cancel(2).await.expect("it can be cancelled");
    app.release_in(2, &[State::Cancelled]).await;
    assert_eq!((app.version().await.as_str(), world.docker.containers().len()), (ONE, 1));
}

#[tokio::test]
async fn a_newer_push_takes_the_place_of_a_release_that_starts() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": ONE}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": ONE}), 1).await;
    start_slowly(&repo, "shop");
    app.push("Slow to start").await;
    app.release_in(2, &[State::Starting]).await;
    repo.write("slipway.yaml", &manifest("shop"));
    let third = app.ship(&json!({"version": "three"}), 3).await;
    assert_eq!(third.stable_number, 1, "it began against the release that was live");
    assert_eq!(app.release(2).await.state(), State::Superseded);
    assert_eq!((app.version().await.as_str(), world.docker.running().len()), ("three", 1));
}

#[tokio::test]
async fn a_rollback_is_a_release_and_can_be_rolled_back_itself() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": ONE}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": ONE}), 1).await;
    app.ship(&json!({"version": "two"}), 2).await;
    let back = app.rollback(0).await.expect("there is an earlier release");
    assert_eq!((back.number, back.restores_number), (3, 1));
    app.live(3).await;
    assert_eq!(app.version().await, ONE);
    assert!(app.release(2).await.pinned, "what was left behind is pinned");
    let refused = app.rollback(0).await.expect_err("it never leads to what was just left");
    assert!(refused.message().contains("no earlier release"), "{refused:?}");
    app.rollback(2).await.expect("a person may choose what was pinned");
    app.live(4).await;
    assert_eq!(app.version().await, "two");
}

#[tokio::test]
async fn what_was_rolled_back_is_not_deployed_again_by_itself() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": ONE}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": ONE}), 1).await;
    app.ship(&json!({"version": "two"}), 2).await;
    app.rollback(0).await.expect("there is an earlier release");
    app.live(3).await;
    app.push("Nothing changed, the image is the same").await;
    let refused = app.release_in(4, &[State::Failed]).await;
    let why = refused.failure.expect("why");
    assert!(why.reason == "PINNED" && why.message.contains("slipway unpin shop production 2"));
    let image = app.release(2).await.services[0].image.clone().expect("an image");
    let image = format!("{}@{}", image.repository, image.digest);
    let by_hand = app.deploy_image("web", &image).await.expect_err("not without --force");
    assert_eq!(by_hand.code(), tonic::Code::FailedPrecondition, "{by_hand:?}");
    app.replay_newest_delivery().await;
    assert_eq!(app.version().await, ONE);
    app.ship(&json!({"version": "three"}), 5).await;
}

#[tokio::test]
async fn rollback_needs_no_registry() {
    let mut world = World::with_registry().await;
    let repo = chameleon("shop", &json!({"version": ONE}));
    {
        let app = world.register("shop", &repo).await;
        app.ship(&json!({"version": ONE}), 1).await;
        app.ship(&json!({"version": "two"}), 2).await;
    }
    world.registry().kill();
    let app = world.app("shop", &repo);
    app.rollback(0).await.expect("nothing of the registry is needed");
    app.live(3).await;
    assert_eq!(app.version().await, ONE);
}

#[tokio::test]
async fn a_rollback_while_the_new_release_bakes_is_one_router_update() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": ONE}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": ONE}), 1).await;
    // Longer than it may take to ask.
    repo.write("slipway.yaml", &manifest("shop").replace("bake: 1s", "bake: 1m"));
    behave(&repo, &json!({"version": "two"}));
    app.push("Two").await;
    app.release_in(2, &[State::Baking]).await;
    app.rollback(0).await.expect("the old one is warm");
    let back = app.release_in(2, &[State::RolledBack, State::Live]).await;
    assert_eq!(back.state(), State::RolledBack);
    assert_eq!(app.version().await, ONE);
    assert_eq!(
        app.releases().await.len(),
        2,
        "going back from a release that moves makes no other"
    );
}
