//! GitHub outward: what it is told of releases, and what a push waits for.

use proto::v1::release::State;
use serde_json::json;
use stories::fixture::{behave, chameleon};
use stories::{World, rewrite};
use testkit::webhook::delivery;
use testkit::{GitHub, Repo};

/// A world that tells and asks this GitHub of the app `shop`.
pub(crate) async fn world(github: &GitHub) -> World {
    World::with(&[
        ("SLIPWAY_ALLOW_PRIVATE_TARGETS", "127.0.0.0/8"),
        ("SLIPWAY_GITHUB_URL", &github.url()),
        ("SLIPWAY_GITHUB_TOKEN", testkit::github::TOKEN),
        ("SLIPWAY_GITHUB_REPOSITORIES", "shop=acme/shop"),
    ])
    .await
}

/// What was said of a deployment, without what was over before it could be told.
fn order(states: &[String]) -> Vec<&str> {
    let last = ["success", "inactive"];
    let begun = states.iter().map(String::as_str).filter(|state| !last.contains(state));
    assert!(begun.clone().is_sorted_by_key(|state| state == "in_progress"), "{states:?}");
    states.iter().map(String::as_str).filter(|state| last.contains(state)).collect()
}

#[tokio::test]
async fn a_pushs_release_is_told_to_github_and_the_former_becomes_inactive() {
    let github = GitHub::start().await;
    let (world, repo) = (world(&github).await, chameleon("shop", &json!({"version": "one"})));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    github.until_deployment(1, "success").await;
    app.ship(&json!({"version": "two"}), 2).await;
    let newer = github.until_deployment(2, "success").await;
    let former = github.until_deployment(1, "inactive").await;
    assert_eq!(order(&former.states()), ["success", "inactive"]);
    assert_eq!(
        (order(&newer.states()), &newer.shown["sha"]),
        (vec!["success"], &json!(repo.head()))
    );
    let said = github.until_said(&repo.head(), "slipway/production success").await;
    assert!(said.contains(&"slipway/build success".to_owned()), "{said:?}");
}

/// An app whose releases wait for CI.
fn guarded() -> Repo {
    let repo = chameleon("shop", &json!({"version": "one"}));
    rewrite(&repo, "bake: 3s", "wait_for_ci: true\n    bake: 3s");
    repo.commit("Wait for CI");
    repo
}

#[tokio::test]
async fn a_push_waits_until_ci_is_green_and_skip_ci_does_not_wait() {
    let github = GitHub::start().await;
    let (world, repo) = (world(&github).await, guarded());
    let app = world.register("shop", &repo).await;
    let first = app.push("One").await;
    app.release_in(1, &[State::AwaitingCi]).await;
    let shown = world.slipway("status shop production").done();
    assert!(shown.contains("it waits for CI, every status and check run"), "{shown}");
    assert_eq!(world.docker.containers(), [""; 0]);
    github.ci(&first, "unit", Some("success"));
    app.deliver(&delivery("check_run", &json!({ "check_run": { "head_sha": first } }))).await;
    app.live(1).await;
    behave(&repo, &json!({"version": "two"}));
    let second = repo.commit("Two");
    github.ci(&second, "unit", Some("failure"));
    app.told(&first, &second).await;
    let failure = app.release_in(2, &[State::Failed]).await.failure.expect("why");
    let link = "unit is failure: https://github.com/acme/shop/runs/2";
    assert_eq!((failure.reason.as_str(), failure.message.as_str()), ("CI_FAILED", link));
    behave(&repo, &json!({"version": "three"}));
    let third = repo.commit("chore: update trained model [skip ci]");
    github.has_commit(&third, "chore: update trained model [skip ci]");
    app.told(&second, &third).await;
    app.live(3).await;
}
