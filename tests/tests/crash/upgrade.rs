//! Slipway itself is upgraded, on what the release before left in its database.

use serde_json::json;
use stories::crash::Stage;
use stories::fixture::behave;
use testkit::Load;

const CONTROL: [&str; 4] = ["gateway", "deployer", "monitor", "builder"];

#[tokio::test]
async fn the_release_before_is_upgraded_under_load_and_nobody_notices() {
    let mut stage = Stage::start().await;
    let load = Load::steady(&stage.app().users());
    let running = stage.world.docker.running();
    for service in CONTROL {
        stage.world.stop(service);
    }
    stage.world.becomes_the_release_before().await;
    for (done, service) in CONTROL.into_iter().enumerate() {
        // The first can take a push that only the last can build.
        if done == 1 {
            behave(stage.app().repo, &json!({"version": "two"}));
            stage.app().push("In the middle of the upgrade").await;
        }
        assert_eq!(stage.world.docker.running(), running, "before {service}");
        stage.world.resume(service);
        stage.world.ready().await;
    }
    stage.app().live(2).await;
    stage.settled().await;
    let report = load.stop().await;
    assert_eq!(report.failed(), 0, "{:?}", report.first_failure);
    assert!(report.by_version.contains_key("one") && report.by_version.contains_key("two"));
}
