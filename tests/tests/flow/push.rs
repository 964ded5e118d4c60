//! A push becomes a live release, and the next one replaces it.

use proto::v1::release::State;
use serde_json::json;
use std::time::Duration;
use stories::fixture::{behave, chameleon};
use stories::{World, rewrite};
use testkit::Load;

#[tokio::test]
async fn a_push_becomes_a_live_release() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    let commit = app.push("The first").await;
    let release = app.live(1).await;
    assert_eq!(release.commit, commit);
    assert_eq!(app.version().await, "one");
}

#[tokio::test]
async fn a_second_push_replaces_without_a_failed_request() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.push("The first").await;
    app.live(1).await;
    let load = Load::start(&app.users(), "/", 4, Duration::from_millis(2));
    behave(&repo, &json!({"version": "two"}));
    app.push("The second").await;
    app.live(2).await;
    let report = load.stop().await;
    assert_eq!(report.failed(), 0, "{:?}", report.first_failure);
    assert_eq!(report.by_version.keys().collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(app.release(1).await.state(), State::Retained);
}

#[tokio::test]
async fn a_candidate_that_never_gets_ready_changes_nothing_for_users() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.push("The first").await;
    app.live(1).await;
    let load = Load::steady(&app.users());
    behave(&repo, &json!({"version": "two", "never_ready": true}));
    app.push("Never ready").await;
    let failed = app.release_in(2, &[State::Failed]).await;
    let failure = failed.failure.expect("a failed release says why");
    assert!(!failure.probe_lines.is_empty(), "{failure:?}");
    let report = load.stop().await;
    assert_eq!((report.failed(), app.version().await), (0, "one".to_owned()));
    assert_eq!(world.docker.containers().len(), 1, "the candidate is gone");
}

#[tokio::test]
async fn a_release_that_turns_bad_goes_back_by_itself() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.push("The first").await;
    app.live(1).await;
    let load = Load::steady(&app.users());
    // Longer than it takes to see it, also on a busy machine; it goes back before that is over.
    rewrite(&repo, "bake: 1s", "bake: 1m");
    behave(&repo, &json!({"version": "two", "error_after_s": 0.5}));
    app.push("Turns bad").await;
    let back = app.release_in(2, &[State::RolledBack, State::Live]).await;
    assert_eq!(back.state(), State::RolledBack);
    assert_eq!(back.failure.expect("why").reason, "ERROR_RATE");
    assert!(back.pinned);
    load.stop().await;
    assert_eq!(app.version().await, "one");
}
