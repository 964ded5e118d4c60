//! Model against model: what a candidate predicts beside the stable release, before it answers users.

use proto::v1::Canary;
use proto::v1::release::State;
use serde_json::json;
use std::fmt::Write;
use std::time::Duration;
use stories::fixture::{behave, chameleon};
use stories::{ADMIN_TOKEN, App, World, rewrite};
use testkit::{GitHub, Http, Load, Repo, eventually};

const PATIENCE: Duration = Duration::from_mins(5);
/// The chameleon's version stands in for a prediction.
const CAPTURED: &str = "drift:\n  data:\n    reference: data/reference.csv\n    capture: { service: web, path: /, \
                        share: 100%, features: { amount: /amount }, prediction: /version }\n";

/// The chameleon's echo says how long a request was; what was true of it is told by the request's `id`.
const TOLD: &str = "jobs:\n  train: { service: web, at: manual, command: [python, -V], commit: { paths: [behaviour.json] } }\n\
                    drift:\n  data:\n    reference: data/reference.csv\n    truth: { key: /id, kind: number }\n    \
                    retrain: { mode: approval, on: [quality] }\n    capture: { service: web, path: /echo, share: 100%, features: { amount: /amount }, prediction: /bytes }\n";
/// Predictions.
const MANY: i64 = 120;

/// Releases get copies of all requests, and differ in nothing but their predictions.
const SHADOW: &str =
    "shadow: { share: 100%, for: 10s, ignore: [/instance, /release], analysis: { p95: 1000% } }";
const CANARY: &str = "canary: { steps: [50, 100], hold: 5s, analysis: { p95: 1000% } }";

