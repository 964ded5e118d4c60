//! What GitHub is told and asked: from events on the bus and webhooks to a GitHub that refuses what the real one does.

use crate::deployer::keeper;
use crate::fixture::{Delivery, World, admin};
use bus::Bus;
use events::payload::{DriftKind, DriftV1, FindingV1, ReleaseV1};
use events::{AppName, Envelope, EnvironmentName, EventId, EventType, ReleaseId};
use gateway::{AppKey, GitHub as Settings, Identity};
use proto::v1::notification_service_client::NotificationServiceClient;
use proto::v1::{
    App, GetCiRequest, Issue, ListIssuesRequest, ListSinksRequest, Release, Sink, UpdateAppRequest,
};
use serde_json::json;
use service::{Clock, Secret};
use std::path::PathBuf;
use testkit::github::{APP, Fault, PRIVATE_KEY, TOKEN};
use testkit::{GitHub, Loopback, Nats};
use uuid::Uuid;

const POLICY: &str = "app: shop\nservices: { api: { image: x } }\nenvironments: { production: { track: { branch: main } } }\n";

fn commit() -> String {
    "c".repeat(40)
}

fn token() -> Identity {
    Identity::Token(Secret::new(TOKEN))
}

/// A gateway between a broker, a deployer and a GitHub.
struct Told {
    world: World,
    bus: Bus,
    github: GitHub,
    _nats: Nats,
}

impl Told {
    async fn by(identity: Option<Identity>) -> Self {
        let github = GitHub::start().await;
        let settings = identity.map(|identity| {
            let settings = Settings::parse(&github.url(), identity).expect("an API");
            settings.knowing("shop=acme/shop".parse().expect("repositories"))
        });
        let release = Release { commit: commit(), ..Release::default() };
        let deployer = keeper(&[], release, 0).await;
        let program = PathBuf::from(testkit::variable("SLIPWAY_TEST_NATS_SERVER"));
        let nats = Nats::start(&program, Loopback::unused());
        let world = World::with(|config| {
            config.nats_url = Secret::new(nats.url());
            config.backends.deployer = deployer;
            config.github = settings;
            let link = "https://slipway.example.com/{app}/{environment}/{number}".parse();
            config.release_link = link.ok();
        });
        let world = world.await;
        world.shop().await;
        let policy = POLICY.to_owned();
        let app = App { name: "apps/shop".to_owned(), policy, ..App::default() };
        let request = UpdateAppRequest { app: Some(app), ..UpdateAppRequest::default() };
        world.apps().await.update_app(admin(request)).await.expect("the policy is taken");
        let bus = Bus::connect(&nats.url(), "deployer").await.expect("a bus");
        Self { world, bus, github, _nats: nats }
    }

    /// Says that release `number` is so.
    async fn say(&self, number: u32, of: EventType, (state, version): (&str, i64)) -> Envelope {
        let envelope = event(number, of, (state, version));
        self.bus.publish(&envelope).await.expect("it is said");
        envelope
    }

    /// Says everything that a good release is, and waits until it is told that it is live.
    async fn goes_live(&self, number: u32) {
        self.say(number, EventType::ReleaseCreated, ("queued", 1)).await;
        let index = usize::try_from(number).expect("small");
        self.github.until_deployment(index, "queued").await;
        self.say(number, EventType::ReleaseStarted, ("preparing", 2)).await;
        self.github.until_deployment(index, "in_progress").await;
        self.say(number, EventType::ReleaseProgressed, ("starting", 3)).await;
        self.say(number, EventType::ReleaseLive, ("live", 9)).await;
        self.github.until_deployment(index, "success").await;
    }

    async fn until_handled(&self, count: i64) {
        self.world.until("select count(*) from bus.inbox where consumer = 'gateway'", count).await;
    }

    async fn sink(&self) -> Sink {
        let mut api = NotificationServiceClient::new(self.world.channel().await);
        let request = ListSinksRequest { parent: "apps/shop".to_owned() };
        let listed = api.list_sinks(admin(request)).await.expect("listed").into_inner();
        listed.sinks.into_iter().next().expect("GitHub is one")
    }

    /// Says that these columns drift, or none any more.
    async fn drifts(&self, columns: &[&str]) -> Envelope {
        let envelope = drift(columns);
        self.bus.publish(&envelope).await.expect("it is said");
        envelope
    }

