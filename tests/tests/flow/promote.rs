//! Promotion: what lived in staging for long enough is released in production, without a build.

use proto::v1::Release;
use proto::v1::grant::Role;
use proto::v1::release::State;
use proto::v1::vote::Kind;
use serde_json::json;
use std::time::Duration;
use stories::fixture::{behave, chameleon};
use stories::{World, digest, rewrite};
use testkit::webhook::delivery;
use testkit::{GitHub, Repo, eventually};

const PROMOTE: &str = "promote shop --from staging --to production";

/// An app that `main` releases to staging, and whose production takes from there what this gate lets through.
fn staged(gate: &str) -> Repo {
    let repo = chameleon("shop", &json!({"version": "one"}));
    let staging = "staging:\n    track: { branch: main }\n    host: staging.shop.localhost\n    bake: 1s\n  production:";
    rewrite(&repo, "production:\n    track: { branch: main }", &format!("{staging}\n    {gate}"));
    repo.commit("Production takes from staging");
    repo
}

/// Milliseconds from when one release was live until another was made, by the clock of the database.
fn between(live: &Release, made: &Release) -> i64 {
    let [live, made] = [&live.end_time, &made.create_time]
        .map(|at| at.as_ref().and_then(proto::time::from_timestamp).expect("a time"));
    (made - live).num_milliseconds()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_soaked_in_staging_is_released_in_production_without_a_build() {
    let github = GitHub::start().await;
    let world = crate::github::world(&github).await;
    let gates = "approval: 1\n    wait_for_ci: true";
    let repo = staged(&format!("promote_from: {{ environment: staging, soak: 4s }}\n    {gates}"));
    let app = world.register("shop", &repo).await;
    let proved = app.in_environment("staging").ship(&json!({"version": "one"}), 1).await;
    let promoted = app.release_in(1, &[State::AwaitingCi]).await;
    assert!(between(&proved, &promoted) >= 4000, "{proved:?} {promoted:?}");
    github.ci(&proved.commit, "unit", Some("success"));
    let said = json!({ "check_run": { "head_sha": proved.commit } });
    app.deliver(&delivery("check_run", &said)).await;
    app.release_in(1, &[State::AwaitingApproval]).await;
    assert_eq!((promoted.cause.as_str(), promoted.by.as_str()), ("promotion", "slipway"));
    assert_eq!(
        (promoted.commit, promoted.promoted_from),
        (proved.commit.clone(), proved.name.clone())
    );
    let [ana, bo] = [
        world.token("ana", Role::Deployer, "shop/production").await,
        world.token("bo", Role::Deployer, "shop/production").await,
    ];
    let own = world.slipway_as(&ana, "approve shop", "").failed();
    assert!(own.contains("SELF_APPROVAL"), "who pushed it does not count: {own}");
    world.slipway_as(&bo, "approve shop --reason read", "").done();
    let live = app.live(1).await;
    assert_eq!(digest(&live, "web"), digest(&proved, "web"));
    assert_eq!((app.version().await.as_str(), app.builds().await.len()), ("one", 1));
    let listed = world.slipway("releases shop production").done();
    assert!(listed.contains("from staging #1: "), "{listed}");
}

#[tokio::test]
async fn what_was_taken_back_in_staging_never_comes_to_production() {
    let (world, repo) =
        (World::start().await, staged("promote_from: { environment: staging, soak: 1h }"));
    let app = world.register("shop", &repo).await;
    let staging = app.in_environment("staging");
    let first = staging.ship(&json!({"version": "one"}), 1).await;
    let bo = world.token("bo", Role::Deployer, "shop/production").await;
    let early = world.slipway_as(&bo, PROMOTE, "").failed();
    assert!(early.contains("release 1 of staging has been live for"), "{early}");
    assert!(early.contains("NOT_SOAKED") && early.contains("of 1h"), "{early}");
    let no = world.slipway_as(&bo, &format!("{PROMOTE} --override-soak fire"), "").failed();
    assert!(no.contains("bo needs the role admin in shop/production"), "{no}");
    let soak = "→ shop/production: release 1 of staging has been live for";
    eventually("the soak to be shown", Duration::from_secs(30), async || {
        world.slipway("status shop staging").done().contains(soak).then_some(())
    })
    .await;
    world.slipway(&format!("{PROMOTE} --override-soak fire --wait")).done();
    let votes: Vec<_> =
        app.release(1).await.votes.iter().map(|it| (it.kind(), it.reason.clone())).collect();
    assert_eq!(votes, [(Kind::OverrideSoak, "fire".to_owned())]);
    staging.ship(&json!({"version": "two"}), 2).await;
    staging.rollback(0).await.expect("there is an earlier one");
    staging.live(3).await;
    let back = world.slipway(&format!("{PROMOTE} --release 2")).failed();
    assert!(back.contains("release 2 of staging was rolled back there"), "{back}");
    // Only now is the soak over for whatever could go on: what was brought back does not.
    rewrite(&repo, "soak: 1h", "soak: 1s");
    behave(&repo, &json!({"version": "three"}));
    let fourth = staging.ship_commit(4).await;
    app.live(2).await;
    let from: Vec<_> = app.releases().await.into_iter().map(|it| it.promoted_from).collect();
    assert_eq!(from, [fourth.name, first.name]);
    assert_eq!(app.version().await, "three");
}
