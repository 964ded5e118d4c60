//! Who is told what: from an event on the bus to a receiver that checks it.

use crate::deployer::keeper;
use crate::fixture::{World, admin, reason, with_token};
use bus::Bus;
use events::payload::{InstanceV1, ReleaseV1};
use events::{
    AppName, Envelope, EnvironmentName, EventId, EventType, InstanceId, ReleaseId, ServiceName,
};
use gateway::Mail;
use proto::v1::notification_service_client::NotificationServiceClient;
use proto::v1::{
    App, Failure, ListSinksRequest, Release, Sink, TestSinksRequest, UpdateAppRequest, Waiting,
    grant,
};
use service::{Clock, Secret};
use std::path::PathBuf;
use testkit::{Loopback, Mailbox, Nats, Receiver};
use tonic::transport::Channel;
use uuid::Uuid;

/// A gateway between a broker, a deployer and receivers, to whom it talks with TLS.
struct Told {
    world: World,
    bus: Bus,
    receiver: Receiver,
    mailbox: Mailbox,
    _nats: Nats,
}

impl Told {
    /// The app `shop`, whose policy ends with `notify`.
    async fn by(notify: &str) -> Self {
        Self::of(notify, release(), 0).await
    }

    /// The same; the deployer has this release, and is away for the first calls of each kind.
    async fn of(notify: &str, release: Release, away: usize) -> Self {
        let (receiver, mailbox) = (Receiver::start_tls().await, Mailbox::start_tls().await);
        let secrets = [
            ("SLACK_URL", receiver.slack_url()),
            ("HOOK_URL", receiver.webhook_url()),
            ("HOOK_KEY", Receiver::key()),
            ("INSIDE_URL", "http://10.0.0.1/".to_owned()),
        ];
        let deployer = keeper(&secrets, release, away).await;
        let program = PathBuf::from(testkit::variable("SLIPWAY_TEST_NATS_SERVER"));
        let nats = Nats::start(&program, Loopback::unused());
        let mail = Mail::parse(&Secret::new(mailbox.url()), "Slipway <slipway@example.com>");
        let world = World::with(|config| {
            config.nats_url = Secret::new(nats.url());
            config.backends.deployer = deployer;
            config.mail = Some(mail.expect("a mail server"));
            config.public_url = Some("https://slipway.example.com".parse().expect("an address"));
            config.release_link = "https://slipway.example.com/{app}/{number}".parse().ok();
            let file = config.data.with_file_name("authority.pem");
            std::fs::write(&file, testkit::AUTHORITY).expect("a file");
            config.ca_file = Some(file);
        });
        let world = world.await;
        world.shop().await;
        policy(&world, notify).await;
        let bus = Bus::connect(&nats.url(), "deployer").await.expect("a bus");
        Self { world, bus, receiver, mailbox, _nats: nats }
    }

    async fn say(&self, envelope: &Envelope) {
        self.bus.publish(envelope).await.expect("it is said");
    }

    /// Waits until everything that was said is handled, by the number of handled events.
    async fn until_handled(&self, count: i64) {
        self.world.until("select count(*) from bus.inbox where consumer = 'gateway'", count).await;
    }

    async fn sinks(&self) -> Vec<Sink> {
        let request = ListSinksRequest { parent: "apps/shop".to_owned() };
        let answer = self.world.notifications().await.list_sinks(admin(request)).await;
        answer.expect("listed").into_inner().sinks
    }

    /// Sends a test to all sinks: what became of each.
    async fn test(&self) -> Vec<String> {
        let request = TestSinksRequest { parent: "apps/shop".to_owned(), ..Default::default() };
        let answer = self.world.notifications().await.test_sinks(admin(request)).await;
        answer.expect("tested").into_inner().tests.into_iter().map(|test| test.error).collect()
    }
}

/// Gives the shop a policy that ends with `notify`.
pub(crate) async fn policy(world: &World, notify: &str) {
    let policy = format!(
        "app: shop\nservices: {{ api: {{ build: {{ context: . }}, http: {{ port: 1 }} }} }}\n\
         environments: {{ production: {{ track: {{ branch: main }} }} }}\nnotify: {notify}\n"
    );
    let app = App { name: "apps/shop".to_owned(), policy, ..App::default() };
    let request = UpdateAppRequest { app: Some(app), ..UpdateAppRequest::default() };
    world.apps().await.update_app(admin(request)).await.expect("the policy is taken");
}

impl World {
    async fn notifications(&self) -> NotificationServiceClient<Channel> {
        NotificationServiceClient::new(self.channel().await)
    }
}

/// What the deployer knows of the release that failed.
fn release() -> Release {
    let line = |n| format!("line {n}\u{1b}[0m");
    Release {
        number: 8,
        commit: "c".repeat(40),
        git_ref: "refs/heads/main".to_owned(),
        by: "ada".to_owned(),
        failure: Some(Failure { log_lines: (1..=30).map(line).collect(), ..Failure::default() }),
        ..Release::default()
    }
}

