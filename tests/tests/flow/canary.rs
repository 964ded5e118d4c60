//! Canary: a share of the traffic, judged beside the stable release; what cannot be told is a person's to decide.

use bytes::Bytes;
use proto::v1::release::State;
use proto::v1::{Canary, PromoteReleaseRequest, Release, ReleaseStep};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use stories::fixture::{behave, chameleon};
use stories::{App, World, rewrite};
use testkit::{Load, Repo, eventually};

const PATIENCE: Duration = Duration::from_mins(2);

/// An app whose releases get these shares one after the other, each for `hold` at least. On a busy machine the slowest
/// answers say little, so they may be as slow as can be said.
fn stepwise(steps: &str, hold: &str) -> Repo {
    let repo = chameleon("shop", &json!({"version": "one"}));
    let canary = format!(
        "strategy: {{ canary: {{ steps: {steps}, hold: {hold}, analysis: {{ p95: 100% }} }} }}"
    );
    rewrite(&repo, "bake: 3s", &format!("{canary}\n    bake: 3s"));
    repo.commit("Step by step");
    repo
}

/// The app with its first release live, which was judged by nobody.
async fn live<'a>(world: &'a World, repo: &'a Repo) -> App<'a> {
    let app = world.register("shop", repo).await;
    app.push("One").await;
    let first = app.live(1).await;
    assert_eq!(judged(&first).count(), 0, "{first:?}");
    app
}

async fn push(app: &App<'_>, behaviour: &Value) {
    behave(app.repo, behaviour);
    app.push("Another").await;
}

fn users(app: &App<'_>) -> Load {
    Load::start(&app.users(), "/", 4, Duration::from_millis(2))
}

/// What is known of the second release, as soon as that is `wanted`.
async fn known(app: &App<'_>, wanted: impl Fn(&Canary) -> bool) -> Canary {
    eventually("something to be known of the canary", PATIENCE, async || {
        app.release(2).await.canary.filter(|canary| wanted(canary))
    })
    .await
}

async fn version_for(app: &App<'_>, user: u32) -> String {
    let headers = [("x-user", user.to_string())];
    let answer = app.users().send("GET", "/", &headers, Bytes::new()).await.expect("an answer");
    answer.json()["version"].as_str().expect("a version").to_owned()
}

/// The steps in which a share was judged; it may have been held for longer than was wanted, until enough was seen.
fn judged(release: &Release) -> impl Iterator<Item = &ReleaseStep> {
    release.steps.iter().filter(|step| step.detail.starts_with("at "))
}

/// What is told of the shares that passed, up to the first number of requests.
fn passed(release: &Release) -> Vec<String> {
    let passed = judged(release).filter(|step| step.detail.contains(" %: pass: "));
    passed.map(|step| step.detail.split(' ').take(7).collect::<Vec<_>>().join(" ")).collect()
}

fn lasted(step: &ReleaseStep) -> Duration {
    let at = |time: &Option<_>| proto::time::from_timestamp(time.as_ref().expect("it is over"));
    let span = at(&step.end_time).expect("a time") - at(&step.start_time).expect("a time");
    span.to_std().expect("it ends after it began")
}

#[tokio::test]
async fn a_canary_that_is_no_worse_gets_more_and_more_and_nobody_notices() {
    let steps = "[{ weight: 10, hold: 3s }, 50, 100]";
    let (world, repo) = (World::start().await, stepwise(steps, "1s"));
    let app = live(&world, &repo).await;
    let planned = app.plan().await.expect("a plan");
    assert!(planned.contains("10% judged over 3s, 50% judged over 1s, 100%"), "{planned}");
    let load = users(&app);
    push(&app, &json!({"version": "two"})).await;
    let release = app.live(2).await;
    let report = load.stop().await;
    assert_eq!(report.failed(), 0, "{:?}", report.first_failure);
    assert_eq!(passed(&release), ["at 10 %: pass: errors: 0 of", "at 50 %: pass: errors: 0 of"]);
    let first = judged(&release).filter(|step| step.detail.starts_with("at 10 %"));
    assert!(first.map(lasted).sum::<Duration>() > Duration::from_secs(2), "{release:?}");
    assert_eq!(app.version().await, "two");
}

