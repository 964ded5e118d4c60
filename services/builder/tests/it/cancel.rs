//! Ending a build.

use crate::engine::processes_with;
use crate::world::{APP, MANIFEST, PATIENCE, World, outcome, push_of};
use events::{AppName, PrincipalName};
use proto::v1::build::State;
use proto::v1::{Build, CancelBuildRequest, GetBuildRequest};
use service::principal::{Grant, Principal, Role};
use testkit::eventually;
use tonic::{Code, Status};

fn somebody(role: Role, app: &str) -> Principal {
    let app = AppName::parse(app).expect("valid");
    let grants = vec![Grant { role, app: Some(app), environment: None }];
    Principal { name: PrincipalName::new("somebody"), grants }
}

async fn cancel(
    world: &World,
    by: &Principal,
    build: &Build,
    request_id: &str,
) -> Result<Build, Status> {
    let message =
        CancelBuildRequest { name: build.name.clone(), request_id: request_id.to_owned() };
    let answer = world.builds.clone().cancel_build(world.request_of(by, message)).await?;
    Ok(answer.into_inner().build.expect("a build"))
}

/// A build that is inside a command which sleeps for `seconds`, a number no other test uses.
async fn sleeping(world: &World, seconds: u32) -> Build {
    let dockerfile = format!("FROM slipway.local/python:3.11\nRUN sleep {seconds}\n");
    let pushed =
        push_of(&world.repo.commit(&[("slipway.yaml", MANIFEST), ("Dockerfile", &dockerfile)]));
    world.say(&pushed).await;
    let command = format!("sleep {seconds}");
    world
        .until(&pushed, |build| build.state() == State::Running && processes_with(&command) > 0)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_build_really_stops() {
    let world = World::start().await;
    let build = sleeping(&world, 86_401).await;
    let cancelled =
        cancel(&world, &somebody(Role::Deployer, APP), &build, "").await.expect("cancelled");
    assert_eq!(outcome(&cancelled), (State::Cancelled, "CANCELLED"));
    // By itself it would for a day.
    eventually("the engine to end it", PATIENCE, async || {
        (processes_with("sleep 86401") == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_cannot() {
    let world = World::with_app().await;
    let build = world.push().await;
    let refused =
        cancel(&world, &somebody(Role::Viewer, APP), &build, "").await.expect_err("a viewer");
    assert_eq!(refused.code(), Code::PermissionDenied);
    let stranger = somebody(Role::Admin, "blog");
    let get = world.request_of(&stranger, GetBuildRequest { name: build.name.clone() });
    let hidden = world.builds.clone().get_build(get).await.expect_err("of another app");
    assert_eq!(hidden.code(), Code::NotFound);
    let late =
        cancel(&world, &somebody(Role::Deployer, APP), &build, "").await.expect_err("has ended");
    assert_eq!(late.code(), Code::FailedPrecondition);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_is_answered_the_same_way() {
    let world = World::start().await;
    let build = sleeping(&world, 86_402).await;
    let deployer = somebody(Role::Deployer, APP);
    let first = cancel(&world, &deployer, &build, "r1").await.expect("cancelled");
    let second = cancel(&world, &deployer, &build, "r1").await.expect("the same answer");
    assert_eq!(first, second);
}
