//! Warm-up and `verify`: a candidate proves its answers before users get them, and once more when they do. Jobs try it,
//! its speed is compared with that of the stable release, and what fails is left to be looked into.

use proto::v1::release::State;
use proto::v1::{Answered, Release};
use serde_json::{Value, json};
use std::time::Duration;
use stories::fixture::{behave, chameleon};
use stories::{App, World, rewrite};
use testkit::{Load, Repo, eventually};

/// An app whose candidates are asked these `requests`, each answering as `behaviour` says.
fn verified(requests: &str, behaviour: &Value) -> Repo {
    let repo = chameleon("shop", behaviour);
    rewrite(&repo, "environments:", &format!("verify: [{requests}]\nenvironments:"));
    repo.commit("As the story wants it");
    repo
}

/// What is left over goes within this.
const PATIENCE: Duration = Duration::from_mins(3);

const VERSION: &str =
    "{ service: web, get: /, headers: { x-by: slipway }, expect: { /version: { type: string } } }";

fn detail<'a>(release: &'a Release, step: &str) -> &'a str {
    let found = release.steps.iter().find(|found| found.step == step);
    found.map_or("it was not done", |step| &step.detail)
}

/// How each request was answered, and how often well.
fn answers(release: &Release) -> Vec<String> {
    let told = release.answers.iter().map(|it| {
        let Answered { step, request, good, sent, .. } = it;
        format!("{step} {request} {good}/{sent}")
    });
    told.collect()
}

/// What became of the second release while users asked, and of how many requests none failed.
async fn second(app: &App<'_>, repo: &Repo, behaviour: &Value, state: State) -> Release {
    let load = Load::steady(&app.users());
    behave(repo, behaviour);
    app.push("Another").await;
    let release = app.release_in(2, &[state]).await;
    let users = load.stop().await;
    assert_eq!((users.failed(), users.sent > 0), (0, true), "{:?}", users.first_failure);
    release
}

#[tokio::test]
async fn a_candidate_is_warmed_up_and_verified_before_it_has_users() {
    let world = World::start().await;
    let repo = verified(VERSION, &json!({"version": "one"}));
    let warm = "    warmup: { for: 1s, requests: [{ get: /, times: 2 }, { post: /echo, json: [1] }] }\n    http:";
    rewrite(&repo, "    http:", warm);
    repo.commit("It warms up");
    let app = world.register("shop", &repo).await;
    app.push("One").await;
    let release = app.live(1).await;
    assert!(detail(&release, "warming").starts_with("3 requests sent, 3 answered, "));
    assert!(detail(&release, "verifying").starts_with("1 request good, the slowest answer after "));
    assert_eq!(
        answers(&release),
        ["warming GET / 2/2", "warming POST /echo 1/1", "verifying GET / 1/1", "baking GET / 1/1"]
    );
    let steps: Vec<&str> = release.steps.iter().map(|step| step.step.as_str()).collect();
    let wanted = ["starting", "warming", "verifying", "shifting", "baking"];
    assert!(steps.windows(5).any(|window| window == wanted), "{steps:?}");
}

