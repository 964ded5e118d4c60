//! What the monitor sees when somebody changes what runs behind the platform's back.

mod world;

use events::{EventType, InstanceId, ReleaseId};
use proto::v1::environment_drift::State;
use uuid::Uuid;
use world::{World, reasons};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_instance_is_told_once_and_so_is_its_return() {
    let world = World::with_one_instance().await;
    let name = world.docker.name("api-0");
    world.docker.kill(&name).await;
    let drift = world.until(State::Missing).await;
    assert_eq!(reasons(&drift), ["STOPPED"]);
    assert_eq!(world.crashes().await, [format!("container {name} exited with code 137 (SIGKILL)")]);
    world.docker.start(&name).await;
    world.until(State::InSync).await;
    assert_eq!(world.detected().await, [["STOPPED"]]);
    assert_eq!(world.told(EventType::DriftCleared).await.len(), 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_instance_is_missing_and_one_made_by_hand_is_not_it() {
    let world = World::with_one_instance().await;
    let name = world.docker.name("api-0");
    world.docker.remove(&name).await;
    assert_eq!(reasons(&world.until(State::Missing).await), ["MISSING"]);
    let (instance, release) = (world.deployer.instance, world.deployer.release);
    world.docker.run_other("api-0", instance, release).await;
    let drift = world.until(State::Drifted).await;
    assert!(reasons(&drift).contains(&"IMAGE"), "{drift:?}");
    assert_eq!(reasons(&world.check().await), ["IMAGE", "REPLACED"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_judged_while_a_release_moves() {
    let world = World::with_one_instance().await;
    world.deployer.moves(Some(proto::v1::release::State::Shifting));
    world.until(State::Converging).await;
    world.docker.kill(&world.docker.name("api-0")).await;
    assert_eq!(world.check().await.state(), State::Converging);
    assert!(world.crashes().await.is_empty() && world.detected().await.is_empty());
    world.deployer.moves(None);
    world.until(State::Missing).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_of_no_release_is_reported_and_left_alone() {
    let world = World::with_one_instance().await;
    let (instance, release) = (InstanceId::new(Uuid::now_v7()), ReleaseId::new(Uuid::now_v7()));
    let orphan = world.docker.run("left-over", instance, release).await;
    let drift = world.until(State::Drifted).await;
    assert_eq!(reasons(&drift), ["ORPHANED"]);
    assert!(world.docker.exists(&orphan).await);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ran_is_remembered_without_the_values_of_variables() {
    let world = World::with_one_instance().await;
    let baseline: serde_json::Value = sqlx::query_scalar("select baseline from monitor.instance")
        .fetch_one(&world.pool)
        .await
        .expect("kept");
    assert_eq!(baseline["command"], serde_json::json!(["/usr/bin/sleep", "3600"]));
    assert_eq!(baseline["env"]["TOKEN"].as_str().map(str::len), Some(32));
    assert!(!baseline.to_string().contains("hunter2"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_deployer_what_it_said_last_still_counts() {
    let world = World::with_one_instance().await;
    world.deployer.silent();
    world.docker.kill(&world.docker.name("api-0")).await;
    assert_eq!(reasons(&world.until(State::Missing).await), ["STOPPED"]);
    world.end().await;
}
