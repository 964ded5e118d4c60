//! The truth is older than what runs: a backup was put back.

use std::time::Duration;
use stories::crash::{Ground, Scene, Stage};
use testkit::{Load, eventually};

const CONTROL: [&str; 4] = ["gateway", "builder", "monitor", "deployer"];
/// Everything is where the backup says within this.
const PATIENCE: Duration = Duration::from_mins(3);
/// Older than any container without an owner may get.
const LATER: i64 = 3600;

/// Everything but the router is stopped, the backup is put back, and everything starts again.
async fn put_back(stage: &mut Stage, backup: &[u8]) {
    for service in CONTROL {
        stage.world.stop(service);
    }
    stage.world.database().restore(backup).await;
    for service in CONTROL {
        stage.world.resume(service);
    }
    stage.world.ready().await;
}

async fn version_is(stage: &Stage, wanted: &str) {
    eventually(&format!("version {wanted} to serve"), PATIENCE, async || {
        (stage.app().version().await == wanted).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_older_backup_is_put_back_and_what_it_knows_serves() {
    let mut stage = Stage::on(Ground::Clock).await;
    let backup = stage.world.database().backup();
    for _ in 0..2 {
        let release = stage.deploy(Scene::Good).await;
        stage.end(Scene::Good, release.number).await;
    }
    let load = Load::steady(&stage.app().users());
    put_back(&mut stage, &backup).await;
    version_is(&stage, "one").await;
    // Numbers are given again, and so are the names of containers.
    let release = stage.deploy(Scene::Good).await;
    assert_eq!(release.number, 2);
    stage.end(Scene::Good, release.number).await;
    stage.world.clock().set(LATER);
    stage.settled().await;
    eventually("only the live release and the one before to be there", PATIENCE, async || {
        (stage.world.docker.containers().len() == 2).then_some(())
    })
    .await;
    let report = load.stop().await;
    assert_eq!(report.failed(), 0, "{:?}", report.first_failure);
}

#[tokio::test]
async fn a_release_that_the_backup_has_in_the_middle_ends_once() {
    let mut stage = Stage::on(Ground::Clock).await;
    let starting = "deployer.shifting.before_effect";
    stage.world.arm(starting, service::fail_point::Fault::Hold);
    let release = stage.deploy(Scene::Good).await;
    stage.world.hit(starting).await;
    let backup = stage.world.database().backup();
    stage.world.disarm();
    stage.end(Scene::Good, release.number).await;
    let load = Load::steady(&stage.app().users());
    put_back(&mut stage, &backup).await;
    stage.end(Scene::Good, release.number).await;
    stage.settled().await;
    let report = load.stop().await;
    assert_eq!(report.failed(), 0, "{:?}", report.first_failure);
}
