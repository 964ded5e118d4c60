//! Services that start slowly while their cache is cold, and are expected to be quick when it is warm.

use proto::v1::release::State;
use serde_json::json;
use stories::fixture::{behave, chameleon};
use stories::{World, rewrite};
use testkit::Repo;

/// An app that is cold when it is asked for the first time, and has two seconds from then on.
fn with_a_cache() -> Repo {
    let repo = chameleon("shop", &json!({"version": "one", "ready_after_s": 8}));
    let asks = "import os, sys; warm = os.path.exists('/data/warm'); open('/data/warm', 'a'); sys.exit(not warm)";
    let cache = format!(
        "    volumes: [{{ name: models, path: /data, class: cache }}]\n    \
         cache: {{ check: [python, -c, \"{asks}\"], gate: 2s }}\n    http: {{ port: 8000 }}"
    );
    rewrite(&repo, "    http: { port: 8000 }", &cache);
    rewrite(&repo, "start_period: 2s", "start_period: 10s");
    repo.commit("It fills a cache");
    repo
}

#[tokio::test]
async fn a_warm_cache_shortens_the_gate_and_what_is_slow_all_the_same_is_told() {
    let world = World::start().await;
    let repo = with_a_cache();
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one", "ready_after_s": 8}), 1).await;
    let told = world.slipway("releases shop production 1").done();
    assert!(told.contains("the cache of web was cold"), "{told}");
    behave(&repo, &json!({"version": "two", "ready_after_s": 8}));
    app.push("It starts as slowly").await;
    let failed = app.release_in(2, &[State::Failed]).await;
    let reason = failed.failure.map(|failure| failure.reason);
    assert_eq!(reason.as_deref(), Some("SLOW_THOUGH_WARM"));
}
