//! Jobs that no release waits for: by hand, after a release, when one fails or is taken back. And those that cannot be
//! undone, past which only a person goes back.

use crate::tell::reason;
use chrono::Timelike;
use proto::v1::release::State;
use proto::v1::run::State as RunState;
use proto::v1::{ListRunsRequest, PromoteReleaseRequest, RollbackEnvironmentRequest, Run};
use serde_json::json;
use std::time::Duration;
use stories::fixture::{behave, chameleon};
use stories::{App, World, rewrite};
use testkit::{Repo, eventually};

const PLACE: &str = "apps/shop/environments/production";
/// What is waited for comes within this.
const PATIENCE: Duration = Duration::from_mins(3);
/// Of a job: goes on until there is a file in the volume.
const WAITS: &str =
    "import time; [time.sleep(0.1) for _ in iter(lambda: os.path.exists('/data/go'), True)]";

/// Writes a word into a volume that the service has as well.
fn writes(job: &str, at: &str, rest: &str) -> String {
    let command = format!("import os, sys; open('/data/notes', 'a').write('{job} '); {rest}");
    format!("{job}: {{ service: web, at: {at}, command: [python, -c, \"{command}\"] }}")
}

/// An app with these jobs.
fn with_jobs(jobs: &[String]) -> Repo {
    let repo = chameleon("shop", &json!({"version": "one"}));
    let volume =
        "    volumes: [{ name: notes, path: /data, class: cache }]\n    http: { port: 8000 }";
    rewrite(&repo, "    http: { port: 8000 }", volume);
    rewrite(&repo, "environments:", &format!("jobs:\n  {}\nenvironments:", jobs.join("\n  ")));
    repo.commit("As the story wants it");
    repo
}

fn notes(world: &World) -> String {
    world.docker.exec("web", &["cat", "/data/notes"])
}

/// All runs, the newest first; nothing while the deployer is away.
async fn runs(world: &World) -> Option<Vec<Run>> {
    let request = ListRunsRequest { parent: PLACE.to_owned(), ..Default::default() };
    Some(world.admin().jobs.list_runs(request).await.ok()?.into_inner().runs)
}