/// An app with a model, whose releases take over so.
fn predicting(strategy: &str) -> Repo {
    let repo = chameleon("shop", &json!({"version": "one"}));
    rewrite(&repo, "bake: 1s", &format!("strategy: {{ {strategy} }}\n    bake: 1s"));
    rewrite(&repo, "environments:", &format!("{CAPTURED}environments:"));
    repo.write("data/reference.csv", "amount\n1\n").commit("With a model");
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
    let (world, repo) = (World::start().await, predicting(SHADOW));
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

#[tokio::test]
async fn a_canary_whose_model_predicts_otherwise_asks_a_person_who_takes_it_back() {
    let (world, repo) = (World::start().await, predicting(CANARY));
    let app = world.register("shop", &repo).await;
    app.push("One").await;
    app.live(1).await;
    let bodies = [json!({"amount": 1})];
    let load = Load::post(&app.users(), "/", &bodies, 4, Duration::from_millis(2));
    behave(&repo, &json!({"version": "two"}));
    app.push("Two").await;
    let canary = asked(&app).await;
    assert_eq!((canary.verdict.as_str(), canary.step), ("inconclusive", 1));
    let told = "(100 %) are of another kind, of the stable release 0 of";
    assert!(canary.sentence.contains(told), "{}", canary.sentence);
    // Both got other requests, so that nothing can be said of the same ones.
    assert!(!canary.sentence.contains("for the same requests"), "{}", canary.sentence);
    app.rollback(0).await.expect("the stable release is there");
    let release = app.release_in(2, &[State::RolledBack]).await;
    assert_eq!((release.pinned, load.stop().await.failed()), (true, 0));
    assert_eq!(app.version().await, "one");
}

/// Users ask, and each prediction is off by so much; what was true of them, as CSV.
async fn predicted(app: &App<'_>, first: i64, off: usize) -> String {
    let headers = [("content-type", "application/json".to_owned())];
    let mut truths = "key,truth\n".to_owned();
    for id in first..first + MANY {
        let body = json!({"id": id, "amount": 1}).to_string();
        writeln!(truths, "{id},{}", body.len() + off).expect("a text grows");
        app.users().post("/echo", &headers, body).await.expect("answered");
    }
    truths
}

/// A program tells what was true until it is known of every prediction; the last answer.
async fn told(world: &World, truths: &str) -> serde_json::Value {
    let headers = [
        ("authorization", format!("Bearer {ADMIN_TOKEN}")),
        ("content-type", "text/csv".to_owned()),
    ];
    let address = world.api().replace("http://", "").parse().expect("an address");
    let program = Http::new(address, "slipway.example.com");
    let (door, mut known) = ("/apps/shop/environments/production/truths", 0);
    eventually("every prediction to be known", PATIENCE, async || {
        let answer = program.post(door, &headers, truths.to_owned()).await;
        let told = answer.expect("the gateway answers").json();
        known += told["known_count"].as_i64().expect("a count");
        (known == MANY).then_some(told)
    })
    .await
}

/// Waits until the list of runs says so.
async fn run_is(world: &World, says: &str) {
    eventually(&format!("a run that is {says:?}"), PATIENCE, async || {
        world.slipway("runs shop").out.contains(says).then_some(())
    })
    .await;
}

/// Compares until the issue is so.
async fn filed(world: &World, github: &GitHub, (state, says): (&str, &str)) {
    eventually(&format!("the issue to be {state} with {says:?}"), PATIENCE, async || {
        world.slipway("drift check shop production");
        let issue = github.issues().into_iter().next()?;
        (issue["state"] == state && issue["body"].as_str()?.contains(says)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_true_is_told_later_and_a_model_that_got_worse_is_filed_until_it_is_accepted() {
    let repo = chameleon("shop", &json!({"version": "one"}));
    rewrite(&repo, "environments:", &format!("{TOLD}environments:"));
    rewrite(&repo, "bake: 1s", "drift: { data: { schedule: \"30 3 * * *\" } }\n    bake: 1s");
    repo.write("data/reference.csv", "amount\n1\n").commit("What was true is told");
    let github = GitHub::start().await;
    let world = World::with(&[
        ("SLIPWAY_ALLOW_PRIVATE_TARGETS", "127.0.0.0/8"),
        ("SLIPWAY_GITHUB_URL", &github.url()),
        ("SLIPWAY_GITHUB_TOKEN", testkit::github::TOKEN),
        ("SLIPWAY_GITHUB_REPOSITORIES", "shop=acme/shop"),
    ])
    .await;
    let app = world.register("shop", &repo).await;
    app.push("One").await;
    app.live(1).await;
    let show = "drift show shop production";
    eventually("the release to be known", PATIENCE, async || {
        (world.slipway(show).status == 0).then_some(())
    })
    .await;
    let truths = predicted(&app, 100, 2).await;
    told(&world, &truths).await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), &truths).expect("is written");
    let tell = format!("drift truth shop production {} --output json", file.path().display());
    assert_eq!(world.slipway(&tell).json()["unknown_count"], MANY, "it is told once");
    let shown = world.slipway(show).done();
    assert!(shown.contains("MAE 2.000, RMSE 2.000") && shown.contains("#1"), "{shown}");
    assert!(shown.contains("compared: ") && shown.contains("by \"30 3 * * *\" in UTC"), "{shown}");
    behave(&repo, &json!({"version": "two"}));
    app.push("Two").await;
    app.live(2).await;
    told(&world, &predicted(&app, 300, 20).await).await;
    filed(&world, &github, ("open", "mean absolute error | 20.000 | 2.000")).await;
    assert_eq!(world.slipway(show).status, 1);
    run_is(&world, "awaiting approval").await;
    let accepted = world.slipway("drift accept shop production --quality --why seasonal").done();
    assert!(accepted.starts_with("version 1 of the standard is made of 120 pred"), "{accepted}");
    filed(&world, &github, ("closed", "Release 2")).await;
    run_is(&world, "skipped").await;
    let shown = world.slipway(show).done();
    assert!(shown.contains("(standard 1)") && shown.contains(": seasonal"), "{shown}");
}
