//! Readings: what a canary is judged by beside what the router measures of it.

use proto::v1::Release;
use proto::v1::release::State;
use serde_json::json;
use std::time::Duration;
use stories::fixture::{behave, chameleon};
use stories::{App, World, rewrite};
use testkit::{Prometheus, Repo, eventually};

const PATIENCE: Duration = Duration::from_mins(2);
const BEARER: &str = "Bearer let-the-deployer-in";

/// An app whose canaries are judged by their queue, too.
fn judged_by_queue(prometheus: &Prometheus) -> Repo {
    let repo = chameleon("shop", &json!({"version": "one"}));
    let query = r#"'queue{release="{number}"}'"#;
    let source = format!("url: \"{}\", query: {query}, authorization: METRICS", prometheus.url());
    let queue = format!("queue: {{ prometheus: {{ {source} }}, period: 1s }}");
    let analysis = format!("analysis: {{ p95: 1000%, readings: {{ {queue} }} }}");
    let canary = format!("strategy: {{ canary: {{ steps: [50, 100], hold: 1m, {analysis} }} }}");
    rewrite(&repo, "bake: 3s", &format!("{canary}\n    bake: 3s"));
    repo.commit("Judged by its queue");
    repo
}

/// The second release, as soon as `wanted` is known of it.
async fn known(app: &App<'_>, wanted: impl Fn(&Release) -> bool) -> Release {
    eventually("something to be known of the canary", PATIENCE, async || {
        Some(app.release(2).await).filter(|release| wanted(release))
    })
    .await
}

fn sentence(release: &Release) -> &str {
    release.canary.as_ref().map_or("", |canary| &canary.sentence)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_with_a_longer_queue_goes_back_and_the_queue_is_named() {
    let prometheus = Prometheus::start().await;
    prometheus.want(BEARER);
    prometheus.set("queue", &[("release", "1")], 11.0);
    let mut world = World::with(&[("SLIPWAY_ALLOW_PRIVATE_TARGETS", "127.0.0.0/8")]).await;
    let repo = judged_by_queue(&prometheus);
    let app = world.register("shop", &repo).await;
    app.set_secret("METRICS", BEARER).await;
    app.push("One").await;
    app.live(1).await;
    behave(&repo, &json!({"version": "two"}));
    app.push("Two").await;
    let silent = known(&app, |it| sentence(it).contains("queue was not read")).await;
    let why = "queue was not read: candidate: the query found nothing";
    assert!(sentence(&silent).starts_with("inconclusive: "), "{silent:?}");
    assert!(sentence(&silent).contains(why), "{silent:?}");
    prometheus.set("queue", &[("release", "2")], 20.0);
    known(&app, |it| it.readings.first().is_some_and(|queue| queue.pairs > 1)).await;
    world.kill("deployer");
    world.resume("deployer");
    let app = world.app("shop", &repo);
    let release = app.release_in(2, &[State::RolledBack]).await;
    let failure = release.failure.clone().expect("why");
    assert_eq!((failure.reason.as_str(), release.pinned), ("ANALYSIS_FAILED", true));
    let began = "at 50 %: fail: queue: 20 on average of 7 readings, 11 of the stable release";
    assert!(failure.message.starts_with(began), "{}", failure.message);
    let told = world.slipway("explain shop production 2").done();
    assert!(told.contains("queue 20 last, of the stable release 11, read 7 times"), "{told}");
}