pub(crate) fn shop() -> (AppName, EnvironmentName) {
    (AppName::parse("shop").expect("a name"), EnvironmentName::parse("production").expect("a name"))
}

/// Release 8 of the shop failed.
fn failed() -> Envelope {
    moved(EventType::ReleaseFailed, "failed")
}

/// Release 8 of the shop came to `state`.
fn moved(of: EventType, state: &str) -> Envelope {
    let (app, environment) = shop();
    let payload = ReleaseV1 {
        release: ReleaseId::new(Uuid::new_v4()),
        app: app.clone(),
        environment,
        number: 8,
        state: state.to_owned(),
        version: 9,
        stable: None,
        reason: Some("MODULE_NOT_FOUND".to_owned()),
        message: Some("api cannot import flask".to_owned()),
    };
    envelope(of, &app, &payload)
}

/// An instance of the shop exited.
fn crashed() -> Envelope {
    let (app, environment) = shop();
    let payload = InstanceV1 {
        instance: InstanceId::new(Uuid::new_v4()),
        release: ReleaseId::new(Uuid::nil()),
        app: app.clone(),
        environment,
        service: ServiceName::parse("api").expect("a name"),
        reason: "OUT_OF_MEMORY".to_owned(),
        message: "the kernel ended it".to_owned(),
    };
    envelope(EventType::InstanceCrashed, &app, &payload)
}

pub(crate) fn envelope<P: events::payload::Payload>(
    of: EventType,
    app: &AppName,
    payload: &P,
) -> Envelope {
    let when = (EventId::new(Uuid::new_v4()), Clock::system().now());
    bus::envelope("deployer", of, app, payload, when).expect("it is written")
}

const SLACK: &str = "[{ slack: SLACK_URL, on: [failed, unhealthy] }]";
const HOOK: &str = "[{ webhook: HOOK_URL, signed_with: HOOK_KEY, on: [failed] }]";

#[tokio::test]
async fn a_failed_release_is_said_once_with_its_cause_however_often_it_is_heard() {
    let told = Told::by(SLACK).await;
    let failed = failed();
    told.say(&failed).await;
    let said = told.receiver.until_received(1).await;
    let text = said[0].to_string();
    assert!(text.contains("release 8 failed") && text.contains("MODULE_NOT_FOUND"), "{text}");
    assert!(text.contains("line 11\\nline 12") && !text.contains("line 10"), "{text}");
    told.world.until("select count(*) from bus.inbox where consumer = 'gateway'", 1).await;
    told.bus.publish(&Envelope { at: Clock::system().now(), ..failed }).await.expect("said again");
    told.say(&crashed()).await;
    told.until_handled(2).await;
    assert_eq!(told.receiver.until_received(2).await.len(), 2, "the second is about the instance");
}

#[tokio::test]
async fn a_webhook_is_signed_and_mail_is_written() {
    let told = Told::by(&HOOK.replace("}]", "}, { email: ops@example.com }]")).await;
    told.say(&failed()).await;
    let said = told.receiver.until_received(1).await.remove(0);
    assert_eq!(
        (said["type"].as_str(), said["data"]["number"].as_i64()),
        (Some("release.failed"), Some(8))
    );
    assert_eq!(said["data"]["excerpt"].as_array().map(Vec::len), Some(20));
    assert_eq!(said["data"]["page"], "https://slipway.example.com/shop/8");
    let letter = told.mailbox.until_received(1).await.remove(0);
    assert_eq!(
        (letter.from.as_str(), letter.to.as_slice()),
        ("slipway@example.com", &["ops@example.com".to_owned()][..])
    );
    assert!(letter.text.contains("Subject: shop/production: release 8 failed"), "{}", letter.text);
    assert!(letter.text.contains("api cannot import flask"), "{}", letter.text);
    assert!(letter.text.contains("release: https://slipway.example.com/shop/8"), "{}", letter.text);
}

#[tokio::test]
async fn a_receiver_that_was_away_is_told_when_it_is_back() {
    let told = Told::by(HOOK).await;
    told.receiver.refuse(503);
    told.say(&failed()).await;
    told.receiver.until_tried(1).await;
    told.world.until("select count(*) from gateway.sink where last_error <> ''", 1).await;
    let sink = told.sinks().await.remove(0);
    assert_eq!((sink.waiting, sink.state.as_str()), (1, "active"));
    assert_eq!(sink.last_error, "the receiver answered 503 Service Unavailable: no_service");
    told.receiver.recover();
    // On a busy machine it was refused once more, and would come in minutes.
    told.world.nothing_is_put_off().await;
    told.receiver.until_received(1).await;
    told.world.until("select count(*) from gateway.notification where state = 'sent'", 1).await;
    assert_eq!(told.sinks().await.remove(0).last_error, "");
}

