//! What fails around a release costs time, never a wrong outcome.

use proto::v1::release::State;
use serde_json::json;
use stories::fixture::{behave, chameleon};
use stories::{World, rewrite};
use testkit::Load;

#[tokio::test]
async fn a_killed_driver_is_taken_over() {
    let mut world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    {
        let app = world.register("shop", &repo).await;
        app.ship(&json!({"version": "one"}), 1).await;
        rewrite(&repo, "start_period: 2s", "start_period: 10s");
        // Longer than it may take to see it start, and to kill its driver.
        behave(&repo, &json!({"version": "two", "ready_after_s": 6}));
        app.push("Two").await;
        app.release_in(2, &[State::Starting]).await;
    }
    let users = world.users("shop.localhost");
    let load = Load::steady(&users);
    world.kill("deployer");
    world.resume("deployer");
    let app = world.app("shop", &repo);
    app.live(2).await;
    let report = load.stop().await;
    assert_eq!(report.failed(), 0, "{:?}", report.first_failure);
    assert_eq!((app.version().await.as_str(), world.docker.running().len()), ("two", 1));
}

#[tokio::test]
async fn the_router_serves_with_everything_else_down() {
    let mut world = World::alone().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    {
        let app = world.register("shop", &repo).await;
        app.ship(&json!({"version": "one"}), 1).await;
    }
    for service in ["gateway", "monitor", "builder", "deployer", "router"] {
        world.kill(service);
    }
    world.nats.kill();
    world.postgres().kill();
    world.registry().kill();
    world.resume("router");
    world.ready().await;
    assert_eq!(world.app("shop", &repo).version().await, "one");
    world.registry().resume();
    world.postgres().resume();
    world.nats.resume();
    for service in ["gateway", "monitor", "builder", "deployer"] {
        world.resume(service);
    }
    world.ready().await;
    world.app("shop", &repo).ship(&json!({"version": "two"}), 2).await;
    assert_eq!(world.app("shop", &repo).version().await, "two");
}

#[tokio::test]
async fn the_event_stream_can_be_lost() {
    let mut world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    {
        let app = world.register("shop", &repo).await;
        app.ship(&json!({"version": "one"}), 1).await;
    }
    world.kill("builder");
    world.app("shop", &repo).push("Said while nobody listens").await;
    world.said("source.pushed", 2).await;
    world.nats.kill();
    world.nats.wipe();
    world.nats.resume();
    world.resume("builder");
    behave(&repo, &json!({"version": "two"}));
    world.app("shop", &repo).push("Two").await;
    let app = world.app("shop", &repo);
    let live = app.release_in(2, &[State::Live]).await;
    assert_eq!((live.commit, app.version().await.as_str()), (repo.head(), "two"));
}

#[tokio::test]
async fn what_was_said_yesterday_changes_nothing_today() {
    let mut world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    {
        let app = world.register("shop", &repo).await;
        app.ship(&json!({"version": "one"}), 1).await;
        app.ship(&json!({"version": "two"}), 2).await;
    }
    world.all_said().await;
    world.replay_everything().await;
    world.handled("builder", "source.pushed", 2).await;
    world.handled("deployer", "build.succeeded", 2).await;
    world.handled("monitor", "release.live", 2).await;
    let app = world.app("shop", &repo);
    assert_eq!((app.builds().await.len(), app.releases().await.len()), (2, 2));
    assert_eq!((app.release(2).await.state(), app.version().await.as_str()), (State::Live, "two"));
}

#[tokio::test]
async fn what_nobody_can_handle_is_shown_and_handed_back() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.push("One").await;
    app.live(1).await;
    world.say_as_of_tomorrow("source.pushed").await;
    let parked = world.parked().await;
    assert_eq!(
        (&parked["service"], &parked["subject"]),
        (&json!("builder"), &json!("slipway.v1.shop.source.pushed"))
    );
    assert_eq!(
        parked["reason"],
        "the payload of source.pushed has version 99, this program reads 1"
    );
    let number = parked["name"].as_str().expect("a name").trim_start_matches("parkedEvents/");
    let again = world.slipway(&format!("events retry {number}")).done();
    assert_eq!(
        again.trim(),
        format!("builder handles {number} again; if that fails too it is parked again")
    );
    assert_eq!(
        world.slipway(&format!("events drop {number}")).done().trim(),
        format!("{number} is forgotten")
    );
    assert_eq!(world.slipway("events parked").done().trim(), "nothing is parked");
    assert_eq!(app.builds().await.len(), 1);
}
