//! Builds: what is built again and what is not, what ends one, and what outlives the builder.

use proto::v1::build::State as Built;
use serde_json::json;
use stories::fixture::{behave, chameleon, pair};
use stories::{SlowStep, World, built, digest};
use testkit::Load;

#[tokio::test]
async fn a_builder_killed_while_it_builds_costs_only_time() {
    let mut world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let slow = SlowStep::add(&repo, 4);
    world.register("shop", &repo).await.push("Slow to build").await;
    slow.begun().await;
    world.kill("builder");
    world.resume("builder");
    let app = world.app("shop", &repo);
    app.live(1).await;
    assert_eq!((app.builds().await.len(), world.docker.images().len()), (1, 1));
    assert!(!slow.runs() && world.git_locks().is_empty());
}

#[tokio::test]
async fn a_service_that_did_not_change_is_neither_built_nor_replaced() {
    let world = World::start().await;
    let repo = pair("shop");
    let app = world.register("shop", &repo).await;
    app.push("Two services").await;
    let (first, kept) = (app.live(1).await, world.docker.container_of("api"));
    repo.write("web/behaviour.json", r#"{"version": "two"}"#);
    app.push("One of them").await;
    let second = app.live(2).await;
    assert_eq!(built(&app.newest_build().await), ["web"]);
    assert_eq!(digest(&first, "api"), digest(&second, "api"));
    assert_eq!(world.docker.container_of("api"), kept);
    assert_eq!((app.version().await.as_str(), world.docker.running().len()), ("two", 2));
}

#[tokio::test]
async fn a_build_that_is_cancelled_really_ends() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    let slow = SlowStep::add(&repo, 600);
    app.push("Slow to build").await;
    slow.begun().await;
    app.cancel_build().await;
    slow.ended().await;
    let ended = app.build_in(Built::Cancelled).await;
    assert_eq!(ended.failure.expect("why").reason, "CANCELLED");
    assert!(app.releases().await.is_empty() && world.docker.images().is_empty());
}

#[tokio::test]
async fn the_newest_push_wins_while_an_older_one_builds() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    let slow = SlowStep::add(&repo, 600);
    let old = app.push("Slow to build").await;
    slow.begun().await;
    slow.remove(&repo);
    app.ship(&json!({"version": "two"}), 1).await;
    slow.ended().await;
    assert_eq!(app.build_of(&old).await.failure.expect("why").reason, "SUPERSEDED");
    assert_eq!((app.releases().await.len(), app.version().await.as_str()), (1, "two"));
}

#[tokio::test]
async fn the_same_commit_again_is_neither_built_nor_released() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    let commit = app.push("The only one").await;
    app.live(1).await;
    assert_eq!(app.told(&commit, &commit).await, "202 ignored");
    assert_eq!(app.builds().await.len(), 1);
    app.deploy().await;
    world.handled("deployer", "build.succeeded", 2).await;
    assert_eq!(built(&app.newest_build().await), Vec::<&str>::new());
    assert_eq!(app.releases().await.len(), 1);
}

#[tokio::test]
async fn a_build_that_fails_tells_its_step_and_changes_nothing_for_users() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    let load = Load::steady(&app.users());
    repo.write("Dockerfile", "FROM slipway.local/python:3.11\nRUN echo no such thing; exit 3\n");
    app.push("Cannot be built").await;
    let failure = app.build_in(Built::Failed).await.failure.expect("why");
    assert_eq!((failure.reason.as_str(), failure.exit_code), ("BUILD_FAILED", Some(3)));
    assert!(failure.message.contains("echo no such thing"), "{failure:?}");
    assert_eq!((load.stop().await.failed(), app.releases().await.len()), (0, 1));
}

#[tokio::test]
async fn a_registry_that_is_away_is_waited_for() {
    let mut world = World::with_registry().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    world.registry().kill();
    {
        let app = world.register("shop", &repo).await;
        app.push("Nowhere to push to").await;
        app.build_says("trying again").await;
    }
    world.registry().resume();
    let app = world.app("shop", &repo);
    app.live(1).await;
    assert_eq!((app.builds().await.len(), app.version().await.as_str()), (1, "one"));
}

#[tokio::test]
async fn a_push_while_the_first_is_released_is_built_beside_it() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    behave(&repo, &json!({"version": "two"}));
    app.push("Two").await;
    behave(&repo, &json!({"version": "three"}));
    let newest = app.push("Three").await;
    app.live_at(&newest).await;
    assert_eq!((app.version().await.as_str(), world.docker.running().len()), ("three", 1));
}

#[tokio::test]
async fn a_build_told_of_late_does_not_undo_what_was_built_since() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    app.ship(&json!({"version": "two"}), 2).await;
    world.say_late("build.succeeded").await;
    world.handled("deployer", "build.succeeded", 3).await;
    assert_eq!((app.releases().await.len(), app.version().await.as_str()), (2, "two"));
}
