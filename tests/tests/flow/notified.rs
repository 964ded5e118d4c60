//! People are told what happened, in the words of what they use.

use serde_json::json;
use stories::World;
use stories::fixture::{behave, chameleon, manifest};
use testkit::Receiver;

/// A world that may tell receivers on this machine.
async fn world() -> World {
    World::with(&[("SLIPWAY_ALLOW_PRIVATE_TARGETS", "127.0.0.0/8")]).await
}

// The receiver answers while the command is waited for.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_release_is_said_in_slack_with_its_cause() {
    let (world, slack) = (world().await, Receiver::start().await);
    let repo = chameleon("shop", &json!({"version": "one"}));
    let notify = "notify: [{ slack: SLACK_URL, on: [live, failed] }]\n";
    repo.write("slipway.yaml", &(manifest("shop") + notify));
    let app = world.register("shop", &repo).await;
    app.set_secret("SLACK_URL", &slack.slack_url()).await;
    app.ship(&json!({"version": "one"}), 1).await;
    let live = slack.until_received(1).await[0]["text"].to_string();
    assert!(live.contains("shop/production: release 1 is live"), "{live}");
    behave(&repo, &json!({"version": "two", "crash_at_start": true}));
    app.push("Two").await;
    let failed = slack.until_received(2).await.remove(1);
    let headline = failed["text"].as_str().unwrap_or_default();
    assert!(headline.starts_with("shop/production: release 2 failed"), "{failed}");
    let release = app.release(2).await.failure.expect("it failed");
    assert!(failed.to_string().contains(&release.reason), "{} {failed}", release.reason);
    assert!(failed.to_string().contains("told to crash"), "with the end of the log: {failed}");
    let listed = world.slipway("notify list shop").done();
    assert!(listed.contains("slack:SLACK_URL") && listed.contains("active"), "{listed}");
    let tested = world.slipway("notify test shop").done();
    assert_eq!(tested.trim(), "slack:SLACK_URL: the test arrived");
}
