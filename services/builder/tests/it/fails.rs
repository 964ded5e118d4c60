//! What can be wrong, and what is said then.

use crate::world::{DOCKERFILE, MANIFEST, World, outcome, push_of};
use events::payload::{ChangeCause, SourcePushedV1};
use events::{CommitSha, GitRef};
use proto::v1::Build;
use proto::v1::build::State;
use std::time::Duration;

async fn pushed(files: &[(&str, &str)]) -> (World, Build) {
    let world = World::start().await;
    world.repo.commit(files);
    let build = world.push().await;
    (world, build)
}

fn message(build: &Build) -> &str {
    build.failure.as_ref().map_or("", |failure| failure.message.as_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_without_a_manifest() {
    let (_world, build) = pushed(&[("README.md", "hello")]).await;
    assert_eq!(outcome(&build), (State::Failed, "MANIFEST_MISSING"));
    assert_eq!(message(&build), "the commit has no slipway.yaml");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_goes_nowhere_needs_no_manifest() {
    let world = World::with_app().await;
    world.repo.git(&["checkout", "--quiet", "--orphan", "pages"]);
    std::fs::remove_file(world.repo.path.join("slipway.yaml")).expect("it was there");
    let commit = world.repo.commit(&[("index.html", "hello")]);
    let pages = GitRef::branch("pages").expect("valid");
    let pushed = SourcePushedV1 { git_ref: pages, ..push_of(&commit) };
    world.say(&pushed).await;
    assert_eq!(outcome(&world.ended(&pushed).await), (State::Skipped, "NOT_TRACKED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_found_without_its_webhook_can_ask_not_to_be_deployed() {
    let world = World::with_app().await;
    world.repo.git(&["commit", "--quiet", "--allow-empty", "-m", "docs\n\n[skip deploy]"]);
    let pushed = push_of(&world.repo.head());
    let found = SourcePushedV1 { cause: ChangeCause::Poll, ..pushed };
    world.say(&found).await;
    assert_eq!(outcome(&world.ended(&found).await), (State::Skipped, "SKIP_ASKED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_problem_of_a_manifest_is_told() {
    let (world, build) =
        pushed(&[("slipway.yaml", "version: 1\napp: shop\nservices: {}\nsurprise: 1\n")]).await;
    assert_eq!(outcome(&build), (State::Failed, "MANIFEST_INVALID"));
    let lines: Vec<&str> = message(&build).lines().collect();
    assert!(
        lines.len() >= 3 && lines[1..].iter().all(|line| line.starts_with("slipway.yaml:")),
        "{lines:?}"
    );
    assert!(world.log(&build).await.contains(lines[1]));
    assert_eq!(world.said().await, ["build.queued", "build.started", "build.failed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_fails_is_told_with_its_exit_code_and_log() {
    let dockerfile = "FROM slipway.local/python:3.11\nRUN echo before; exit 3\n";
    let (_world, build) = pushed(&[("slipway.yaml", MANIFEST), ("Dockerfile", dockerfile)]).await;
    let failure = build.failure.as_ref().expect("a failure");
    assert_eq!(
        (failure.reason.as_str(), failure.service.as_str(), failure.exit_code),
        ("BUILD_FAILED", "api", Some(3))
    );
    assert!(
        failure.log_lines.iter().any(|line| line.ends_with("before")),
        "{:?}",
        failure.log_lines
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_fails_lets_nothing_through() {
    let manifest = format!("{MANIFEST}checks: [{{ name: unit, target: test }}]\n");
    let dockerfile = "FROM slipway.local/python:3.11 AS test\nRUN python3 -c 'assert 1 == 2'\nFROM scratch\nCOPY . /\n";
    let (world, build) = pushed(&[("slipway.yaml", &manifest), ("Dockerfile", dockerfile)]).await;
    assert_eq!(outcome(&build), (State::Failed, "CHECK_FAILED"));
    assert!(message(&build).starts_with("check unit: "), "{}", message(&build));
    assert!(build.services.is_empty() && world.log(&build).await.contains("AssertionError"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_passed_is_not_run_again() {
    let manifest = format!("{MANIFEST}checks: [{{ name: unit, target: test }}]\n");
    let dockerfile =
        "FROM slipway.local/python:3.11 AS test\nRUN true\nFROM scratch\nCOPY app.txt /\n";
    let (world, first) =
        pushed(&[("slipway.yaml", &manifest), ("Dockerfile", dockerfile), ("app.txt", "1")]).await;
    assert_eq!(outcome(&first), (State::Succeeded, ""), "{}", world.log(&first).await);
    world.repo.commit(&[]);
    let second = world.push().await;
    assert!(world.log(&second).await.contains("check unit passed with the same content before"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_nothing_tracks_has_nothing_to_do() {
    let world = World::with_app().await;
    world.repo.git(&["switch", "--quiet", "--create", "topic"]);
    let mut pushed = push_of(&world.repo.commit(&[("app.txt", "2")]));
    pushed.git_ref = GitRef::branch("topic").expect("valid");
    world.say(&pushed).await;
    let build = world.ended(&pushed).await;
    assert_eq!(outcome(&build), (State::Skipped, "NOT_TRACKED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_side_branch_cannot_give_itself_an_environment() {
    let world = World::with_app().await;
    world.repo.git(&["switch", "--quiet", "--create", "topic"]);
    let manifest = MANIFEST.replace("branch: main", "branch: topic");
    let mut pushed = push_of(&world.repo.commit(&[("slipway.yaml", &manifest)]));
    pushed.git_ref = GitRef::branch("topic").expect("valid");
    world.say(&pushed).await;
    assert_eq!(outcome(&world.ended(&pushed).await), (State::Skipped, "NOT_TRACKED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_the_repository_does_not_have() {
    let world = World::with_app().await;
    let mut pushed = push_of(&CommitSha::parse(&"ab".repeat(20)).expect("valid"));
    pushed.cause = ChangeCause::Manual;
    world.say(&pushed).await;
    assert_eq!(outcome(&world.ended(&pushed).await), (State::Failed, "COMMIT_NOT_FOUND"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_outside_the_allowed_directory() {
    let world = World::with(|config| config.local_repositories.clear()).await;
    world.repo.commit(&[("slipway.yaml", MANIFEST)]);
    assert_eq!(outcome(&world.push().await), (State::Failed, "REPOSITORY_REFUSED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_no_registry_has() {
    let world = World::start().await;
    let image = format!("{}/nothing:1", world.registry);
    let manifest = MANIFEST.replace("build: .", &format!("image: \"{image}\""));
    world.repo.commit(&[("slipway.yaml", &manifest)]);
    let build = world.push().await;
    assert_eq!(outcome(&build), (State::Failed, "IMAGE_NOT_FOUND"), "{}", message(&build));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_secret_that_is_not_set() {
    let manifest = MANIFEST.replace("build: .", "build: { context: ., secrets: [PIP_TOKEN] }");
    let (_world, build) = pushed(&[("slipway.yaml", &manifest), ("Dockerfile", DOCKERFILE)]).await;
    assert_eq!(outcome(&build), (State::Failed, "SECRET_MISSING"));
    assert!(message(&build).ends_with("slipway secret set shop PIP_TOKEN"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_takes_too_long() {
    let world = World::with(|config| config.timeout = Duration::from_secs(2)).await;
    let dockerfile = "FROM slipway.local/python:3.11\nRUN sleep 30\n";
    world.repo.commit(&[("slipway.yaml", MANIFEST), ("Dockerfile", dockerfile)]);
    assert_eq!(outcome(&world.push().await), (State::Failed, "BUILD_TIMEOUT"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_waited_for() {
    let world = World::with(|config| config.disk_floor = u64::MAX).await;
    let pushed = push_of(&world.repo.commit(&[("slipway.yaml", MANIFEST)]));
    world.say(&pushed).await;
    let build = world.until(&pushed, |build| build.state() == State::Blocked).await;
    assert_eq!(outcome(&build), (State::Blocked, "DISK_LOW"));
    assert!(message(&build).contains("a build needs"), "{}", message(&build));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_needs_more_memory_than_it_may() {
    let world = World::with(|config| config.memory = Some(64 * 1024 * 1024)).await;
    let dockerfile =
        "FROM slipway.local/python:3.11\nRUN python3 -c 'bytearray(256 * 1024 * 1024)'\n";
    world.repo.commit(&[("slipway.yaml", MANIFEST), ("Dockerfile", dockerfile)]);
    let build = world.push().await;
    assert_eq!(outcome(&build), (State::Failed, "BUILD_FAILED"), "{}", world.log(&build).await);
    assert!(
        message(&build).ends_with("most likely for the memory it used)"),
        "{}",
        message(&build)
    );
}
