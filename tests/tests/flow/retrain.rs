//! A model is made anew: by a job in what is live, judged, committed to the branch, and back as a push like any other.

use proto::v1::run::State;
use proto::v1::{ListRunsRequest, Release, Run, RunJobRequest};
use serde_json::json;
use service::fail_point::Fault;
use std::time::Duration;
use stories::fixture::chameleon;
use stories::{App, MAIN, World, rewrite};
use testkit::{Repo, eventually, webhook};

const PLACE: &str = "apps/shop/environments/production";
const JOB: &str = "apps/shop/environments/production/jobs/train";

/// Trains: what the chameleon is told is its model, whose version is the first argument; the second is how good it is.
const TRAIN: &str = "train: { service: web, at: manual, command: [python, -c, \"import json, sys; \
    version, auc = (sys.argv[1:] + ['trained', '0.9'][len(sys.argv) - 1:])[:2]; \
    json.dump({'version': version}, open('behaviour.json', 'w')); \
    json.dump({'auc': float(auc)}, open('/data/metrics.json', 'w'))\"], \
    commit: { paths: [behaviour.json], message: 'chore: update trained model', metrics: { \
    file: /data/metrics.json, values: { /auc: { min: 0.8, not_worse_than_live: 0.01 } } } } }";

/// An app whose model a job may write, at a remote that takes pushes.
fn trainable() -> Repo {
    let repo = chameleon("shop", &json!({"version": "one"}));
    let volume =
        "    volumes: [{ name: notes, path: /data, class: cache }]\n    http: { port: 8000 }";
    rewrite(&repo, "    http: { port: 8000 }", volume);
    rewrite(&repo, "environments:", &format!("jobs:\n  {TRAIN}\nenvironments:"));
    let dockerfile = std::fs::read_to_string(repo.path().join("Dockerfile")).expect("a file");
    repo.write("Dockerfile", &dockerfile.replace("COPY beh", "COPY --chown=app:app beh"));
    repo.git(&["config", "receive.denyCurrentBranch", "updateInstead"]);
    repo.commit("As the story wants it");
    repo
}

/// The forge tells that the branch moved since `before`; the release of that, live.
async fn comes_back(app: &App<'_>, before: &str, number: i64) -> Release {
    let message = app.repo.git(&["log", "-1", "--format=%B"]);
    let delivery = webhook::push(MAIN, before, &app.repo.head(), &message);
    assert_eq!(app.outcome(&delivery).await, "202 accepted");
    app.live(number).await
}

/// All runs, the newest first.
async fn runs(world: &World) -> Option<Vec<Run>> {
    let request = ListRunsRequest { parent: PLACE.to_owned(), ..Default::default() };
    Some(world.admin().jobs.list_runs(request).await.ok()?.into_inner().runs)
}

/// Why the newest run did not end well.
async fn why(world: &World) -> String {
    let last = runs(world).await.expect("a list").swap_remove(0);
    format!("{} {}", last.reason, last.message)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_made_anew_is_committed_comes_back_and_can_be_taken_back_alone() {
    let world = World::start().await;
    let repo = trainable();
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    let first = repo.head();
    let told = world.slipway("retrain shop --environment production --reason drift");
    assert!(told.complaint.contains("committed "), "{}", told.complaint);
    let message = repo.git(&["log", "-1", "--format=%B"]);
    assert!(
        message.starts_with("chore: update trained model [skip ci]\n\nSlipway-Env"),
        "{message}"
    );
    assert_eq!(repo.git(&["diff", "--name-only", "HEAD~1"]), "behaviour.json");
    let second = comes_back(&app, &first, 2).await;
    assert_eq!((second.cause.as_str(), app.version().await.as_str()), ("retrain", "trained"));
    assert_ne!(second.model, app.release(1).await.model);
    let again = world.slipway("retrain shop -e production");
    assert!(again.complaint.contains("nothing differs from main"), "{}", again.complaint);
    assert_eq!(repo.head(), second.commit);
    let back = world.slipway("rollback shop production --model-of 1").done();
    assert!(back.starts_with("committed "), "{back}");
    let third = comes_back(&app, &second.commit, 3).await;
    assert_eq!(third.model, app.release(1).await.model);
    assert_eq!(app.version().await, "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_not_good_enough_is_not_committed() {
    let world = World::start().await;
    let repo = trainable();
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    let head = repo.head();
    assert_eq!(world.slipway("run shop train -- worse 0.5").status, 1);
    insta::assert_snapshot!(why(&world).await, @"METRICS_REFUSED /auc is 0.5, below 0.8; nothing is committed");
    assert_eq!(repo.head(), head);
    assert_eq!(world.slipway("run shop train -- better 0.95").status, 0);
    comes_back(&app, &head, 2).await;
    assert_eq!(world.slipway("run shop train -- worse 0.85").status, 1);
    insta::assert_snapshot!(why(&world).await, @"METRICS_REFUSED /auc is 0.85, more than 0.01 below the 0.95 of the live model; nothing is committed");
    assert_eq!(
        (app.release(2).await.commit, app.version().await),
        (repo.head(), "better".to_owned())
    );
}

/// Asks for a model of its own for each point.
async fn train(world: &World, version: &str) {
    let arguments = vec![version.to_owned(), "0.9".to_owned()];
    let request = RunJobRequest { name: JOB.to_owned(), arguments, ..Default::default() };
    world.admin().jobs.run_job(request).await.expect("it is due");
}

/// So many runs have ended well.
async fn ended(world: &World, count: usize) {
    eventually("the runs to end", Duration::from_mins(3), async || {
        let runs = runs(world).await?;
        let all = runs.len() == count && runs.iter().all(|run| run.state() == State::Succeeded);
        all.then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_model_is_committed_once_wherever_a_service_dies_and_whoever_else_pushes() {
    let mut world = World::alone().await;
    let repo = trainable();
    world.register("shop", &repo).await.ship(&json!({"version": "one"}), 1).await;
    let commits = || repo.git(&["rev-list", "--count", "HEAD"]).parse::<usize>().expect("a number");
    let before = commits();
    let points = [
        ("deployer", "deployer.commit.begun"),
        ("builder", "builder.commit.pushed"),
        ("deployer", "deployer.commit.sent"),
    ];
    for (count, (service, point)) in (1..).zip(points) {
        world.arm(point, Fault::Kill);
        train(&world, point).await;
        world.hit(point).await;
        world.rises(service).await;
        world.disarm();
        ended(&world, count).await;
        assert_eq!(commits(), before + count, "{point}");
    }
    world.arm("builder.commit.made", Fault::Hold);
    train(&world, "last").await;
    world.hit("builder.commit.made").await;
    repo.write("README.md", "Somebody else was faster.\n").commit("A push of a person");
    world.release_hold("builder.commit.made");
    ended(&world, 4).await;
    assert_eq!(repo.git(&["log", "-2", "--format=%an"]), "Slipway\nAna");
}