    async fn issues(&self) -> Vec<Issue> {
        let mut api = NotificationServiceClient::new(self.world.channel().await);
        let request = ListIssuesRequest { parent: "apps/shop".to_owned() };
        api.list_issues(admin(request)).await.expect("listed").into_inner().issues
    }

    async fn until_told(&self) {
        self.world.until("select count(*) from gateway.issue where state = 'told'", 1).await;
    }

    /// What CI of the commit is said to be.
    async fn ci(&self, required: &[&str]) -> String {
        let request = GetCiRequest {
            parent: "apps/shop".to_owned(),
            commit: commit(),
            required: required.iter().map(|name| (*name).to_owned()).collect(),
        };
        let answer = self.world.apps().await.get_ci(admin(request)).await.expect("an answer");
        let answer = answer.into_inner();
        format!("{:?}: {}", answer.state(), answer.message)
    }

    /// GitHub tells that something changed for the commit.
    async fn hint(&self) {
        let told = json!({ "action": "completed", "check_run": { "head_sha": commit() } });
        let answer = self.world.deliver(Delivery::new("check_run", &told)).await;
        assert_eq!(answer.short(), "202 ignored");
    }
}

fn event(number: u32, of: EventType, (state, version): (&str, i64)) -> Envelope {
    let app = AppName::parse("shop").expect("a name");
    let payload = ReleaseV1 {
        release: ReleaseId::new(Uuid::from_u128(u128::from(number))),
        app: app.clone(),
        environment: EnvironmentName::parse("production").expect("a name"),
        number: i64::from(number),
        state: state.to_owned(),
        version,
        stable: None,
        reason: None,
        message: None,
    };
    let when = (EventId::new(Uuid::new_v4()), Clock::system().now());
    bus::envelope("deployer", of, &app, &payload, when).expect("it is written")
}

/// These columns drift, or none any more.
fn drift(columns: &[&str]) -> Envelope {
    let app = AppName::parse("shop").expect("a name");
    let finding = |column: &&str| FindingV1 {
        service: None,
        instance: None,
        reason: "DATA_DRIFT".to_owned(),
        message: format!("{column}: far away"),
    };
    let payload = DriftV1 {
        kind: DriftKind::Data,
        app: app.clone(),
        environment: EnvironmentName::parse("production").expect("a name"),
        release: ReleaseId::new(Uuid::from_u128(1)),
        findings: columns.iter().map(finding).collect(),
        data: None,
        quality: None,
        healing: false,
        again: false,
    };
    let of = if columns.is_empty() { EventType::DriftCleared } else { EventType::DriftDetected };
    let when = (EventId::new(Uuid::new_v4()), Clock::system().now());
    bus::envelope("monitor", of, &app, &payload, when).expect("it is written")
}

#[tokio::test]
async fn drift_has_one_issue_that_says_what_drifts_and_is_closed_when_it_is_over() {
    let told = Told::by(Some(token())).await;
    told.drifts(&["amount"]).await;
    told.github.until_issue(1, ("open", "amount: far away")).await;
    told.drifts(&["amount", "country"]).await;
    told.github.until_issue(1, ("open", "country: far away")).await;
    let mut still = drift(&["amount", "country", "fee"]);
    still.data["again"] = true.into();
    told.bus.publish(&still).await.expect("it is said");
    told.github.until_issue(1, ("open", "fee: far away")).await;
    told.until_told().await;
    let [issue] = told.issues().await.try_into().expect("one issue");
    let url = "https://github.com/acme/shop/issues/1";
    assert_eq!((issue.open, issue.number, issue.url.as_str()), (true, 1, url));
    told.drifts(&[]).await;
    told.github.until_issue(1, ("closed", "slipway retrain shop")).await;
    assert!(!told.issues().await[0].open);
    told.drifts(&["amount"]).await;
    told.github.until_issue(2, ("open", "amount: far away")).await;
    assert_eq!(told.github.issues().len(), 2);
}