#[tokio::test]
async fn a_candidate_that_answers_otherwise_never_has_users() {
    let world = World::start().await;
    let asked = "{ service: web, get: /, within: 10s, expect: { /version: { equals: one } }, \
        expect_headers: { content-type: json }, expect_body: version }";
    let repo = verified(asked, &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.push("One").await;
    app.live(1).await;
    let failed = second(&app, &repo, &json!({"version": "two"}), State::Failed).await;
    let failure = failed.failure.clone().expect("why");
    insta::assert_snapshot!(format!("{} {}", failure.reason, failure.message), @r#"VERIFY_FAILED GET / is not answered by web (0) as `verify` wants it: /version is "two", not "one""#);
    assert!(
        failure.probe_lines[1].starts_with("{\"version\": \"two\""),
        "{:?}",
        failure.probe_lines
    );
    assert_eq!(app.version().await, "one");
    assert_eq!(
        (answers(&failed), &failed.answers[0].wrong),
        (vec!["verifying GET / 0/1".to_owned()], &failure.message)
    );
}

#[tokio::test]
async fn a_release_that_answers_otherwise_once_it_has_users_goes_back() {
    let world = World::start().await;
    let repo = verified(VERSION, &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.push("One").await;
    app.live(1).await;
    behave(&repo, &json!({"version": "two", "error_after_requests": 1}));
    app.push("It gives up").await;
    let release = app.release_in(2, &[State::RolledBack]).await;
    assert_eq!(release.failure.expect("why").reason, "VERIFY_FAILED");
    assert_eq!((app.version().await.as_str(), release.pinned), ("one", true));
}

/// A job in the candidate's image that asks it, writes down what it got, and is content with every version but one.
const TRY: &str = "jobs: { try: { service: web, at: verify, again: true, command: [python, -c, \"import json, os; \
    from urllib.request import urlopen; url = os.environ['SLIPWAY_CANDIDATE_URL']; \
    version = json.load(urlopen(url + '/'))['version']; open('/data/tried', 'a').write(version + ' '); \
    print('got', version); exit(3 if version == 'bad' else 0)\"] } }\nenvironments:";

#[tokio::test]
async fn a_job_tries_a_candidate_before_it_has_users_and_once_more_when_it_has() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    rewrite(
        &repo,
        "    http: {",
        "    volumes: [{ name: notes, path: /data, class: cache }]\n    http: {",
    );
    rewrite(&repo, "environments:", TRY);
    repo.commit("As the story wants it");
    let app = world.register("shop", &repo).await;
    app.push("One").await;
    let first = app.live(1).await;
    assert!(detail(&first, "verifying").starts_with("try in "), "{first:#?}");
    assert!(detail(&first, "baking").contains(" failed, try in "), "{first:#?}");
    let failed = second(&app, &repo, &json!({"version": "bad"}), State::Failed).await;
    let failure = failed.failure.expect("why");
    insta::assert_snapshot!(format!("{} {}", failure.reason, failure.message), @"JOB_FAILED job try ended with exit code 3; its last lines say why");
    assert_eq!(failure.log_lines, ["got bad"]);
    assert_eq!(failed.errands[0].kind, "verify");
    assert_eq!(world.docker.exec("web", &["cat", "/data/tried"]), "one one bad");
    assert_eq!((app.version().await.as_str(), world.docker.containers().len()), ("one", 1));
}

#[tokio::test]
async fn a_candidate_that_answers_more_slowly_than_it_may_never_has_users() {
    let world = World::start().await;
    let compared = "{ service: web, get: /, performance: { worse_by: 50%, count: 200 } }";
    let repo = verified(compared, &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.push("One").await;
    let first = app.live(1).await;
    let told = detail(&first, "verifying");
    assert!(told.ends_with("; GET /: not compared, there is no stable release"), "{told}");
    let failed =
        second(&app, &repo, &json!({"version": "two", "slow_ms": 80}), State::Failed).await;
    let failure = failed.failure.expect("why");
    assert_eq!(failure.reason, "SLOWER", "{failure:?}");
    let wanted = "; that is slower by more than 50 %";
    assert!(failure.message.contains(wanted), "{failure:?}");
    assert!(failed.answers[0].compared.contains(wanted), "{:?}", failed.answers);
}

#[tokio::test]
async fn what_failed_is_left_for_a_while_to_be_looked_into() {
    let world = World::with(&[("SLIPWAY_WRECKS_KEPT", "1h")]).await;
    let asked = "{ service: web, get: /, expect: { /version: { equals: one } } }";
    let repo = verified(asked, &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.push("One").await;
    app.live(1).await;
    behave(&repo, &json!({"version": "two"}));
    app.push("Two").await;
    let failed = app.release_in(2, &[State::Failed]).await;
    let wreck = failed.wrecks[0].container.clone();
    assert_eq!((world.docker.running().len(), world.docker.containers().len()), (1, 2));
    let story = world.slipway("explain shop production 2").done();
    assert!(story.contains(&format!("docker diff {wreck}")), "{story}");
    let log = world.slipway("logs shop production --release 2").done();
    assert!(log.contains("version two listens on"), "{log}");
    // The same content again is another container, and only the newest failure is left.
    let image = failed.services[0].image.clone().expect("an image");
    let image = format!("web={}@{}", image.repository, image.digest);
    world.slipway(&format!("deploy shop production --image {image}")).done();
    let again = app.release_in(3, &[State::Failed]).await.wrecks[0].container.clone();
    eventually("the wreck before to go", PATIENCE, async || {
        let left = world.docker.containers();
        (!left.contains(&wreck) && left.contains(&again) && left.len() == 2).then_some(())
    })
    .await;
    let said = world.slipway("gc --apply").done();
    assert!(said.contains("left for a while to be looked into"), "{said}");
    assert_eq!((world.docker.containers().len(), app.version().await.as_str()), (1, "one"));
}
