//! Readings: what a canary is judged by beside what the router measures of it.

use proto::v1::Release;
use proto::v1::release::State;
use serde_json::json;
use std::time::Duration;
use stories::fixture::{behave, chameleon};
use stories::{App, World, rewrite};
use testkit::{Documents, Load, Prometheus, Repo, eventually};

const PATIENCE: Duration = Duration::from_mins(5);
const ALLOWED: (&str, &str) = ("SLIPWAY_ALLOW_PRIVATE_TARGETS", "127.0.0.0/8");
const BEARER: &str = "Bearer let-the-deployer-in";

/// An app whose canaries are judged by their queue, too.
fn judged_by_queue(prometheus: &Prometheus) -> Repo {
    let repo = chameleon("shop", &json!({"version": "one"}));
    let query = r#"'queue{release="{number}"}'"#;
    let source = format!("url: \"{}\", query: {query}, authorization: METRICS", prometheus.url());
    let queue = format!("queue: {{ prometheus: {{ {source} }}, period: 1s }}");
    let analysis = format!("analysis: {{ p95: 1000%, readings: {{ {queue} }} }}");
    let canary = format!("strategy: {{ canary: {{ steps: [50, 100], hold: 1m, {analysis} }} }}");
    rewrite(&repo, "bake: 1s", &format!("{canary}\n    bake: 1s"));
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
    let mut world = World::with(&[ALLOWED]).await;
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

/// An app whose releases get copies first, and are judged by what is open at a desk and what their instances say.
fn judged_by_desk(desk: &Documents) -> Repo {
    let repo = chameleon("shop", &json!({"version": "one", "stats": {"hits": 0.9}}));
    let source = format!("url: \"{}/open/{{number}}\", authorization: DESK", desk.url());
    let open = format!("open: {{ http: {{ {source}, pointer: /count }}, least: 3, period: 1s }}");
    let source = "instances: { service: web, get: /stats, pointer: /hits }";
    let hits = format!("hits: {{ {source}, better: higher, period: 1s }}");
    let analysis = format!("analysis: {{ p95: 1000%, readings: {{ {open}, {hits} }} }}");
    let shadow = format!(
        "strategy: {{ shadow: {{ share: 100%, for: 1m, ignore: [/version, /instance, /release], {analysis} }} }}"
    );
    rewrite(&repo, "bake: 1s", &format!("{shadow}\n    bake: 1s"));
    repo.commit("Judged by a desk and its instances");
    repo
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_is_judged_by_what_a_desk_and_its_instances_say() {
    let desk = Documents::start().await;
    desk.want(BEARER);
    desk.put("/open/1", json!({"count": 5}));
    desk.put("/open/2", json!({"count": 7}));
    let (world, repo) = (World::with(&[ALLOWED]).await, judged_by_desk(&desk));
    let app = world.register("shop", &repo).await;
    let planned = app.plan().await.expect("a plan");
    assert!(planned.contains("asked for with the secret DESK, which is not set"), "{planned}");
    app.set_secret("DESK", BEARER).await;
    app.push("One").await;
    app.live(1).await;
    let planned = app.plan().await.expect("a plan");
    let judged =
        "judged    hits         20% at most        lower: /hits of /stats of each instance of web";
    assert!(planned.contains(judged), "{planned}");
    let load = Load::start(&app.users(), "/", 4, Duration::from_millis(2));
    behave(&repo, &json!({"version": "two", "stats": {"hits": 0.4}}));
    app.push("Two").await;
    let release = app.release_in(2, &[State::Failed]).await;
    assert_eq!((load.stop().await.failed(), release.pinned), (0, false));
    let failure = release.failure.expect("why");
    let began = "by copies: fail: hits: 0.4 on average of ";
    assert!(failure.message.starts_with(began), "{}", failure.message);
    // It is more by two, and three are allowed.
    let open = release.readings.iter().find(|it| it.name == "open").expect("it was read");
    let read = (open.candidate, open.stable, open.problem.as_str());
    assert_eq!(read, (Some(7.0), Some(5.0), ""));
}
