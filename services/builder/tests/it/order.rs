//! Pushes in any order, twice, or of refs that are gone.

use crate::world::{DOCKERFILE, MANIFEST, World, digests, outcome, push_of};
use builder::git::mirror::kept_as;
use events::payload::ChangeCause;
use events::{EnvironmentName, GitRef};
use proto::v1::build::State;

#[tokio::test(flavor = "multi_thread")]
async fn an_old_commit_that_arrives_late_is_not_built() {
    let world = World::with_app().await;
    let old_commit = world.repo.head();
    let new = push_of(&world.repo.commit(&[("app.txt", "2")]));
    let old = push_of(&old_commit);
    world.say(&new).await;
    world.say(&old).await;
    assert_eq!(outcome(&world.ended(&new).await), (State::Succeeded, ""));
    assert_eq!(outcome(&world.ended(&old).await), (State::Cancelled, "SUPERSEDED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_push_ends_the_build_that_runs() {
    let world = World::start().await;
    let slow = "FROM slipway.local/python:3.11\nRUN sleep 660\n";
    let old = push_of(&world.repo.commit(&[("slipway.yaml", MANIFEST), ("Dockerfile", slow)]));
    world.say(&old).await;
    world.until(&old, |build| build.steps.iter().any(|step| step.step == "build api")).await;
    let new = push_of(&world.repo.commit(&[("Dockerfile", DOCKERFILE), ("app.txt", "1")]));
    world.say(&new).await;
    assert_eq!(outcome(&world.ended(&new).await), (State::Succeeded, ""));
    assert_eq!(outcome(&world.ended(&old).await), (State::Cancelled, "SUPERSEDED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_build_is_superseded_without_a_slot() {
    let world = World::with(|config| config.slots = 1).await;
    let slow = "FROM slipway.local/python:3.11\nRUN sleep 661\n";
    let first = push_of(&world.repo.commit(&[("slipway.yaml", MANIFEST), ("Dockerfile", slow)]));
    world.say(&first).await;
    world.until(&first, |build| build.state() == State::Running).await;
    let second = push_of(&world.repo.commit(&[("Dockerfile", DOCKERFILE), ("app.txt", "1")]));
    world.say(&second).await;
    assert_eq!(outcome(&world.ended(&second).await), (State::Succeeded, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rewritten_history_is_built_like_any_other() {
    let world = World::with_app().await;
    let old_commit = world.repo.commit(&[("app.txt", "2")]);
    world.repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    let mut new = push_of(&world.repo.commit(&[("app.txt", "3")]));
    new.forced = true;
    let old = push_of(&old_commit);
    world.say(&new).await;
    world.say(&old).await;
    assert_eq!(outcome(&world.ended(&new).await), (State::Succeeded, ""));
    assert_eq!(outcome(&world.ended(&old).await), (State::Cancelled, "SUPERSEDED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_is_gone_is_not_built() {
    let world = World::with_app().await;
    world.repo.git(&["switch", "--quiet", "--create", "release"]);
    let mut pushed = push_of(&world.repo.commit(&[("app.txt", "2")]));
    pushed.git_ref = GitRef::branch("release").expect("valid");
    world.repo.git(&["switch", "--quiet", "main"]);
    world.repo.git(&["branch", "--quiet", "-D", "release"]);
    world.say(&pushed).await;
    assert_eq!(outcome(&world.ended(&pushed).await), (State::Cancelled, "REF_DELETED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_heard_twice_makes_one_build() {
    let world = World::with_app().await;
    let pushed = push_of(&world.repo.head());
    world.say(&pushed).await;
    world.say(&pushed).await;
    world.ended(&pushed).await;
    assert_eq!(world.said().await, ["build.queued", "build.started", "build.succeeded"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_gives_the_image_its_version() {
    let world = World::with_app().await;
    let first = world.push().await;
    world.repo.git(&["tag", "--annotate", "-m", "first", "v1.2.3"]);
    let mut pushed = push_of(&world.repo.head());
    (pushed.git_ref, pushed.cause) = (GitRef::tag("v1.2.3").expect("valid"), ChangeCause::Tag);
    world.say(&pushed).await;
    let tagged = world.ended(&pushed).await;
    assert_eq!(digests(&tagged), digests(&first));
    assert_eq!(tagged.services[0].tags[1], "1.2.3");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_may_name_the_environment() {
    let world = World::with_app().await;
    world.repo.git(&["switch", "--quiet", "--create", "topic"]);
    let mut pushed = push_of(&world.repo.commit(&[("app.txt", "2")]));
    (pushed.git_ref, pushed.cause) = (GitRef::branch("topic").expect("valid"), ChangeCause::Manual);
    pushed.environments = vec![EnvironmentName::parse("production").expect("valid")];
    world.say(&pushed).await;
    let build = world.ended(&pushed).await;
    assert_eq!(
        (outcome(&build).0, build.environments),
        (State::Succeeded, vec!["production".to_owned()])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_whose_builder_died_is_built_by_the_next() {
    let world = World::with(|config| config.slots = 1).await;
    let slow = "FROM slipway.local/python:3.11\nRUN sleep 62\n";
    world.repo.commit(&[("slipway.yaml", MANIFEST), ("Dockerfile", slow)]);
    let running = push_of(&world.repo.head());
    world.say(&running).await;
    world.until(&running, |build| build.state() == State::Running).await;
    world.sql("update builder.build set lease_epoch = lease_epoch + 1, lease_until = now() - interval '1 s'").await;
    world.until_log(&running, "the builder that worked on this is gone; starting again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_mirror_is_made_anew() {
    let world = World::with_app().await;
    assert_eq!(outcome(&world.push().await), (State::Succeeded, ""));
    let mirrors =
        std::fs::read_dir(world.app.config.data.join("builder/mirrors")).expect("mirrors");
    for mirror in mirrors.flatten() {
        std::fs::write(mirror.path().join("HEAD"), "nonsense").expect("written");
    }
    world.repo.commit(&[("app.txt", "2")]);
    let build = world.push().await;
    assert_eq!(outcome(&build), (State::Succeeded, ""), "{}", world.log(&build).await);
    assert!(world.log(&build).await.contains("fetching everything again"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_a_killed_git_left_is_no_hindrance() {
    let world = World::with_app().await;
    world.push().await;
    let mirrors =
        std::fs::read_dir(world.app.config.data.join("builder/mirrors")).expect("mirrors");
    for mirror in mirrors.flatten() {
        let branch = kept_as(&GitRef::branch("main").expect("valid"));
        std::fs::write(mirror.path().join(format!("{branch}.lock")), "").expect("written");
    }
    world.repo.commit(&[("app.txt", "2")]);
    assert_eq!(outcome(&world.push().await), (State::Succeeded, ""));
}
