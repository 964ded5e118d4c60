//! What an engineer keeps open in a terminal while releases come and go.

use serde_json::json;
use stories::World;
use stories::fixture::chameleon;

#[tokio::test(flavor = "multi_thread")]
async fn logs_and_status_are_followed_across_a_release() {
    let world = World::start().await;
    let one = json!({"version": "one", "print_lines": 1});
    let repo = chameleon("shop", &one);
    let app = world.register("shop", &repo).await;
    app.ship(&one, 1).await;
    let mut logs = world.slipway_follows("logs shop production -f");
    logs.shows("line 0 of 1").await;
    let status = world.slipway_follows("status shop --watch");
    app.ship(&json!({"version": "two", "print_lines": 2}), 2).await;
    logs.shows("line 0 of 2").await;
    logs.shows("line 1 of 2").await;
    status.shows("#2 is live").await;
    assert_eq!(logs.ended(), None, "it goes on until it is told to stop");
    assert_eq!(logs.shown().matches("line 0 of 1").count(), 1, "{}", logs.shown());
}
