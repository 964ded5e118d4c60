//! When a sink is told something.

use super::*;
use crate::db::sink;
use crate::notify::failed as message;
use chrono::{DateTime, TimeDelta, Utc};
use events::EnvironmentName;
use testkit::{Database, variable};

/// As long as a sink is left alone, whatever it is told.
const APART: TimeDelta = TimeDelta::seconds(1);

/// A database with the app `shop`.
struct Shop {
    pool: PgPool,
    _database: Database,
}

impl Shop {
    async fn new() -> Self {
        let database = Database::create(&variable("SLIPWAY_TEST_DATABASE_URL")).await;
        let pool = pg::connect(&database.url(), crate::NAME, 1).await.unwrap();
        pg::migrate(&pool, crate::NAME, &crate::app::MIGRATOR).await.unwrap();
        let shop = Self { pool, _database: database };
        let insert =
            "insert into gateway.app (name, repository, default_branch) values ('shop', '', '')";
        shop.run(insert).await;
        shop
    }

    async fn run(&self, statement: &'static str) {
        sqlx::query(statement).execute(&self.pool).await.unwrap();
    }

    /// Adds something of its own for the Slack whose URL is called `address`.
    async fn add(&self, address: &str, what: &str) {
        self.add_at("production", address, what).await;
    }

    /// The same about another environment; nothing where the Slack is disabled.
    async fn add_at(&self, environment: &str, address: &str, what: &str) {
        let sink = Sink { kind: Kind::Slack, address: address.to_owned(), signed_with: None };
        let environment = EnvironmentName::parse(environment).unwrap();
        let message = Message { fingerprint: what.to_owned(), ..message() }.at(environment);
        let mut connection = self.pool.acquire().await.unwrap();
        let place = message.environment();
        if sink::ensure(&mut connection, &message.app, &sink, place).await.unwrap() {
            let event = EventId::new(service::new_id());
            add(&mut connection, &sink.name_in(place), event, &message).await.unwrap();
        }
    }

    async fn claim(&self) -> Option<Claim> {
        claim(&self.pool).await.unwrap()
    }

    async fn now(&self) -> DateTime<Utc> {
        sqlx::query_scalar("select clock_timestamp()").fetch_one(&self.pool).await.unwrap()
    }

    /// When the sink may be told something again.
    async fn is_left_alone_until(&self, address: &str) -> DateTime<Utc> {
        let not_before = "select not_before from gateway.sink where address = $1";
        sqlx::query_scalar(not_before).bind(address).fetch_one(&self.pool).await.unwrap()
    }
}

/// What it is, and whom it is for.
fn told(claim: Option<&Claim>) -> Option<(&str, &str)> {
    let claim = claim?;
    Some((claim.notification.message.fingerprint.as_str(), claim.sink.address.as_str()))
}

#[tokio::test]
async fn a_sink_is_told_one_thing_a_second_and_holds_no_other_up() {
    let shop = Shop::new().await;
    for what in ["one", "two", "three"] {
        shop.add("BUSY_URL", what).await;
    }
    shop.add("OTHER_URL", "four").await;
    let one = shop.claim().await.unwrap();
    assert_eq!(told(Some(&one)), Some(("one", "BUSY_URL")));
    let before = shop.now().await;
    sent(&shop.pool, one.notification.id, one.attempts).await.unwrap();
    assert!(shop.is_left_alone_until("BUSY_URL").await >= before + APART);
    // However slow this machine is, it is still left alone.
    shop.run("update gateway.sink set not_before = 'infinity' where address = 'BUSY_URL'").await;
    assert_eq!(told(shop.claim().await.as_ref()), Some(("four", "OTHER_URL")));
    assert_eq!(told(shop.claim().await.as_ref()), None);
    shop.run("update gateway.sink set not_before = now() where address = 'BUSY_URL'").await;
    let two = shop.claim().await.unwrap();
    assert_eq!(told(Some(&two)), Some(("two", "BUSY_URL")));
    let before = shop.now().await;
    let failure = Failure { error: "refused", pause: None, sink_pause: None, is_attempt: true };
    failed(&shop.pool, two.notification.id, two.attempts, &failure).await.unwrap();
    assert!(shop.is_left_alone_until("BUSY_URL").await >= before + APART);
}

#[tokio::test]
async fn an_attempt_that_never_got_to_the_receiver_is_given_back() {
    let shop = Shop::new().await;
    shop.add("SLACK_URL", "one").await;
    let now = Some(Duration::ZERO);
    for is_attempt in [false, false, true] {
        let claim = shop.claim().await.unwrap();
        assert_eq!(claim.attempts, 1);
        let failure = Failure { error: "away", pause: now, sink_pause: None, is_attempt };
        failed(&shop.pool, claim.notification.id, claim.attempts, &failure).await.unwrap();
        shop.run("update gateway.sink set not_before = now()").await;
    }
    assert_eq!(shop.claim().await.unwrap().attempts, 2);
}

#[tokio::test]
async fn a_sink_that_is_gone_in_one_environment_is_told_of_the_others() {
    let shop = Shop::new().await;
    shop.add_at("staging", "SLACK_URL", "one").await;
    shop.add_at("production", "SLACK_URL", "two").await;
    let Claim { sink_name, notification, .. } = shop.claim().await.unwrap();
    assert_eq!(
        (sink_name.as_str(), notification.environment.as_str()),
        ("slack:SLACK_URL@staging", "staging")
    );
    sink::disable(&shop.pool, &notification.app, &sink_name, "it is gone").await.unwrap();
    shop.add_at("staging", "SLACK_URL", "three").await;
    assert_eq!(told(shop.claim().await.as_ref()), Some(("two", "SLACK_URL")));
    assert_eq!(told(shop.claim().await.as_ref()), None);
    let states = sink::states(&shop.pool, &notification.app).await.unwrap();
    let states =
        states.iter().map(|state| (state.environment.as_str(), state.disabled_at.is_some()));
    assert_eq!(states.collect::<Vec<_>>(), [("production", false), ("staging", true)]);
}
