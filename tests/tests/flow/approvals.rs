//! Before a release begins: people who must agree to it, freezes that hold it, and a candidate that is asked by hand.

use bytes::Bytes;
use proto::v1::Release;
use proto::v1::grant::Role;
use proto::v1::release::State;
use proto::v1::vote::Kind;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use stories::fixture::{behave, chameleon};
use stories::{App, World, rewrite};
use testkit::{Repo, eventually};

const PATIENCE: Duration = Duration::from_mins(2);
/// On a busy machine the slowest answers say little, so they may be as slow as can be said.
const CANARY: &str = "strategy: { canary: { steps: [1, 100], hold: 1s, analysis: { p95: 100% } } }";

/// An app whose releases to production pass this gate. Ana pushes them.
fn guarded(gate: &str) -> Repo {
    let repo = chameleon("shop", &json!({"version": "one"}));
    rewrite(&repo, "bake: 3s", &format!("{gate}\n    bake: 3s"));
    repo.commit("A gate before production");
    repo
}

async fn token(world: &World, name: &str) -> String {
    world.token(name, Role::Deployer, "shop/production").await
}

fn decided(release: &Release) -> Vec<(Kind, &str, &str)> {
    let votes = release.votes.iter();
    votes.map(|vote| (vote.kind(), vote.by.as_str(), vote.reason.as_str())).collect()
}

#[tokio::test]
async fn two_people_must_agree_and_who_pushed_is_none_of_them() {
    let gate = "approval: { count: 2, from: [bo, eve] }";
    let (world, repo) = (World::start().await, guarded(gate));
    let app = world.register("shop", &repo).await;
    app.push("One").await;
    app.release_in(1, &[State::AwaitingApproval]).await;
    let [ana, bo, eve] =
        [token(&world, "ana").await, token(&world, "bo").await, token(&world, "eve").await];
    let own = world.slipway_as(&ana, "approve shop", "").failed();
    assert!(own.contains("ana asked for release 1") && own.contains("SELF_APPROVAL"), "{own}");
    world.slipway_as(&bo, "approve shop --reason read", "").done();
    world.slipway_as(&bo, "approve shop --reason again", "").done();
    let shown = world.slipway("status shop production").done();
    assert!(
        shown.contains("it waits for approval by bo, eve, 1 of 2 given, not by ana"),
        "{shown}"
    );
    let other = world.slipway_as(&token(&world, "mia").await, "approve shop", "").failed();
    assert!(other.starts_with("4 ") && other.contains("NOT_AN_APPROVER"), "{other}");
    assert!(other.contains("none of those who may agree to release 1: bo, eve"), "{other}");
    assert_eq!(world.docker.containers(), [""; 0]);
    world.slipway_as(&eve, "approve shop 1 --environment production", "").done();
    let release = app.live(1).await;
    assert_eq!(decided(&release), [(Kind::Approve, "bo", "read"), (Kind::Approve, "eve", "")]);
    let image = release.services[0].image.as_ref().expect("an image");
    let again = format!("--force --image web={}@{}", image.repository, image.digest);
    let few = world.slipway_as(&bo, &format!("deploy shop production {again}"), "").failed();
    assert!(few.contains("TOO_FEW_APPROVERS"), "only eve is left: {few}");
    world.slipway(&format!("deploy shop production {again}")).done();
    app.release_in(2, &[State::AwaitingApproval]).await;
    world.its_time_is_over(2).await;
    let failure = app.release_in(2, &[State::Failed]).await.failure.expect("why");
    let late = world.slipway_as(&eve, "approve shop 2 --environment production", "").failed();
    assert_eq!(failure.reason, "APPROVAL_EXPIRED");
    assert_eq!(late, "6 error: no release shop/production #2 waits for anybody");
    assert_eq!(app.version().await, "one");
}

#[tokio::test]
async fn what_is_refused_ends_with_who_and_why_and_users_notice_nothing() {
    let (world, repo) = (World::start().await, guarded("keep: 5"));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    rewrite(&repo, "keep: 5", "approval: 1");
    behave(&repo, &json!({"version": "two"}));
    app.push("Two").await;
    app.release_in(2, &[State::AwaitingApproval]).await;
    let bo = token(&world, "bo").await;
    world.slipway_as(&bo, "refuse shop --reason untested", "").done();
    let failure = app.release_in(2, &[State::Failed]).await.failure.expect("why");
    assert_eq!(
        (failure.reason.as_str(), app.version().await.as_str()),
        ("APPROVAL_REFUSED", "one")
    );
    assert_eq!(failure.message, "bo refused it: untested");
    let late = world.slipway_as(&bo, "approve shop", "").failed();
    assert_eq!(late, "6 error: no release shop waits for anybody");
}

#[tokio::test]
async fn a_freeze_holds_a_release_until_an_administrator_says_why_not() {
    let freeze = "freeze: [{ deny: \"* * * * *\", for: 1m }]";
    let (world, repo) = (World::start().await, guarded(freeze));
    let app = world.register("shop", &repo).await;
    let planned = app.plan().await.expect("a plan");
    assert!(planned.contains("frozen    with no end in sight: within deny"), "{planned}");
    app.push("One").await;
    let waiting = app.release_in(1, &[State::AwaitingWindow]).await.waiting.expect("for what");
    assert_eq!(waiting.freeze, "within deny \"* * * * *\" for 1m in UTC");
    let line = "approve shop --override-freeze --reason fire";
    let bo = token(&world, "bo").await;
    let refused = world.slipway_as(&bo, line, "").failed();
    assert!(
        refused.starts_with("4 error: bo needs the role admin in shop/production"),
        "{refused}"
    );
    assert_eq!(world.docker.containers(), [""; 0]);
    world.slipway(line).done();
    let release = app.live(1).await;
    assert_eq!(decided(&release), [(Kind::OverrideFreeze, "bootstrap", "fire")]);
}

/// The version that answers a request with this header line, or without one.
async fn version(app: &App<'_>, header: Option<&str>) -> String {
    let header = header.map(|line| line.split_once(": ").expect("a header"));
    let headers: Vec<_> =
        header.map(|(name, value)| (name, value.to_owned())).into_iter().collect();
    let answer = app.users().send("GET", "/", &headers, Bytes::new()).await.expect("an answer");
    answer.json()["version"].as_str().expect("a version").to_owned()
}

#[tokio::test]
async fn a_candidate_is_asked_with_the_header_that_is_printed() {
    let (world, repo) = (World::start().await, guarded(CANARY));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    behave(&repo, &json!({"version": "two"}));
    app.push("Two").await;
    eventually("a candidate to have its share", PATIENCE, async || {
        app.release(2).await.canary.map(drop)
    })
    .await;
    let viewer = world.token("viewer", Role::Viewer, "shop/production").await;
    let refused = world.slipway_as(&viewer, "candidate shop", "").failed();
    assert!(refused.starts_with("4 "), "{refused}");
    let shown = world.slipway_as(&token(&world, "bo").await, "candidate shop", "").done();
    let header = shown.lines().find_map(|line| line.strip_prefix("header:")).expect("a header");
    let (mut with, mut without) = (BTreeSet::new(), Vec::new());
    for _ in 0..20 {
        with.insert(version(&app, Some(header.trim())).await);
        without.push(version(&app, None).await);
    }
    assert_eq!(with, BTreeSet::from(["two".to_owned()]));
    assert!(without.contains(&"one".to_owned()), "{without:?}");
}
