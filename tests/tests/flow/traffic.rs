//! What users are in the middle of while the release they talk to is replaced.

use crate::tell::problem;
use proto::v1::release::State;
use proto::v1::set_traffic_request::Mode;
use serde_json::json;
use service::fail_point::Fault;
use std::time::Duration;
use stories::fixture::{behave, chameleon, manifest};
use stories::{Uploads, World};
use testkit::Load;

/// `stop.drain` of the chameleon's manifest, in seconds.
const DRAIN: i64 = 5;

#[tokio::test]
async fn a_websocket_lives_on_across_the_switch_until_the_drain_is_over() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    let mut old = app.socket().await;
    behave(&repo, &json!({"version": "two"}));
    app.push("Two").await;
    app.release_in(2, &[State::Settling]).await;
    assert_eq!((old.ask("version").await.as_str(), app.version().await.as_str()), ("one", "two"));
    assert_eq!(app.socket().await.ask("version").await, "two");
    assert_eq!(old.closed().await, Some(1001), "the app says that it goes away");
    let closed = service::Clock::system().now();
    let steps = app.live(2).await.steps;
    let settling = steps.into_iter().find(|step| step.step == "settling").expect("it settled");
    let began = settling.start_time.expect("it began");
    assert!(closed.timestamp() - began.seconds >= DRAIN, "it is closed too early: {began:?}");
}

#[tokio::test]
async fn an_event_stream_across_the_switch_loses_no_event() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    // It takes longer than eight seconds on a busy machine.
    repo.write("slipway.yaml", &manifest("shop").replace("drain: 5s", "drain: 30s"));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    let users = app.users();
    let stream = tokio::spawn(async move { users.get("/stream?n=80&ms=100").await });
    app.ship(&json!({"version": "two"}), 2).await;
    let stream = stream.await.expect("no panic").expect("the whole stream");
    let event = |n| format!("id: {n}\ndata: {{\"version\": \"one\", \"number\": {n}}}\n\n");
    assert_eq!(stream.text(), (0..80).map(event).collect::<String>());
    assert_eq!(app.version().await, "two");
}

#[tokio::test]
async fn requests_shorter_than_the_drain_are_all_answered() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    // A busy machine needs longer for them, and who has none is not waited for.
    let text = manifest("shop").replace("bake: 1s", "bake: 0s").replace("drain: 5s", "drain: 30s");
    repo.write("slipway.yaml", &text);
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    let load = Load::start(&app.users(), "/slow?ms=3000", 30, Duration::from_millis(10));
    app.ship(&json!({"version": "two"}), 2).await;
    let report = load.stop().await;
    assert_eq!(report.failed(), 0, "{:?}", report.first_failure);
    assert_eq!(report.by_version.keys().collect::<Vec<_>>(), ["one", "two"]);
}

#[tokio::test]
async fn a_request_longer_than_drain_and_grace_does_not_hold_the_release_up() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    let users = app.users();
    let endless = tokio::spawn(async move { users.get("/slow?ms=110000").await });
    app.ship(&json!({"version": "two"}), 2).await;
    let answer = endless.await.expect("no panic").expect("an answer of the router");
    assert_eq!((answer.status, answer.json()["reason"].as_str()), (502, Some("BROKE_OFF")));
}

#[tokio::test]
async fn uploads_across_the_switch_arrive_once() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let shared = "volumes: [{ name: files, path: /data, class: cache }]\n    http:";
    let text = manifest("shop").replace("http:", shared).replace("drain: 5s", "drain: 30s");
    repo.write("slipway.yaml", &text);
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    let uploads = Uploads::start(&app.users(), 3);
    app.ship(&json!({"version": "two"}), 2).await;
    let arrived = uploads.stop().await;
    assert!(arrived > 10, "only {arrived} files in all that time");
}

#[tokio::test]
async fn maintenance_tells_users_and_a_pause_lets_them_wait() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    app.set_traffic(Mode::Maintenance).await;
    let closed = app.users().get("/").await.expect("an answer");
    insta::assert_snapshot!(problem(&closed), @r#"503 {"detail":"this site is being maintained and will be back soon","reason":"MAINTENANCE","status":503,"title":"Service Unavailable","type":"about:blank"}"#);
    app.set_traffic(Mode::Paused).await;
    behave(&repo, &json!({"version": "two"}));
    // Users wait for half a minute: all that may take long on a busy machine is done before.
    world.arm("deployer.shifting.before_effect", Fault::Hold);
    app.push("Two").await;
    world.hit("deployer.shifting.before_effect").await;
    let users = app.users();
    let waits = tokio::spawn(async move { users.get("/").await });
    world.disarm();
    app.live(2).await;
    assert!(!waits.is_finished(), "a release takes the new one live and leaves the pause alone");
    app.set_traffic(Mode::Serving).await;
    let answer = waits.await.expect("no panic").expect("an answer");
    assert_eq!(answer.json()["version"], "two");
}

#[tokio::test]
async fn one_host_is_shared_by_paths_and_others_are_not_served() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    repo.write("slipway.yaml", TWO_PATHS);
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    assert_eq!(app.json("/env").await["WHO"], "web");
    assert_eq!(app.json("/api/env").await["WHO"], "api", "the prefix is cut off");
    assert_eq!(app.json("/api/echo?a=b").await["target"], "/echo?a=b");
    let missed = app.users().get("/apiary").await.expect("an answer of web");
    assert_eq!(missed.json()["error"], "nothing at /apiary", "a prefix ends where a part ends");
    let stranger = world.users("nobody.localhost").get("/").await.expect("an answer");
    insta::assert_snapshot!(problem(&stranger), @r#"404 {"detail":"nothing is served at this host and path","reason":"NO_ROUTE","status":404,"title":"Not Found","type":"about:blank"}"#);
}

const TWO_PATHS: &str = "\
version: 1
app: shop
services:
  web:
    build: { context: . }
    http: { port: 8000 }
    env: { WHO: web }
    health: { ready: { get: /ready, period: 1s, failures: 2, timeout: 5s }, gate: 30s }
  api:
    build: { context: . }
    http: { port: 8000, path_prefix: /api, strip_prefix: true }
    env: { WHO: api }
    health: { ready: { get: /ready, period: 1s, failures: 2, timeout: 5s }, gate: 30s }
environments:
  production: { track: { branch: main }, host: shop.localhost, bake: 1s }
";
