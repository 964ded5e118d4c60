//! Warm-up and `verify`: a candidate proves its answers before users get them, and once more when they do.

use proto::v1::Release;
use proto::v1::release::State;
use serde_json::{Value, json};
use stories::fixture::{behave, chameleon};
use stories::{App, World, rewrite};
use testkit::{Load, Repo};

/// An app whose candidates are asked these `requests`, each answering as `behaviour` says.
fn verified(requests: &str, behaviour: &Value) -> Repo {
    let repo = chameleon("shop", behaviour);
    rewrite(&repo, "environments:", &format!("verify: [{requests}]\nenvironments:"));
    repo.commit("As the story wants it");
    repo
}

const VERSION: &str =
    "{ service: web, get: /, headers: { x-by: slipway }, expect: { /version: { type: string } } }";

fn detail<'a>(release: &'a Release, step: &str) -> &'a str {
    let found = release.steps.iter().find(|found| found.step == step);
    found.map_or("it was not done", |step| &step.detail)
}

/// What became of the second release while users asked, and of how many requests none failed.
async fn second(app: &App<'_>, repo: &Repo, behaviour: &Value, state: State) -> Release {
    let load = Load::steady(&app.users());
    behave(repo, behaviour);
    app.push("Another").await;
    let release = app.release_in(2, &[state]).await;
    let users = load.stop().await;
    assert_eq!((users.failed(), users.sent > 0), (0, true), "{:?}", users.first_failure);
    release
}

#[tokio::test]
async fn a_candidate_is_warmed_up_and_verified_before_it_has_users() {
    let world = World::start().await;
    let repo = verified(VERSION, &json!({"version": "one"}));
    let warm = "    warmup: { for: 1s, requests: [{ get: /, times: 2 }, { post: /echo, json: [1] }] }\n    http:";
    rewrite(&repo, "    http:", warm);
    repo.commit("It warms up");
    let app = world.register("shop", &repo).await;
    app.push("One").await;
    let release = app.live(1).await;
    assert!(detail(&release, "warming").starts_with("3 requests sent, 3 answered, 1."));
    assert!(detail(&release, "verifying").starts_with("1 request good, the slowest answer after "));
    let steps: Vec<&str> = release.steps.iter().map(|step| step.step.as_str()).collect();
    let wanted = ["starting", "warming", "verifying", "shifting", "baking"];
    assert!(steps.windows(5).any(|window| window == wanted), "{steps:?}");
}

#[tokio::test]
async fn a_candidate_that_answers_otherwise_never_has_users() {
    let world = World::start().await;
    let asked = "{ service: web, get: /, within: 2s, expect: { /version: { equals: one } } }";
    let repo = verified(asked, &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.push("One").await;
    app.live(1).await;
    let failed = second(&app, &repo, &json!({"version": "two"}), State::Failed).await;
    let failure = failed.failure.expect("why");
    insta::assert_snapshot!(format!("{} {}", failure.reason, failure.message), @r#"VERIFY_FAILED GET / is not answered by web (0) as `verify` wants it: /version is "two", not "one""#);
    assert!(
        failure.probe_lines[1].starts_with("{\"version\": \"two\""),
        "{:?}",
        failure.probe_lines
    );
    assert_eq!(app.version().await, "one");
}

#[tokio::test]
async fn a_release_that_answers_otherwise_once_it_has_users_goes_back() {
    let world = World::start().await;
    let repo = verified(VERSION, &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.push("One").await;
    app.live(1).await;
    behave(&repo, &json!({"version": "two", "error_after_requests": 1}));
    app.push("It gives up").await;
    let release = app.release_in(2, &[State::RolledBack]).await;
    assert_eq!(release.failure.expect("why").reason, "VERIFY_FAILED");
    assert_eq!((app.version().await.as_str(), release.pinned), ("one", true));
}
