//! Jobs before a release: each runs once, in a container of its own, and one that fails changes nothing for users.

use proto::v1::Release;
use proto::v1::release::State;
use serde_json::json;
use stories::fixture::chameleon;
use stories::{World, rewrite};
use testkit::{Repo, eventually};

/// Writes the number of its release into a volume that the service has as well.
const MIGRATE: &str = "migrate: { service: web, at: before_release, command: [python, -c, \"import os; \
    open('/data/migrated', 'a').write(os.environ['SLIPWAY_RELEASE'] + ' ')\"] }";

/// The same before it fails.
const SETUP: &str = "setup: { service: web, at: first_release, command: [python, -c, \"\
    open('/data/set-up', 'a').write('set up '); exit(EXIT)\"], undo: [python, -c, \"\
    open('/data/set-up', 'a').write('undone ')\"] }";

/// An app with these jobs.
fn with_jobs(jobs: &[&str]) -> Repo {
    let repo = chameleon("shop", &json!({"version": "one"}));
    let volume =
        "    volumes: [{ name: notes, path: /data, class: cache }]\n    http: { port: 8000 }";
    rewrite(&repo, "    http: { port: 8000 }", volume);
    rewrite(&repo, "environments:", &format!("jobs:\n  {}\nenvironments:", jobs.join("\n  ")));
    repo.commit("As the story wants it");
    repo
}

/// What the jobs left in the volume.
fn written(world: &World, file: &str) -> String {
    world.docker.exec("web", &["cat", &format!("/data/{file}")])
}

fn detail<'a>(release: &'a Release, step: &str) -> &'a str {
    let found = release.steps.iter().find(|found| found.step == step);
    found.map_or("it was not done", |step| &step.detail)
}

fn why(release: &Release) -> String {
    let failure = release.failure.clone().unwrap_or_default();
    format!("{} {}", failure.reason, failure.message)
}

#[tokio::test]
async fn a_migration_runs_once_for_each_release_and_not_on_the_way_back() {
    let world = World::start().await;
    let repo = with_jobs(&[MIGRATE]);
    let app = world.register("shop", &repo).await;
    app.push("One").await;
    let first = app.live(1).await;
    assert!(detail(&first, "running_jobs").starts_with("migrate in "), "{first:#?}");
    assert_eq!(
        (first.errands[0].kind.as_str(), first.errands[0].exit_code),
        ("before_release", Some(0))
    );
    app.ship(&json!({"version": "two"}), 2).await;
    app.rollback(1).await.expect("the way back");
    app.live(3).await;
    assert_eq!(written(&world, "migrated"), "1 2");
    assert_eq!(world.docker.jobs(), [""; 0]);
}

#[tokio::test]
async fn a_migration_that_fails_changes_nothing_for_users() {
    let world = World::start().await;
    let repo = with_jobs(&[MIGRATE]);
    let app = world.register("shop", &repo).await;
    app.push("One").await;
    app.live(1).await;
    rewrite(&repo, "open('/data/migrated', 'a')", "print('no column'); exit(3)");
    app.push("A migration that fails").await;
    let failed = app.release_in(2, &[State::Failed]).await;
    insta::assert_snapshot!(why(&failed), @"JOB_FAILED job migrate ended with exit code 3; its last lines say why");
    let failure = failed.failure.expect("why");
    assert_eq!((failure.exit_code, failure.log_lines), (Some(3), vec!["no column".to_owned()]));
    assert_eq!((app.version().await.as_str(), world.docker.containers().len()), ("one", 1));
}

#[tokio::test]
async fn a_set_up_that_fails_is_undone_and_tried_again_until_it_is_done_once() {
    let world = World::start().await;
    let repo = with_jobs(&[&SETUP.replace("EXIT", "4")]);
    let app = world.register("shop", &repo).await;
    app.push("It cannot be set up").await;
    let failed = app.release_in(1, &[State::Failed]).await;
    insta::assert_snapshot!(why(&failed), @"JOB_FAILED job setup ended with exit code 4; its last lines say why");
    rewrite(&repo, "exit(4)", "exit(0)");
    app.push("It can").await;
    app.live(2).await;
    app.ship(&json!({"version": "three"}), 3).await;
    assert_eq!(written(&world, "set-up"), "set up undone set up");
}

#[tokio::test]
async fn a_job_that_takes_too_long_is_stopped() {
    let world = World::start().await;
    let sleep =
        "migrate: { service: web, at: before_release, command: [sleep, '600'], timeout: 1s }";
    let repo = with_jobs(&[sleep]);
    let app = world.register("shop", &repo).await;
    app.push("It sleeps").await;
    let failed = app.release_in(1, &[State::Failed]).await;
    insta::assert_snapshot!(why(&failed), @"JOB_TIMEOUT job migrate did not end within 1s and was stopped; its last lines say what it did, and `jobs.migrate.timeout` gives it more time");
    assert_eq!(world.docker.containers(), [""; 0]);
}

#[tokio::test]
async fn who_is_cancelled_while_it_is_set_up_is_undone() {
    let world = World::start().await;
    let sleeps = "print('sleeps', flush=True); import time; time.sleep(600)";
    let repo = with_jobs(&[&SETUP.replace("exit(EXIT)", sleeps), MIGRATE]);
    let app = world.register("shop", &repo).await;
    app.push("It sleeps").await;
    eventually("the job to have begun", std::time::Duration::from_mins(3), async || {
        let job = world.docker.jobs().into_iter().next()?;
        world.docker.run(&["logs", &job]).contains("sleeps").then_some(())
    })
    .await;
    app.cancel(1).await.expect("it can be cancelled");
    app.release_in(1, &[State::Cancelled]).await;
    rewrite(&repo, sleeps, "exit(0)");
    app.push("It does not").await;
    app.live(2).await;
    assert_eq!(written(&world, "set-up"), "set up undone set up");
    assert_eq!(written(&world, "migrated"), "2");
}

#[tokio::test]
async fn a_job_finds_what_its_service_depends_on() {
    let world = World::start().await;
    let repo = world.shop();
    rewrite(
        &repo,
        "    build: { context: web }",
        "    build: { context: web }\n    depends_on: [{ service: store }]",
    );
    let asks = "jobs:\n  migrate: { service: web, at: before_release, command: [python, -c, \"\
        import urllib.request; urllib.request.urlopen('http://store:9000/')\"] }\nenvironments:";
    rewrite(&repo, "environments:", asks);
    repo.commit("A job that needs the store");
    let app = world.register("shop", &repo).await;
    app.push("One").await;
    assert!(detail(&app.live(1).await, "running_jobs").starts_with("migrate in "));
}
