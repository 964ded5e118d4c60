//! A broker, a database, one who speaks and one who listens.

use async_nats::HeaderMap;
use async_nats::jetstream;
use bus::{Bus, Handlers, Verdict};
use chrono::DateTime;
use events::{AppName, Envelope, EventId, EventType, subject};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use testkit::{Database, Loopback, Nats, eventually};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Who speaks.
pub(crate) const SPEAKER: &str = "speaker";
/// Who listens.
pub(crate) const LISTENER: &str = "listener";
/// Everything happens within this, also on a busy machine; the bus promises 10 s.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct World {
    pub nats: Nats,
    pub pool: PgPool,
    wake: Arc<Notify>,
    tasks: Vec<JoinHandle<()>>,
    _database: Database,
}

impl Drop for World {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl World {
    /// A broker and a database; nobody speaks or listens yet.
    pub(crate) async fn start() -> Self {
        let program = PathBuf::from(testkit::variable("SLIPWAY_TEST_NATS_SERVER"));
        let nats = Nats::start(&program, Loopback::unused());
        let database = Database::create(&testkit::variable("SLIPWAY_TEST_DATABASE_URL")).await;
        let pool = pg::connect(&database.url(), "test", 8).await.expect("a pool");
        pg::migrate_bus(&pool).await.expect("the schema of the bus");
        let effects = "create table public.effect (event uuid not null, data jsonb not null,
                                                   at timestamptz default clock_timestamp())";
        sqlx::query(effects).execute(&pool).await.expect("a table");
        Self { nats, pool, wake: Arc::default(), tasks: Vec::new(), _database: database }
    }

    /// The same with somebody who speaks, and who listens.
    pub(crate) async fn talking() -> Self {
        let mut world = Self::start().await;
        world.listen().await;
        world.speak().await;
        world
    }

    pub(crate) async fn bus(&self, name: &'static str) -> Bus {
        Bus::connect(&self.nats.url(), name).await.expect("the broker answers")
    }

    pub(crate) async fn speak(&mut self) {
        let (bus, cancel) = (self.bus(SPEAKER).await, CancellationToken::new());
        let relay = bus::relay::run(self.pool.clone(), bus, SPEAKER, self.wake.clone(), cancel);
        self.tasks.push(tokio::spawn(relay));
    }

    /// Listens with a handler that does what the event says.
    pub(crate) async fn listen(&mut self) {
        self.listen_with(handlers(self.pool.clone())).await;
    }

    pub(crate) async fn listen_with(&mut self, handlers: Handlers) {
        let (bus, cancel) = (self.bus(LISTENER).await, CancellationToken::new());
        let listening = bus::consume::run(bus, self.pool.clone(), handlers, cancel);
        self.tasks.push(tokio::spawn(listening));
    }

    /// Whoever listens or speaks is gone, as by SIGKILL.
    pub(crate) async fn kill_all(&mut self) {
        for task in self.tasks.drain(..) {
            task.abort();
            assert!(task.await.is_err(), "it was killed");
        }
    }

    /// Says `data` through the outbox.
    pub(crate) async fn say(&self, data: Value) -> Envelope {
        let envelope = envelope(data);
        let mut connection = self.pool.acquire().await.expect("a connection");
        pg::outbox::enqueue(&mut connection, SPEAKER, &envelope).await.expect("said");
        self.wake.notify_one();
        envelope
    }

    /// Publishes what nobody of ours would.
    pub(crate) async fn publish(
        &self,
        subject: String,
        headers: HeaderMap,
        body: impl Into<Vec<u8>>,
    ) {
        let client = async_nats::connect(self.nats.url()).await.expect("the broker answers");
        let jetstream = jetstream::new(client);
        let sent = jetstream.publish_with_headers(subject, headers, body.into().into()).await;
        sent.expect("sent").await.expect("the stream takes it");
    }

    /// Publishes an event of ours, `name`d for the broker as nobody else is.
    pub(crate) async fn publish_again(&self, envelope: &Envelope, name: &str) {
        let mut headers = bus::to_headers(envelope);
        headers.insert("Nats-Msg-Id", name);
        let subject = subject::event(&envelope.app, envelope.event_type);
        self.publish(subject, headers, envelope.data.to_string()).await;
    }

    pub(crate) async fn stream(&self) -> jetstream::stream::Stream {
        let client = async_nats::connect(self.nats.url()).await.expect("the broker answers");
        jetstream::new(client).get_stream(subject::EVENTS).await.expect("the stream")
    }

    /// A number the database tells.
    pub(crate) async fn number(&self, query: &str) -> i64 {
        let row = sqlx::query_scalar(AssertSqlSafe(query.to_owned()));
        row.fetch_one(&self.pool).await.expect("a number")
    }

    /// Waits until the database tells `number`.
    pub(crate) async fn until(&self, query: &str, number: i64) {
        eventually(&format!("{query} to be {number}"), PATIENCE, async || {
            (self.number(query).await == number).then_some(())
        })
        .await;
    }

    /// Waits until everything that was given out is acknowledged.
    pub(crate) async fn until_settled(&self) {
        let stream = self.stream().await;
        eventually("nothing to be pending", PATIENCE, async || {
            let info = stream.consumer_info(LISTENER).await.ok()?;
            (info.num_pending == 0 && info.num_ack_pending == 0).then_some(())
        })
        .await;
    }

    /// Everything that is parked, oldest first.
    pub(crate) async fn parked(&self) -> Vec<pg::parked::Parked> {
        let mut connection = self.pool.acquire().await.expect("a connection");
        let mut parked = pg::parked::list(&mut connection, None, None, 100).await.expect("a list");
        parked.reverse();
        parked
    }
}

pub(crate) const EFFECTS: &str = "select count(*) from public.effect";
pub(crate) const PARKED: &str = "select count(*) from bus.parked";
pub(crate) const ABSORBED: &str = "select coalesce(sum(again), 0) from bus.inbox";

/// An event about `data`.
pub(crate) fn envelope(data: Value) -> Envelope {
    Envelope {
        id: EventId::new(service::new_id()),
        event_type: EventType::SourcePushed,
        source: "/slipway/speaker".to_owned(),
        app: AppName::parse("shop").expect("valid"),
        at: DateTime::from_timestamp(1_790_000_000, 0).expect("in range"),
        traceparent: None,
        data,
    }
}

/// One handler, which does what the event says and writes that it did, once.
fn handlers(pool: PgPool) -> Handlers {
    Handlers::new().on(EventType::SourcePushed, move |envelope| {
        let pool = pool.clone();
        async move {
            match envelope.data["do"].as_str() {
                Some("panic") => unreachable!("as the event says"),
                Some("refuse") => return Verdict::Park("never this one".to_owned()),
                Some("fail") => return Verdict::Retry("not now".to_owned()),
                Some("sleep") => tokio::time::sleep(Duration::from_secs(8)).await,
                _ => {}
            }
            effect(&pool, &envelope).await.map_or_else(Verdict::from, |()| Verdict::Done)
        }
    })
}

/// Writes that `envelope` was handled, in the transaction of its inbox row.
pub(crate) async fn effect(pool: &PgPool, envelope: &Envelope) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    if pg::inbox::first_time(&mut transaction, LISTENER, envelope.id).await? {
        sqlx::query("insert into public.effect (event, data) values ($1, $2)")
            .bind(envelope.id.uuid())
            .bind(&envelope.data)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await
}

/// What an event says that does nothing but be there.
pub(crate) fn plain(number: u32) -> Value {
    json!({ "v": 1, "number": number })
}
