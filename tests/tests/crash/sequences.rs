//! What people and newer releases do while a release is anywhere on its way.

use proto::v1::release::State;
use std::time::Duration;
use stories::World;
use stories::crash::{STEPS, Scene, Stage, Step};
use testkit::Load;

/// The steps on the way of a release that becomes live.
fn forwards() -> impl Iterator<Item = Step> {
    STEPS
        .into_iter()
        .filter(|step| matches!(step.scene, Scene::Good | Scene::Canary | Scene::Shadow))
}

/// Every step. Of a release that is held before one it matters not what would become of it, only what is undone.
fn distinct() -> impl Iterator<Item = Step> {
    let alike = [
        ("verifying", Scene::Tried),
        ("verifying", Scene::AnswersBadly),
        ("starting", Scene::NeverReady),
        ("shifting", Scene::TurnsBad),
    ];
    STEPS.into_iter().filter(move |step| !alike.contains(&(step.name, step.scene)))
}

#[tokio::test]
async fn a_release_can_be_cancelled_in_every_step() {
    let mut stage = Stage::start().await;
    for step in forwards() {
        let ended = stage.cancel_in(step).await;
        // What is settling serves everybody already.
        let wanted = if step.name == "settling" { State::Live } else { State::Cancelled };
        assert_eq!(ended, wanted, "{}", step.name);
        stage.settled().await;
    }
}

#[tokio::test]
async fn a_newer_release_takes_the_place_of_an_older_one_in_every_step() {
    let mut stage = Stage::start().await;
    for step in distinct() {
        let (older, newer) = stage.supersede_in(step).await;
        assert_eq!(newer, State::Live, "{}", step.name);
        let wanted = match (step.name, step.scene) {
            ("settling", _) => State::Retained,
            // What cannot be undone makes way for nobody; it was taken back.
            ("restoring_traffic" | "removing_candidate", Scene::TurnsBad) | ("asking", _) => {
                State::RolledBack
            }
            ("removing_candidate", _) => State::Failed,
            _ => State::Superseded,
        };
        assert_eq!(older, wanted, "{}", step.name);
        stage.settled().await;
    }
}

#[tokio::test]
async fn the_way_back_can_be_asked_for_in_every_step() {
    let mut stage = Stage::start().await;
    // By whom a canary is judged where the way back is refused, because it is live.
    let load = Load::start(&stage.app().users(), "/", 2, Duration::from_millis(5));
    for step in distinct() {
        let (ended, back) = stage.rollback_in(step).await;
        assert_ne!(ended, State::Stuck, "{}", step.name);
        assert!(back.is_none_or(|back| back == State::Live), "{}: {back:?}", step.name);
        stage.settled().await;
    }
    let report = load.stop().await;
    assert_eq!(report.failed(), 0, "{:?}", report.first_failure);
}

#[tokio::test]
async fn every_service_is_replaced_under_load_and_nobody_notices() {
    let mut stage = Stage::start().await;
    let load = Load::steady(&stage.app().users());
    for service in ["gateway", "builder", "monitor", "deployer"] {
        let release = stage.deploy(Scene::Good).await;
        restart(&mut stage.world, service).await;
        assert_eq!(stage.end(Scene::Good, release.number).await, "live", "{service}");
    }
    stage.settled().await;
    let report = load.stop().await;
    assert_eq!(report.failed(), 0, "{:?}", report.first_failure);
}

async fn restart(world: &mut World, service: &'static str) {
    world.stop(service);
    world.resume(service);
    world.ready().await;
}