#[tokio::test]
async fn what_is_being_healed_is_filed_when_that_failed() {
    let told = Told::by(Some(token())).await;
    let runs = |finding: &str, healing: bool| {
        let findings: Vec<&str> = Some(finding).filter(|it| !it.is_empty()).into_iter().collect();
        let mut event = drift(&findings);
        event.data["kind"] = "runtime".into();
        event.data["healing"] = healing.into();
        event
    };
    for (event, handled) in [(runs("memory", true), 1), (runs("", false), 2)] {
        told.bus.publish(&event).await.expect("said");
        told.until_handled(handled).await;
    }
    told.until_told().await;
    assert!(told.github.issues().is_empty(), "it was healed, and nobody had to know");
    for event in [runs("memory", true), runs("memory again: not healed", false)] {
        told.bus.publish(&event).await.expect("said");
    }
    told.github.until_issue(1, ("open", "not healed")).await;
    assert_eq!(told.github.issues().len(), 1);
}

#[tokio::test]
async fn an_issue_whose_answer_was_lost_is_not_filed_twice_and_is_closed_all_the_same() {
    let told = Told::by(Some(token())).await;
    told.github.fail([Fault::AnswerLost, Fault::TooFast(1)]);
    let first = told.drifts(&["amount"]).await;
    told.until_told().await;
    told.bus.publish(&Envelope { id: EventId::new(Uuid::new_v4()), ..first }).await.expect("said");
    told.until_handled(2).await;
    assert_eq!(told.github.issues().len(), 1);
    told.github.fail([Fault::AnswerLost]);
    told.drifts(&[]).await;
    told.github.until_issue(1, ("closed", "amount")).await;
    told.until_told().await;
    assert_eq!(told.issues().await[0].last_error, "");
}

#[tokio::test]
async fn a_release_is_told_through_its_life_and_its_former_becomes_inactive() {
    let told = Told::by(Some(token())).await;
    told.goes_live(1).await;
    told.goes_live(2).await;
    told.say(1, EventType::ReleaseProgressed, ("retained", 10)).await;
    let former = told.github.until_deployment(1, "inactive").await;
    assert_eq!(former.states(), ["queued", "in_progress", "success", "inactive"]);
    assert_eq!(former.shown["payload"]["slipway"]["number"], 1);
    assert_eq!(former.statuses[0]["log_url"], "https://slipway.example.com/shop/production/1");
    let said = told.github.statuses(&commit());
    assert_eq!(said.last().map(String::as_str), Some("slipway/production success"), "{said:?}");
}

#[tokio::test]
async fn what_comes_late_or_twice_changes_nothing() {
    let told = Told::by(Some(token())).await;
    let live = told.say(1, EventType::ReleaseLive, ("live", 9)).await;
    told.github.until_deployment(1, "success").await;
    told.say(1, EventType::ReleaseCreated, ("queued", 1)).await;
    told.say(1, EventType::ReleaseStarted, ("preparing", 2)).await;
    told.bus.publish(&Envelope { id: EventId::new(Uuid::new_v4()), ..live }).await.expect("said");
    told.until_handled(4).await;
    told.say(2, EventType::ReleaseCreated, ("queued", 1)).await;
    told.github.until_deployment(2, "queued").await;
    assert_eq!(told.github.deployments()[0].states(), ["success"]);
}

#[tokio::test]
async fn a_deployment_whose_answer_was_lost_is_not_made_twice() {
    let told = Told::by(Some(token())).await;
    told.github.fail([Fault::AnswerLost, Fault::TooFast(1)]);
    told.say(1, EventType::ReleaseLive, ("live", 9)).await;
    told.github.until_deployment(1, "success").await;
    assert_eq!(told.github.deployments().len(), 1);
    told.world.until("select count(*) from gateway.report where state = 'told'", 1).await;
    assert_eq!((told.sink().await.last_error, told.sink().await.waiting), (String::new(), 0));
}

#[tokio::test]
async fn who_is_killed_before_noting_what_was_told_leaves_nothing_out_and_makes_nothing_twice() {
    let mut told = Told::by(Some(token())).await;
    for (number, before) in (1..=3).zip(0..) {
        told.github.fail(vec![Fault::Nothing; before]);
        told.github.fail([Fault::Silent]);
        told.say(number, EventType::ReleaseLive, ("live", 9)).await;
        told.github.until_silent(before + 1).await;
        told.world.kill().await;
        told.github.until_deployment(before + 1, "success").await;
        let told_of = "select count(*) from gateway.report where state = 'told'";
        told.world.until(told_of, i64::from(number)).await;
    }
    assert_eq!(told.github.deployments().len(), 3);
    told.github.fail([Fault::Silent]);
    told.drifts(&["amount"]).await;
    told.github.until_silent(4).await;
    told.world.kill().await;
    told.until_told().await;
    assert_eq!(told.github.issues().len(), 1);
}