#[tokio::test]
async fn a_deployer_that_was_away_costs_no_attempt_and_no_link() {
    const ASK: &str = "[{ slack: SLACK_URL, on: [approval], votes: true }]";
    let until = Clock::system().now() + chrono::TimeDelta::hours(1);
    let waiting = Release {
        waiting: Some(Waiting { approvals_wanted: 1, ..Waiting::default() }),
        deadline_time: Some(proto::time::timestamp(until)),
        ..release()
    };
    // One call of the three is that of the registration, for the credentials of git.
    let told = Told::of(ASK, waiting, 3).await;
    told.say(&moved(EventType::ReleaseWaiting, "awaiting_approval")).await;
    let said = told.receiver.until_received(1).await.remove(0).to_string();
    assert!(said.contains("https://slipway.example.com/votes/"), "{said}");
    let first = "select attempts::bigint from gateway.notification where state = 'sent'";
    told.world.until("select count(*) from gateway.notification where state = 'sent'", 1).await;
    told.world.until(first, 1).await;
}

#[tokio::test]
async fn what_arrived_and_was_not_noted_comes_again_as_the_same() {
    let mut told = Told::by(HOOK).await;
    told.receiver.fall_silent();
    told.say(&failed()).await;
    told.receiver.until_received(1).await;
    told.world.kill().await;
    told.receiver.until_tried(2).await;
    told.world.until("select count(*) from gateway.notification where state = 'sent'", 1).await;
    assert_eq!(told.receiver.received().len(), 1, "its id tells that it is there already");
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_told_nothing_until_a_test_reaches_it() {
    let told = Told::by(SLACK).await;
    told.receiver.refuse(410);
    told.say(&failed()).await;
    told.world.until("select count(*) from gateway.sink where disabled_at is not null", 1).await;
    told.say(&crashed()).await;
    told.until_handled(2).await;
    assert_eq!(told.sinks().await.remove(0).state, "disabled");
    assert_eq!(told.test().await, ["the receiver answered 410: it is gone"]);
    told.receiver.recover();
    assert_eq!(told.test().await, [""]);
    assert_eq!(told.sinks().await.remove(0).state, "active");
    told.say(&crashed()).await;
    assert_eq!(told.receiver.until_received(2).await.len(), 2, "the test, and what came after it");
}

#[tokio::test]
async fn what_happens_again_and_again_is_said_once_with_a_count() {
    let told = Told::by(SLACK).await;
    for n in 1..=5 {
        told.say(&crashed()).await;
        told.until_handled(n).await;
        told.receiver.until_received(1).await;
    }
    assert_eq!(told.receiver.received().len(), 1);
    told.world
        .until("select sum(times)::bigint from gateway.notification where state = 'waiting'", 4)
        .await;
    told.world.until("select count(*) from gateway.notification", 2).await;
}

#[tokio::test]
async fn nothing_inside_is_reached_and_no_address_is_shown() {
    let told = Told::by("[{ slack: INSIDE_URL }, { webhook: NOT_SET }]").await;
    insta::assert_debug_snapshot!(told.test().await, @r#"
    [
        "reach the receiver: the host has the address 10.0.0.1, which is not on the internet; SLIPWAY_ALLOW_PRIVATE_TARGETS can allow it",
        "the secret NOT_SET is not set",
    ]
    "#);
}

#[tokio::test]
async fn a_test_is_for_who_may_deploy_and_a_list_for_who_sees() {
    let told = Told::by(SLACK).await;
    let viewer = told.world.token(grant::Role::Viewer, "shop", "").await.expect("made");
    let mut api = told.world.notifications().await;
    let list = |token: &str| with_token(token, ListSinksRequest { parent: "apps/shop".into() });
    assert_eq!(api.list_sinks(list(&viewer)).await.expect("seen").into_inner().sinks.len(), 1);
    let test = TestSinksRequest { parent: "apps/shop".into(), ..Default::default() };
    let refused = api.test_sinks(with_token(&viewer, test.clone())).await.expect_err("refused");
    assert_eq!(reason(&refused), "PermissionDenied PERMISSION_DENIED");
    let unknown = TestSinksRequest { sink: "slack:OTHER".into(), ..test };
    let refused = api.test_sinks(admin(unknown)).await.expect_err("there is none");
    assert_eq!(reason(&refused), "NotFound NOT_FOUND");
}

#[tokio::test]
async fn the_sinks_of_an_app_are_not_shown_to_others() {
    let told = Told::by(SLACK).await;
    let other = told.world.token(grant::Role::Deployer, "blog", "").await.expect("made");
    let list = ListSinksRequest { parent: "apps/shop".into() };
    let mut api = told.world.notifications().await;
    let refused = api.list_sinks(with_token(&other, list)).await.expect_err("refused");
    assert_eq!(reason(&refused), "PermissionDenied PERMISSION_DENIED");
}

#[tokio::test]
async fn what_happened_before_is_history() {
    let told = Told::by(SLACK).await;
    let yesterday = Clock::system().now() - chrono::TimeDelta::hours(1);
    told.say(&Envelope { at: yesterday, ..failed() }).await;
    told.say(&crashed()).await;
    told.until_handled(2).await;
    assert_eq!(told.receiver.until_received(1).await.len(), 1, "the app was not registered then");
}