/// What came of every run, the oldest first, when so many have ended.
async fn ended(world: &World, count: usize) -> Vec<String> {
    eventually("the runs to end", PATIENCE, async || {
        let mut runs = runs(world).await?;
        runs.reverse();
        let over = |run: &Run| !matches!(run.state(), RunState::Due | RunState::Running);
        let tell = |run: &Run| format!("{} {} {:?}", run.kind, run.job, run.state());
        let all = runs.len() == count && runs.iter().all(over);
        all.then(|| runs.iter().map(tell).collect())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_run_by_hand_one_at_a_time_and_its_outcome_is_that_of_the_command() {
    let mut world = World::start().await;
    let says = "print(sys.argv[1:], os.environ['API_KEY']); sys.exit(len(sys.argv) - 1)";
    let waits = format!("print('waits', flush=True); {WAITS}");
    let jobs = [writes("says", "manual", says), writes("waits", "manual", &waits)];
    let repo = with_jobs(&jobs);
    rewrite(&repo, "    http: {", "    secrets: [API_KEY]\n    http: {");
    let app = world.register("shop", &repo).await;
    app.set_secret("API_KEY", "the-value-of-the-key").await;
    app.ship(&json!({"version": "one"}), 1).await;
    assert_eq!(world.slipway("run shop says").done(), "[] ***\n");
    let bad = world.slipway("run shop says -e production -- one --two");
    assert_eq!((bad.status, bad.out.as_str()), (1, "['one', '--two'] ***\n"));
    // Who asked is gone, and it goes on.
    world.slipway_follows("run shop waits").shows("waits").await;
    insta::assert_snapshot!(world.slipway("run shop waits").failed(), @"6 error: job waits runs already, and never twice at a time in an environment; `slipway runs shop` lists its runs [JOB_RUNS]");
    let failed = runs(&world).await.expect("a list").swap_remove(1);
    let shown = world.slipway(&format!("runs shop {}", &failed.name["runs/".len()..])).done();
    assert!(
        shown.contains("JOB_FAILED: ") && shown.ends_with("| ['one', '--two'] ***\n"),
        "{shown}"
    );
    world.docker.exec("web", &["touch", "/data/go"]);
    assert_eq!(ended(&world, 3).await[2], "manual waits Succeeded");
    // Who carries it out dies, and who asked hears how it ended.
    world.docker.exec("web", &["rm", "/data/go"]);
    let mut asked = world.slipway_follows("run shop waits");
    asked.shows("waits").await;
    world.kill("deployer");
    world.resume("deployer");
    world.docker.exec("web", &["touch", "/data/go"]);
    let status = eventually("the command to end", PATIENCE, async || asked.ended()).await;
    assert_eq!((status, asked.shown().as_str()), (0, "waits\n"));
}

#[tokio::test]
async fn what_a_release_leaves_to_be_done_is_done_once_and_changes_nothing_for_users() {
    let world = World::start().await;
    let jobs = [
        writes("greets", "after_release", "sys.exit(3)"),
        writes("mourns", "on_failure", ""),
        writes("cleans", "on_rollback", ""),
    ];
    let repo = with_jobs(&jobs);
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    let told = ["after_release greets Failed"];
    assert_eq!(ended(&world, 1).await, told);
    let first = app.release(1).await;
    assert_eq!((first.state(), first.errands[0].exit_code), (State::Live, Some(3)));
    behave(&repo, &json!({"version": "two", "crash_at_start": true}));
    app.push("It does not start").await;
    app.release_in(2, &[State::Failed]).await;
    app.ship(&json!({"version": "three"}), 3).await;
    app.rollback(1).await.expect("the way back");
    app.live(4).await;
    let failed = ["on_failure mourns Succeeded", "after_release greets Failed"];
    let back = ["on_rollback cleans Succeeded"];
    assert_eq!(ended(&world, 4).await, [&told[..], &failed, &back].concat());
    assert_eq!(notes(&world), "greets mourns greets cleans");
}

/// Release 2 ran what cannot be undone, is bad with all traffic, and asks.
async fn asking(app: &App<'_>) {
    app.ship(&json!({"version": "one"}), 1).await;
    rewrite(app.repo, "at: manual", "at: before_release, irreversible: true");
    // Longer than it takes to see that it turns bad.
    rewrite(app.repo, "bake: 1s", "bake: 20s");
    behave(app.repo, &json!({"version": "two", "unready_after_s": 1}));
    app.push("It cannot be undone, and turns bad").await;
    eventually("a person to be asked", PATIENCE, async || app.release(2).await.asks.then_some(()))
        .await;
}

async fn back(app: &App<'_>, number: i64, confirm_irreversible: bool) -> Result<(), String> {
    let name = PLACE.to_owned();
    let request =
        RollbackEnvironmentRequest { name, number, confirm_irreversible, ..Default::default() };
    let answer = app.client.clone().releases.rollback_environment(request).await;
    answer.map(drop).map_err(|status| reason(&status))
}

#[tokio::test]
async fn past_what_cannot_be_undone_only_a_person_goes_back() {
    let world = World::start().await;
    let repo = with_jobs(&[writes("migrates", "manual", "")]);
    let app = world.register("shop", &repo).await;
    asking(&app).await;
    assert_eq!(app.version().await, "two");
    let refused = Err("FailedPrecondition IRREVERSIBLE".to_owned());
    assert_eq!(app.cancel(2).await.map_err(|status| reason(&status)), refused);
    assert_eq!(back(&app, 0, false).await, refused);
    let name = format!("{PLACE}/releases/2");
    let kept = PromoteReleaseRequest { name, ..Default::default() };
    app.client.clone().releases.promote_release(kept).await.expect("a person keeps it");
    app.live(2).await;
    let plan = world.slipway("plan -e production --app shop").done();
    assert!(plan.contains("only when a person says so, once job migrates has run"), "{plan}");
    assert_eq!(back(&app, 1, false).await, refused);
    back(&app, 1, true).await.expect("a person says so");
    app.live(3).await;
    assert_eq!(app.version().await, "one");
}

/// An hour of Berlin that is far from now, so that nothing begins by itself; half past it elsewhere, in winter and in summer.
fn far_hour() -> (u32, [&'static str; 2]) {
    match service::Clock::system().now().hour() {
        6..18 => (2, ["01:30:00Z", "00:30:00Z"]),
        _ => (14, ["13:30:00Z", "12:30:00Z"]),
    }
}

/// Waits for a file in the volume, at half past this hour of Berlin.
fn by_the_clock(job: &str, policy: &str, hour: u32) -> String {
    let at = format!("schedule, schedule: \"30 {hour} * * *\", timezone: Europe/Berlin");
    let command = format!("[python, -c, \"import os; {WAITS}\"]");
    format!("{job}: {{ service: web, at: {at}{policy}, command: {command} }}")
}

/// Waits until so many runs are known, and so many of them wait; what is known of each, the oldest first.
async fn known(world: &World, count: usize, due: usize) -> Vec<String> {
    eventually("the times to be taken", PATIENCE, async || {
        let mut runs = runs(world).await.filter(|runs| runs.len() == count)?;
        runs.reverse();
        let tell = |run: &Run| format!("{} {:?} {}", run.job, run.state(), run.reason);
        let waiting = runs.iter().filter(|run| run.state() == RunState::Due).count();
        (waiting == due).then(|| runs.iter().map(tell).collect())
    })
    .await
}

#[tokio::test]
async fn what_is_due_by_the_clock_runs_once_and_as_its_policy_says() {
    let world = World::start().await;
    let policies = [("skips", ""), ("queues", ", overlap: queue"), ("leaves", ", missed: skip")];
    let (hour, elsewhere) = far_hour();
    let repo = with_jobs(&policies.map(|(job, policy)| by_the_clock(job, policy, hour)));
    world.register("shop", &repo).await.ship(&json!({"version": "one"}), 1).await;
    let next = world.slipway("runs shop").done();
    assert!(elsewhere.iter().any(|it| next.contains(it)), "{next}");
    for (job, _) in policies {
        world.is_overdue(job).await;
    }
    // Of three days.
    assert_eq!(known(&world, 3, 0).await[2], "leaves Skipped MISSED");
    for job in ["skips", "queues"] {
        world.is_overdue(job).await;
    }
    assert_eq!(known(&world, 5, 1).await[3..], ["skips Skipped OVERLAP", "queues Due "]);
    world.docker.exec("web", &["touch", "/data/go"]);
    let ends = [
        "skips Succeeded",
        "queues Succeeded",
        "leaves Skipped",
        "skips Skipped",
        "queues Succeeded",
    ];
    assert_eq!(ended(&world, 5).await, ends.map(|end| format!("schedule {end}")));
}
