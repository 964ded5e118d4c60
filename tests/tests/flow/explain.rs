//! `slipway explain`: the story of a release, and what users noticed of it.

use proto::v1::release::State;
use serde_json::json;
use std::time::Duration;
use stories::fixture::{behave, chameleon};
use stories::{World, rewrite};
use testkit::Load;

#[tokio::test(flavor = "multi_thread")]
async fn a_good_release_tells_that_nobody_noticed() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    let load = Load::start(&app.users(), "/", 2, Duration::from_millis(5));
    let release = app.ship(&json!({"version": "two"}), 2).await;
    let report = load.stop().await;
    let counts = release.certificate.and_then(|it| it.counts).expect("what users noticed");
    assert_eq!((report.failed(), counts.failed, counts.cut), (0, 0, 0), "{counts:?}");
    assert!(counts.requests > 0 && counts.requests <= report.sent, "{counts:?}");
    let story = world.slipway("explain shop").done();
    for part in [
        "shop/production #2 is live",
        "nobody noticed: ",
        "from #1, which was good",
        "image of web: ",
    ] {
        assert!(story.contains(part), "{part} not in\n{story}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_went_back_tells_why_and_what_to_do() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    let _load = Load::start(&app.users(), "/", 2, Duration::from_millis(5));
    // Longer than it takes to see it, also on a busy machine; it goes back before that is over.
    rewrite(&repo, "bake: 1s", "bake: 1m");
    behave(&repo, &json!({"version": "two", "error_after_s": 0.5}));
    app.push("Turns bad").await;
    app.release_in(2, &[State::RolledBack]).await;
    let story = world.slipway("explain shop production 2").done();
    for part in
        ["was rolled back", "✗ ERROR_RATE", "users noticed: ", "look at the answers that failed"]
    {
        assert!(story.contains(part), "{part} not in\n{story}");
    }
    let told = world.slipway("explain shop production 2 -o json").json();
    assert!(told["release"]["certificate"]["counts"]["failed"].as_u64() > Some(0), "{told}");
}