#[tokio::test]
async fn who_is_killed_before_noting_a_check_run_finds_it_again() {
    let key = AppKey::parse(APP, PRIVATE_KEY).expect("a key");
    let mut told = Told::by(Some(Identity::App(key))).await;
    told.github.fail([Fault::Nothing, Fault::Nothing, Fault::Silent]);
    told.say(1, EventType::ReleaseLive, ("live", 9)).await;
    told.github.until_silent(1).await;
    told.world.kill().await;
    told.world.until("select count(*) from gateway.report where state = 'told'", 1).await;
    assert_eq!(told.github.check_runs(&commit()).len(), 1);
}

#[tokio::test]
async fn what_github_refuses_for_good_is_shown_and_not_tried_again() {
    let told = Told::by(Some(token())).await;
    told.github.fail([Fault::Answer(422)]);
    told.say(1, EventType::ReleaseCreated, ("queued", 1)).await;
    told.world.until("select count(*) from gateway.report where state = 'failed'", 1).await;
    let sink = told.sink().await;
    assert_eq!((sink.kind.as_str(), sink.address.as_str()), ("github", "acme/shop"));
    let said = "GitHub answered 422 Unprocessable Entity: as the test wants it";
    assert_eq!(sink.last_error, said);
    // Something new is told all the same.
    told.say(1, EventType::ReleaseLive, ("live", 9)).await;
    told.github.until_deployment(1, "success").await;
}

#[tokio::test]
async fn an_app_tells_with_a_check_run() {
    let key = AppKey::parse(APP, PRIVATE_KEY).expect("a key");
    let told = Told::by(Some(Identity::App(key))).await;
    told.goes_live(1).await;
    told.world.until("select count(*) from gateway.report where state = 'told'", 1).await;
    let [run] = told.github.check_runs(&commit()).try_into().expect("one check run");
    assert_eq!(
        (&run["name"], &run["conclusion"]),
        (&"slipway/production".into(), &"success".into())
    );
    assert_eq!(run["output"]["title"], "release 1 is live");
    assert!(told.github.statuses(&commit()).is_empty());
}

#[tokio::test]
async fn without_github_nothing_is_done_and_nothing_fails() {
    let told = Told::by(None).await;
    told.say(1, EventType::ReleaseCreated, ("queued", 1)).await;
    told.until_handled(1).await;
    told.world.until("select count(*) from gateway.report", 0).await;
    assert!(told.github.requests().is_empty());
    assert!(told.ci(&[]).await.starts_with("Unknown: GitHub is not asked"));
}

#[tokio::test]
async fn ci_is_looked_at_again_when_a_webhook_says_that_it_changed() {
    let told = Told::by(Some(token())).await;
    assert_eq!(told.ci(&[]).await, "Pending: the commit has no status and no check run");
    told.github.ci(&commit(), "unit", Some("success"));
    let asked = told.github.requests().len();
    assert!(told.ci(&[]).await.starts_with("Pending"), "it was looked at a moment ago");
    assert_eq!(told.github.requests().len(), asked);
    told.hint().await;
    assert_eq!(told.ci(&[]).await, "Green: CI is green: unit");
    assert_eq!(told.ci(&["unit", "lint"]).await, "Pending: lint did not begin");
    told.github.ci(&commit(), "lint", Some("failure"));
    told.hint().await;
    let red = told.ci(&["unit", "lint"]).await;
    assert_eq!(red, "Red: lint is failure: https://github.com/acme/shop/runs/2");
}

#[tokio::test]
async fn a_commit_that_says_so_has_no_ci() {
    let told = Told::by(Some(token())).await;
    told.github.has_commit(&commit(), "chore: update trained model\n\n[skip ci]");
    assert_eq!(told.ci(&["unit"]).await, "Green: not waited for: the commit says [skip ci]");
}
