//! Shadow: the candidate is asked what users ask, before any of them gets its answers.

use proto::v1::Release;
use proto::v1::release::State;
use serde_json::{Value, json};
use std::time::Duration;
use stories::fixture::{behave, chameleon};
use stories::{App, World, rewrite};
use testkit::{Load, Repo};

/// An app whose releases get copies of all requests for so long, and whose answers differ in what is not ignored. On a
/// busy machine the slowest answers say little, so they may be as slow as can be said.
fn shadowed(lasts: &str, ignore: &str) -> Repo {
    let repo = chameleon("shop", &json!({"version": "one"}));
    let shadow = format!(
        "strategy: {{ shadow: {{ share: 100%, for: {lasts}, ignore: {ignore}, analysis: {{ p95: 1000% }} }} }}"
    );
    rewrite(&repo, "bake: 1s", &format!("{shadow}\n    bake: 1s"));
    repo.commit("Copies first");
    repo
}

/// Its second release on the way, with the first one live and users.
async fn pushed<'a>(world: &'a World, repo: &'a Repo, behaviour: &Value) -> (App<'a>, Load) {
    let app = world.register("shop", repo).await;
    app.push("One").await;
    assert_eq!(app.live(1).await.shadow, None, "there was nothing to compare it with");
    let load = Load::start(&app.users(), "/", 4, Duration::from_millis(2));
    behave(repo, behaviour);
    app.push("Two").await;
    (app, load)
}

fn by_copies(release: &Release) -> Vec<&str> {
    let judged = release.steps.iter().filter(|step| step.detail.starts_with("by copies: "));
    judged.map(|step| step.detail.as_str()).collect()
}

#[tokio::test]
async fn a_shadow_that_answers_the_same_goes_live_and_nobody_notices() {
    let (world, repo) = (World::start().await, shadowed("2s", "[/version, /instance, /release]"));
    let (app, load) = pushed(&world, &repo, &json!({"version": "two"})).await;
    let release = app.live(2).await;
    let report = load.stop().await;
    assert_eq!(report.failed(), 0, "{:?}", report.first_failure);
    assert!(by_copies(&release).concat().contains("pass: errors: 0 of"), "{:?}", release.steps);
    let counts = release.shadow.expect("copies");
    assert!(counts.copies > 100 && counts.compared == counts.copies, "{counts:?}");
    assert_eq!((counts.failed, counts.body_different, app.version().await.as_str()), (0, 0, "two"));
    let shown = world.slipway("releases shop production 2").done();
    assert!(shown.contains(" copies, 0 failed"), "{shown}");
}

#[tokio::test]
async fn a_shadow_that_fails_and_answers_otherwise_is_found_before_any_user_sees_it() {
    let (world, repo) = (World::start().await, shadowed("1m", "[/instance, /release]"));
    let bad = json!({"version": "two", "error_after_s": 0, "error_every": 10});
    let (app, load) = pushed(&world, &repo, &bad).await;
    let release = app.release_in(2, &[State::Failed]).await;
    let report = load.stop().await;
    let failure = release.failure.expect("why");
    assert_eq!((failure.reason.as_str(), release.pinned), ("ANALYSIS_FAILED", false));
    assert!(failure.message.starts_with("by copies: fail: "), "{}", failure.message);
    let counts = release.shadow.expect("copies");
    assert!(counts.failed > 0 && counts.body_different > 0, "{counts:?}");
    assert_eq!(counts.places.iter().map(|it| &it.pointer).collect::<Vec<_>>(), ["/version"]);
    let versions: Vec<&str> = report.by_version.keys().map(String::as_str).collect();
    assert_eq!((versions, report.failed()), (vec!["one"], 0), "{:?}", report.first_failure);
}
