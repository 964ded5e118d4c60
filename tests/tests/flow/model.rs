//! Model against model: what a candidate predicts beside the stable release, before it answers users.

use proto::v1::Canary;
use serde_json::json;
use std::time::Duration;
use stories::fixture::{behave, chameleon};
use stories::{App, World, rewrite};
use testkit::{Load, Repo, eventually};

const PATIENCE: Duration = Duration::from_mins(2);
/// The chameleon's version stands in for a prediction.
const CAPTURED: &str = "drift:\n  data:\n    reference: data/reference.csv\n    capture: { service: web, path: /, \
                        features: { amount: /amount }, prediction: /version }\n";

/// An app whose releases get copies of all requests, and differ in nothing but their predictions.
fn shadowed() -> Repo {
    let repo = chameleon("shop", &json!({"version": "one"}));
    let shadow = "strategy: { shadow: { share: 100%, for: 2s, ignore: [/instance, /release], analysis: { p95: 1000% } } }";
    rewrite(&repo, "bake: 3s", &format!("{shadow}\n    bake: 3s"));
    rewrite(&repo, "environments:", &format!("{CAPTURED}environments:"));
    repo.write("data/reference.csv", "amount\n1\n").commit("Copies first");
    repo
}

/// What is known of the second release once a person is asked.
async fn asked(app: &App<'_>) -> Canary {
    eventually("a person to be asked", PATIENCE, async || {
        app.release(2).await.canary.filter(|canary| canary.waits)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_whose_model_disagrees_asks_a_person_who_lets_it_go_on() {
    let (world, repo) = (World::start().await, shadowed());
    let app = world.register("shop", &repo).await;
    app.push("One").await;
    app.live(1).await;
    let load = Load::start(&app.users(), "/", 4, Duration::from_millis(2));
    behave(&repo, &json!({"version": "two"}));
    app.push("Two").await;
    let canary = asked(&app).await;
    assert_eq!(canary.verdict, "inconclusive");
    for told in [
        "(100 %) are of another kind, of the stable release 0 of",
        "(100 %) are not those of the stable release for the same requests; that is more than 10 %",
        "; differences: 0 of",
    ] {
        assert!(canary.sentence.contains(told), "{}", canary.sentence);
    }
    let shown = world.slipway("status shop production").done();
    assert!(shown.contains("predictions (100 %)"), "{shown}");
    world.slipway("promote shop production").done();
    app.live(2).await;
    assert_eq!((load.stop().await.failed(), app.version().await.as_str()), (0, "two"));
}
