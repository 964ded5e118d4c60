//! What an engineer keeps open in a terminal while releases come and go.

use serde_json::json;
use stories::World;
use stories::fixture::chameleon;

#[tokio::test(flavor = "multi_thread")]
async fn logs_events_and_status_are_followed_across_releases_and_restarts() {
    let mut world = World::start().await;
    let one = json!({"version": "one", "print_lines": 1});
    let repo = chameleon("shop", &one);
    let app = world.register("shop", &repo).await;
    app.ship(&one, 1).await;
    let mut logs = world.slipway_follows("logs shop production -f");
    logs.shows("line 0 of 1").await;
    let status = world.slipway_follows("status shop --watch");
    let mut events = world.slipway_follows("events --app shop --type release.live -f");
    app.ship(&json!({"version": "two", "print_lines": 2}), 2).await;
    logs.shows("line 0 of 2").await;
    logs.shows("line 1 of 2").await;
    events.shows("#2  live").await;
    for service in ["gateway", "deployer"] {
        world.kill(service);
        world.resume(service);
    }
    world.ready().await;
    world.app("shop", &repo).ship(&json!({"version": "three", "print_lines": 1}), 3).await;
    logs.shows("version three listens").await;
    events.shows("#3  live").await;
    // Of the second release, or of the third if it was not there yet when the second began.
    status.shows(" is live").await;
    assert_eq!((logs.ended(), events.ended()), (None, None), "until they are told to stop");
    let shown = [logs.shown(), events.shown()].concat();
    for line in ["version one", "version two", "line 1 of 2", "#1  live", "#2  live", "#3  live"] {
        assert_eq!(shown.matches(line).count(), 1, "{line}: {shown}");
    }
}
