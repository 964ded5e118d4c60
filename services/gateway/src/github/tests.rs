//! The client against a GitHub at the wire.

use super::check_runs::CheckRun;
use super::commit_status::CommitStatus;
use super::deployments::{Deployment, DeploymentStatus};
use super::issues::Issue;
use super::releases::Release;
use super::{AppKey, Client, GitHub as Settings, GitHubError, Identity, Slug};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use events::{AppName, CommitSha, EnvironmentName, ReleaseId};
use outgoing::Outgoing;
use service::{Clock, Secret};
use testkit::GitHub;
use testkit::github::{APP, Fault, PRIVATE_KEY, REPOSITORY, TOKEN};
use uuid::Uuid;

fn client(github: &GitHub, identity: Identity, clock: Clock) -> Client {
    let outgoing = Outgoing::new("127.0.0.0/8".parse().expect("networks"), &[]);
    Client::new(Settings::parse(&github.url(), identity).expect("an API"), outgoing, clock)
}

async fn by_token() -> (GitHub, Client) {
    let github = GitHub::start().await;
    let client = client(&github, Identity::Token(Secret::new(TOKEN)), Clock::system());
    (github, client)
}

/// As an App, by a clock that stands still.
async fn as_app() -> (GitHub, Client, Clock) {
    let (github, clock) = (GitHub::start().await, Clock::frozen(Clock::system().now()));
    let key = AppKey::parse(APP, PRIVATE_KEY).expect("a key");
    let client = client(&github, Identity::App(key), clock.clone());
    (github, client, clock)
}

fn slug() -> Slug {
    REPOSITORY.parse().expect("a repository")
}

fn commit() -> CommitSha {
    CommitSha::parse(&"c".repeat(40)).expect("a commit")
}

fn place() -> (AppName, EnvironmentName) {
    (AppName::parse("shop").expect("a name"), EnvironmentName::parse("production").expect("a name"))
}

/// Makes the deployment of release 8, and says that it is live.
async fn deploy(client: &Client, release: u128) -> Result<i64, GitHubError> {
    let ((app, environment), commit) = (place(), commit());
    let wanted = Deployment {
        app: &app,
        environment: &environment,
        commit: &commit,
        release: ReleaseId::new(Uuid::from_u128(release)),
        number: 8,
    };
    let id = client.ensure_deployment(&slug(), &wanted).await?;
    let status = DeploymentStatus {
        state: "success",
        description: &"very live ".repeat(20),
        environment: &environment,
        link: Some("https://slipway.example.com/8"),
        url: Some("https://shop.example.com"),
    };
    client.say_deployment(&slug(), id, status).await.map(|()| id)
}

#[tokio::test]
async fn a_deployment_is_made_once_for_each_release() {
    let (github, client) = by_token().await;
    let first = deploy(&client, 1).await.expect("made");
    assert_eq!(deploy(&client, 1).await.expect("found"), first);
    assert_ne!(deploy(&client, 2).await.expect("made"), first);
    let [made, _] = github.deployments().try_into().expect("two deployments");
    assert_eq!(made.shown["production_environment"], true);
    assert_eq!(made.shown["transient_environment"], false);
    assert_eq!(made.statuses[0]["log_url"], "https://slipway.example.com/8");
    assert_eq!(made.statuses[0]["environment_url"], "https://shop.example.com");
}

#[tokio::test]
async fn what_was_made_and_not_heard_is_found_again() {
    let (github, client) = by_token().await;
    github.fail([Fault::AnswerLost]);
    deploy(&client, 1).await.expect_err("the answer was lost");
    deploy(&client, 1).await.expect("found");
    assert_eq!(github.deployments().len(), 1);
}

#[tokio::test]
async fn while_github_wants_silence_nothing_is_asked() {
    let (github, client) = by_token().await;
    github.fail([Fault::HourIsSpent(600)]);
    let pause = deploy(&client, 1).await.expect_err("limited").pause().expect("a pause");
    assert!((590..=600).contains(&pause.as_secs()), "{pause:?}");
    let asked = github.requests().len();
    assert!(deploy(&client, 1).await.expect_err("silent").pause().is_some());
    assert_eq!(github.requests().len(), asked, "it was asked all the same");
}

