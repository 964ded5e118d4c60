//! A sample of what happens to what the platform stands on; `make matrix` does all of it in every step.

use proto::v1::release::State;
use serde_json::json;
use std::time::Duration;
use stories::crash::{Calamity, Ground, STEPS, Scene, Stage, Step};
use testkit::eventually;

const PATIENCE: Duration = Duration::from_mins(5);

/// The first step of this name.
fn step(name: &str) -> Step {
    STEPS.into_iter().find(|known| known.name == name).expect("a step")
}

async fn survives(ground: Ground, cases: &[(&str, Calamity)]) {
    let mut stage = Stage::on(ground).await;
    for (name, calamity) in cases {
        assert_eq!(calamity.ground(), ground, "{}", calamity.name());
        let converged = stage.survive(step(name), *calamity).await;
        assert!(converged.users.sent > 0, "{name} {}", calamity.name());
    }
}

#[tokio::test]
async fn a_release_survives_the_loss_of_what_it_stands_on() {
    let cases = [
        ("queued", Calamity::NatsWiped),
        ("preparing", Calamity::PostgresKilled),
        ("starting", Calamity::ControlKilled),
        ("shifting", Calamity::RouterKilled),
        ("baking", Calamity::RegistryAway),
        ("settling", Calamity::NatsKilled),
        ("restoring_traffic", Calamity::PostgresKilled),
    ];
    survives(Ground::Usual, &cases).await;
}

#[tokio::test]
async fn a_release_survives_bad_wires() {
    let cases = [
        ("queued", Calamity::PostgresAnswersCut),
        ("starting", Calamity::DockerAnswersCut),
        ("shifting", Calamity::PostgresAway),
        ("baking", Calamity::NatsSilent),
        ("starting", Calamity::DockerSilent),
    ];
    survives(Ground::Usual, &cases).await;
}

#[tokio::test]
async fn a_release_survives_full_disks() {
    let cases = [("preparing", Calamity::NatsDiskFull), ("starting", Calamity::DataDiskFull)];
    survives(Ground::Usual, &cases).await;
    survives(Ground::SmallEngine, &[("preparing", Calamity::EngineDiskFull)]).await;
}

#[tokio::test]
async fn a_release_survives_an_engine_that_starts_anew() {
    survives(Ground::Engine, &[("settling", Calamity::EngineRestarted)]).await;
    survives(Ground::LiveEngine, &[("starting", Calamity::EngineReplaced)]).await;
}

/// An engine that starts again deals addresses anew.
#[tokio::test]
async fn a_candidate_gets_no_users_with_an_address_that_another_had() {
    let mut stage = Stage::on(Ground::Engine).await;
    stage.pass(Scene::Good).await;
    stage.world.engine().stop();
    stage.world.engine().resume();
    let number = stage.deploy(Scene::NeverReady).await.number;
    eventually("the candidate to fail", PATIENCE, async || {
        assert_ne!(stage.app().version().await, "never");
        (stage.app().release(number).await.state() == State::Failed).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_release_survives_an_engine_that_is_killed() {
    let killed = ["preparing", "shifting", "settling"].map(|step| (step, Calamity::EngineKilled));
    survives(Ground::Engine, &killed).await;
    let killed = ["starting", "baking", "settling"].map(|step| (step, Calamity::LiveEngineKilled));
    survives(Ground::LiveEngine, &killed).await;
}

#[tokio::test]
async fn a_release_survives_a_clock_that_jumps() {
    let cases = [("starting", Calamity::ClockAhead), ("baking", Calamity::ClockBehind)];
    survives(Ground::Clock, &cases).await;
}

#[tokio::test]
async fn a_push_is_released_also_when_the_clock_went_back() {
    let mut stage = Stage::on(Ground::Clock).await;
    stage.world.clock().set(-3600);
    stage.world.kill("gateway");
    stage.world.resume("gateway");
    stage.world.ready().await;
    let release = stage.app().ship(&json!({"version": "four"}), 2).await;
    assert_eq!(stage.app().version().await, "four", "{release:?}");
}
