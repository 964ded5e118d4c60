//! Instances that do not live are restarted: Docker does not. Later and later, and never two at a time.

use crate::watched::{Watched, patient};
use proto::v1::Liveness;
use proto::v1::environment_drift::State;
use serde_json::json;
use std::time::Duration;
use testkit::eventually;

const PATIENCE: Duration = Duration::from_mins(10);
const LIVE: &str =
    "    health:\n      live: { get: /health, period: 1s, timeout: 5s, failures: 3 }\n";

/// The chameleon with a question of liveness, in as many instances.
async fn watched(behaviour: &serde_json::Value, replicas: u32) -> Watched {
    let repo = stories::fixture::chameleon("shop", behaviour);
    let text = stories::fixture::manifest("shop")
        .replace("    health:\n", &format!("    replicas: {replicas}\n{LIVE}"));
    repo.write("slipway.yaml", &patient(&text).replace("start_period: 8s", "start_period: 4s"));
    repo.commit("With a question of liveness");
    let world = stories::World::with(&[
        ("SLIPWAY_MONITOR_EVERY", "2s"),
        ("SLIPWAY_MONITOR_RESTART_PAUSE", "200ms"),
        ("SLIPWAY_MONITOR_QUIET", "2m"),
    ])
    .await;
    world.register("shop", &repo).await.ship(behaviour, 1).await;
    Watched { world, repo }
}

#[tokio::test]
async fn an_instance_that_does_not_live_is_restarted_until_it_is_a_loop() {
    let watched = watched(&json!({"version": "one", "unhealthy_after_s": 1}), 1).await;
    let container = watched.inspect(&watched.name())["Id"].clone();
    watched.world.said("instance.unhealthy", 1).await;
    watched.world.said("instance.restarted", 1).await;
    let life = eventually("a crash loop", PATIENCE, async || {
        let drift = watched.now().await?;
        let loops = |life: &Liveness| life.state == "crash_loop" && life.message.contains("500");
        drift.liveness.into_iter().find(loops)
    })
    .await;
    assert!(life.restart_count >= 5, "{life:?}");
    assert_eq!(watched.inspect(&watched.name())["Id"], container);
    assert_eq!(watched.app().releases().await.len(), 1);
}

#[tokio::test]
async fn of_two_instances_that_do_not_live_one_is_restarted_at_a_time() {
    let watched = watched(&json!({"version": "one", "unhealthy_after_s": 8}), 2).await;
    let started = |name: &str| watched.inspect(name)["State"]["StartedAt"].clone();
    let names = watched.world.docker.containers();
    let before: Vec<_> = names.iter().map(|name| started(name)).collect();
    let mut least = names.len();
    eventually("both to be restarted", PATIENCE, async || {
        least = least.min(watched.world.docker.running().len());
        names.iter().zip(&before).all(|(name, before)| started(name) != *before).then_some(())
    })
    .await;
    assert!(least >= 1, "all instances were down at once");
    watched.until(State::InSync).await;
}