#[tokio::test]
async fn a_token_of_an_installation_is_kept_and_renewed_before_it_ends() {
    let (github, client, clock) = as_app().await;
    let made = || github.requests().iter().filter(|asked| asked.ends_with("access_tokens")).count();
    deploy(&client, 1).await.expect("made");
    assert_eq!(made(), 1);
    clock.advance(TimeDelta::minutes(56));
    // The proof of a clock that is so far ahead is not valid yet.
    deploy(&client, 1).await.expect_err("the clock is wrong");
    clock.advance(TimeDelta::minutes(-56));
    github.end_tokens();
    deploy(&client, 1).await.expect("another token");
    assert_eq!(made(), 2);
}

#[tokio::test]
async fn an_app_says_it_in_a_check_run_that_is_made_once() {
    let (github, client, clock) = as_app().await;
    let now: DateTime<Utc> = clock.now();
    let run = CheckRun {
        name: "slipway/production",
        subject: Uuid::from_u128(8),
        status: "in_progress",
        conclusion: None,
        title: "release 8",
        summary: "it goes on",
        link: None,
        began_at: now,
        ended_at: now,
    };
    let id = client.say_check_run(&slug(), (&commit(), None), run).await.expect("made");
    let run = CheckRun { status: "completed", conclusion: Some("success"), ..run };
    let found = client.say_check_run(&slug(), (&commit(), None), run).await.expect("found");
    let [shown] = github.check_runs(commit().as_str()).try_into().expect("one check run");
    assert_eq!((id, &shown["conclusion"]), (found, &"success".into()));
    assert!(shown["completed_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{shown}");
}

#[tokio::test]
async fn a_token_says_it_in_a_commit_status_and_may_not_more() {
    let (github, client) = by_token().await;
    let status = CommitStatus {
        context: "slipway/build",
        state: "failure",
        description: "the build failed",
        link: None,
    };
    client.say_commit(&slug(), &commit(), status).await.expect("said");
    assert_eq!(github.statuses(commit().as_str()), ["slipway/build failure"]);
    let other = "acme/other".parse().expect("a repository");
    let refused = client.say_commit(&other, &commit(), status).await.expect_err("refused");
    assert_eq!(refused.to_string(), "GitHub answered 404 Not Found: Not Found");
}

#[tokio::test]
async fn a_release_is_made_once_with_each_of_its_files() {
    let (github, client) = by_token().await;
    let commit = commit();
    let wanted = Release { tag: "model-1", commit: &commit, title: "A model", text: "good" };
    github.fail([Fault::AnswerLost]);
    client.ensure_release(&slug(), wanted).await.expect_err("the answer was lost");
    for _ in 0..2 {
        let made = client.ensure_release(&slug(), wanted).await.expect("there");
        for name in ["models.m", "metrics.json"] {
            let content = Bytes::from(format!("content of {name}"));
            client.ensure_asset(&slug(), &made, (name, content)).await.expect("there");
        }
    }
    let [made] = github.releases().try_into().expect("one release");
    assert_eq!(
        (&made["target_commitish"], &made["make_latest"]),
        (&commit.as_str().into(), &"false".into())
    );
    assert_eq!(made["assets"].as_array().map(Vec::len), Some(2));
    assert_eq!(github.file("models.m").as_deref(), Some(b"content of models.m".as_slice()));
}

#[tokio::test]
async fn one_issue_is_open_for_each_mark() {
    let (github, client) = by_token().await;
    let issue =
        Issue { mark: "drift shop/production", label: "drift", title: "Drift", text: "age" };
    let ensure = async |issue| client.ensure_issue(&slug(), issue).await.expect("there").number;
    let first = ensure(issue).await;
    assert_eq!(ensure(Issue { text: "age, country", ..issue }).await, first);
    assert_ne!(ensure(Issue { mark: "drift shop/staging", ..issue }).await, first);
    client.close_issue(&slug(), first).await.expect("closed");
    let found = client.find_issue(&slug(), ("drift", issue.mark)).await.expect("asked");
    assert_eq!(found, None, "it is closed");
    let issues = github.issues();
    assert_eq!((issues.len(), &issues[0]["state"]), (2, &"closed".into()));
    assert!(issues[0]["body"].as_str().is_some_and(|text| text.starts_with("age, country")));
}
