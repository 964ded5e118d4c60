//! The loop: data drift, an issue is filed, somebody agrees to a retraining, the new model lives, and the issue is closed.

use crate::capture::{Captured, ENOUGH, amount};
use proto::v1::data_drift::Verdict;
use serde_json::json;
use stories::fixture::{chameleon, manifest};
use stories::{MAIN, World};
use testkit::{GitHub, Repo, webhook};

/// Trains on what comes by now: the model says so in its version, and its reference is what it was trained on.
const TRAIN: &str = "jobs:\n  train: { service: web, at: manual, command: [python, -c, \"import json; end = chr(10); \
    json.dump({'version': 'trained'}, open('behaviour.json', 'w')); \
    open('reference.csv', 'w').write(end.join(['amount'] + [str(i * 37 % 100 + 40) for i in range(1000)]))\"], \
    commit: { paths: [behaviour.json, reference.csv], message: 'chore: update trained model' } }\n";
const DRIFT: &str = "drift:\n  data:\n    reference: reference.csv\n    retrain: { mode: approval }\n    \
    capture: { service: web, path: /echo, share: 100%, features: { amount: /amount } }\n";

/// An app whose model is made anew when somebody agrees, at a remote that takes pushes.
fn retrained() -> Repo {
    let repo = chameleon("shop", &json!({"version": "one"}));
    repo.write("slipway.yaml", &(manifest("shop") + TRAIN + DRIFT));
    let rows: Vec<String> = (0..1000).map(|i| amount(i).to_string()).collect();
    repo.write("reference.csv", &format!("amount\n{}\n", rows.join("\n")));
    let dockerfile = std::fs::read_to_string(repo.path().join("Dockerfile")).expect("a file");
    let copied = "COPY --chown=app:app reference.csv beh";
    repo.write("Dockerfile", &dockerfile.replace("COPY beh", copied));
    repo.git(&["config", "receive.denyCurrentBranch", "updateInstead"]);
    repo.commit("As the story wants it");
    repo
}

async fn world(github: &GitHub) -> World {
    World::with(&[
        ("SLIPWAY_ALLOW_PRIVATE_TARGETS", "127.0.0.0/8"),
        ("SLIPWAY_GITHUB_URL", &github.url()),
        ("SLIPWAY_GITHUB_TOKEN", testkit::github::TOKEN),
        ("SLIPWAY_GITHUB_REPOSITORIES", "shop=acme/shop"),
    ])
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_filed_answered_by_a_new_model_that_somebody_agreed_to_and_closed() {
    let github = GitHub::start().await;
    let captured = Captured { world: world(&github).await, repo: retrained() };
    let (world, repo) = (&captured.world, &captured.repo);
    let app = world.register("shop", repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    captured.refers_to(1).await;
    captured.asked(40).await;
    assert_eq!(captured.compared(ENOUGH).await.verdict(), Verdict::Drift);
    github.until_issue(1, ("open", "slipway retrain shop --environment production")).await;
    world.said("drift.detected", 1).await;
    let told = world.slipway("drift check shop production").complaint;
    assert!(told.contains("https://github.com/acme/shop/issues/1"), "{told}");
    let runs = world.slipway("runs shop").done();
    assert!(runs.contains("awaiting approval"), "{runs}");
    let before = repo.head();
    let agreed = world.slipway("retrain shop --environment production --reason agreed --release");
    assert!(
        agreed.complaint.contains("released at https://github.com/acme/shop/releases/tag/model-"),
        "{}",
        agreed.complaint
    );
    let file = github.file("behaviour.json").expect("it is released");
    assert_eq!(&file[..], std::fs::read(repo.path().join("behaviour.json")).expect("a file"));
    let message = repo.git(&["log", "-1", "--format=%B"]);
    let delivery = webhook::push(MAIN, &before, &repo.head(), &message);
    assert_eq!(app.outcome(&delivery).await, "202 accepted");
    let second = app.live(2).await;
    assert_eq!((second.cause.as_str(), app.version().await.as_str()), ("retrain", "trained"));
    captured.refers_to(2).await;
    captured.asked(40).await;
    assert_eq!(captured.compared(ENOUGH).await.verdict(), Verdict::NoDrift);
    github.until_issue(1, ("closed", "amount")).await;
    assert_eq!((github.issues().len(), world.times_said("drift.detected").await), (1, 1));
}