#[tokio::test]
async fn a_canary_that_fails_a_tenth_of_its_requests_is_sent_back() {
    let (world, repo) = (World::start().await, stepwise("[10, 50, 100]", "1m"));
    let app = live(&world, &repo).await;
    let load = users(&app);
    push(&app, &json!({"version": "two", "error_after_s": 0, "error_every": 10})).await;
    let release = app.release_in(2, &[State::RolledBack]).await;
    let during = load.lap();
    let failure = release.failure.expect("why");
    assert_eq!((failure.reason.as_str(), release.pinned), ("ANALYSIS_FAILED", true));
    assert!(failure.message.starts_with("at 10 %: fail: errors: "), "{}", failure.message);
    assert!(during.failed() > 0 && during.failed() * 50 < during.sent, "{during:?}");
    assert!(during.first_failure.is_some_and(|answer| answer.contains("two")));
    assert_eq!((app.version().await.as_str(), load.stop().await.failed()), ("one", 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_without_users_waits_for_a_person() {
    let (world, repo) = (World::start().await, stepwise("[50, 100]", "1s"));
    let app = live(&world, &repo).await;
    let early = world.slipway("promote shop production").failed();
    assert!(early.contains("no release of shop/production moves"), "{early}");
    push(&app, &json!({"version": "two"})).await;
    let waits = known(&app, |canary| canary.waits).await;
    assert_eq!((waits.step, waits.steps, waits.verdict.as_str()), (1, 2, "inconclusive"));
    world.said("release.waiting", 1).await;
    let shown = world.slipway("status shop production").done();
    assert!(shown.contains("`slipway promote shop production` lets it go on"), "{shown}");
    world.slipway("promote shop production").done();
    let release = app.live(2).await;
    assert!(release.steps.iter().any(|step| step.detail == "bootstrap let it go on"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_without_users_is_judged_by_requests_of_slipway() {
    let (world, repo) = (World::start().await, stepwise("[50, 100]", "10s"));
    let own = "hold: 10s, synthetic: { requests: [{ get: / }], per_minute: 1200 }";
    rewrite(&repo, "hold: 10s", own);
    rewrite(&repo, "p95: 100%", "errors: 10%, p95: 1000%");
    repo.commit("Nobody comes");
    let app = live(&world, &repo).await;
    push(&app, &json!({"version": "two"})).await;
    let release = app.live(2).await;
    let step = judged(&release).last().expect("it was held");
    assert!(step.detail.starts_with("at 50 %: pass: errors: 0 of "), "{}", step.detail);
    let sent = release.synthetic.expect("requests");
    let told = format!(
        "of these requests {} of the candidate and {} of the stable release were sent by Slipway",
        sent.candidate, sent.stable
    );
    // In turn, and begun anew where a person was asked meanwhile.
    let in_turn = (0..=2).contains(&(sent.candidate - sent.stable));
    assert!(step.detail.ends_with(&told) && in_turn, "{}", step.detail);
}

#[tokio::test]
async fn what_holds_no_share_is_not_promoted() {
    let (world, repo) = (World::start().await, stepwise("[50, 100]", "1s"));
    let app = live(&world, &repo).await;
    let request = PromoteReleaseRequest { name: app.release(1).await.name, ..Default::default() };
    let refused = world.admin().releases.promote_release(request).await.expect_err("it is live");
    insta::assert_snapshot!(refused.message(), @"release 1 is live and holds no share of traffic");
}

#[tokio::test]
async fn a_canary_that_waits_can_be_sent_back() {
    let (world, repo) = (World::start().await, stepwise("[50, 100]", "1s"));
    let app = live(&world, &repo).await;
    push(&app, &json!({"version": "two"})).await;
    known(&app, |canary| canary.waits).await;
    app.cancel(2).await.expect("it moves");
    let release = app.release_in(2, &[State::Cancelled]).await;
    assert_eq!((app.version().await.as_str(), release.pinned), ("one", false));
}

#[tokio::test]
async fn a_client_stays_with_the_release_that_it_got() {
    let (world, repo) = (World::start().await, stepwise("[50, 100]", "1s"));
    rewrite(&repo, "hold: 1s", "hold: 1s, sticky: { header: x-user }");
    repo.commit("Each user by itself");
    let app = live(&world, &repo).await;
    push(&app, &json!({"version": "two"})).await;
    known(&app, |canary| canary.waits).await;
    let mut seen = BTreeSet::new();
    for user in 0..20 {
        let (first, again) = (version_for(&app, user).await, version_for(&app, user).await);
        assert_eq!(first, again, "user {user}");
        seen.insert(first);
    }
    assert_eq!(seen.len(), 2, "{seen:?}");
}

#[tokio::test]
async fn a_driver_that_is_killed_while_it_holds_a_share_is_taken_over() {
    let (mut world, repo) = (World::start().await, stepwise("[50, 100]", "8s"));
    let load = users(&live(&world, &repo).await);
    push(&world.app("shop", &repo), &json!({"version": "two"})).await;
    known(&world.app("shop", &repo), |canary| canary.sentence.contains(" requests ")).await;
    world.kill("deployer");
    world.resume("deployer");
    let release = world.app("shop", &repo).live(2).await;
    let report = load.stop().await;
    assert_eq!(report.failed(), 0, "{:?}", report.first_failure);
    assert_eq!(passed(&release), ["at 50 %: pass: errors: 0 of"]);
    assert!(judged(&release).map(lasted).sum::<Duration>() >= Duration::from_secs(8));
}
