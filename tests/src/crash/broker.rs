//! The broker is killed again and again while one service speaks and another listens.

use bus::{Bus, Handlers, Verdict};
use events::{AppName, Envelope, EventId, EventType};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use sqlx::PgPool;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use testkit::{Database, Infra, Loopback, Nats, eventually};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const SPEAKER: &str = "speaker";
const LISTENER: &str = "listener";
/// Time between two events.
const EVERY: Duration = Duration::from_millis(10);
/// The longest that nothing may be handled, a kill and a restart of the broker included, on a machine with time for it.
pub const STALL: Duration = Duration::from_secs(10);
/// What is waited for comes about within this, also on a busy machine.
const PATIENCE: Duration = Duration::from_mins(3);
/// So many events may be said and not handled: what is said after a kill is not waited for behind a long queue.
const BACKLOG: i64 = 20;
/// Longest time between what is waited for and a kill, in milliseconds.
const MOMENT: u64 = 60;

/// What came of it.
#[derive(Debug)]
pub struct Survived {
    /// How often the broker was killed.
    pub kills: u32,
    /// Events that were decided.
    pub said: i64,
    /// Events that were handled.
    pub handled: i64,
    /// Effects of events beyond the first of each.
    pub twice: i64,
    /// Messages that came again and changed nothing.
    pub absorbed: i64,
    /// The longest time between two handled events.
    pub stall: Duration,
    /// How long all of it took.
    pub took: Duration,
}

impl std::fmt::Display for Survived {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kills, said, handled, twice, absorbed, stall, took } = self;
        let (stall, took) = (stall.as_secs_f64(), took.as_secs_f64());
        write!(
            f,
            "broker            {kills} kills in {took:.0} s: {said} events said, {handled} handled, {twice} twice, \
             {absorbed} duplicates absorbed, longest stall {stall:.1} s"
        )
    }
}

/// When events were handled, and the newest of them.
#[derive(Clone, Default)]
struct Handled(Arc<Mutex<(Vec<Instant>, i64)>>);

impl Handled {
    fn note(&self, number: i64) {
        let mut all = self.0.lock().expect("nobody panics with it");
        all.0.push(Instant::now());
        all.1 = all.1.max(number);
    }

    fn newest(&self) -> i64 {
        self.0.lock().expect("nobody panics with it").1
    }

    fn longest_gap(&self) -> Duration {
        let all = self.0.lock().expect("nobody panics with it");
        all.0.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
    }
}

/// Kills the broker `kills` times, each time as soon as an event that was said since was handled.
pub async fn kill_the_broker(kills: u32, seed: u64) -> Survived {
    let infra = Infra::from_environment();
    let mut nats = Nats::start(&infra.nats_server, Loopback::unused());
    let database = Database::create(&infra.database_url).await;
    let pool = pg::connect(&database.url(), "test", 8).await.expect("a pool");
    pg::migrate_bus(&pool).await.expect("the schema of the bus");
    let table = "create table public.effect (event uuid not null, number bigint not null)";
    sqlx::query(table).execute(&pool).await.expect("a table");
    let talk = Talk::begin(&nats.url(), &pool).await;
    let (started, mut chance) = (Instant::now(), StdRng::seed_from_u64(seed));
    for _ in 0..kills {
        talk.goes_on(&pool).await;
        tokio::time::sleep(Duration::from_millis(chance.random_range(0..MOMENT))).await;
        nats.kill();
        tokio::time::sleep(Duration::from_millis(chance.random_range(0..MOMENT))).await;
        nats.resume();
    }
    talk.goes_on(&pool).await;
    let (said, stall) = talk.end(&pool).await;
    let survived = Survived {
        kills,
        said,
        handled: number(&pool, HANDLED).await,
        twice: number(&pool, "select count(*) - count(distinct event) from public.effect").await,
        absorbed: number(&pool, "select coalesce(sum(again), 0)::bigint from bus.inbox").await,
        stall,
        took: started.elapsed(),
    };
    assert_eq!((survived.handled, survived.twice), (survived.said, 0), "{survived}");
    survived
}

const HANDLED: &str = "select count(distinct event) from public.effect";

async fn number(pool: &PgPool, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(pool).await.expect("a number")
}

/// One decides, one relays, one listens.
struct Talk {
    said: Arc<AtomicI64>,
    handled: Handled,
    deciding: (JoinHandle<()>, CancellationToken),
    talking: ([JoinHandle<()>; 2], CancellationToken),
}

impl Talk {
    async fn begin(url: &str, pool: &PgPool) -> Self {
        let bus = async |name| Bus::connect(url, name).await.expect("the broker answers");
        let (said, handled, wake) = (Arc::default(), Handled::default(), Arc::new(Notify::new()));
        let (quiet, end) = (CancellationToken::new(), CancellationToken::new());
        let speaker = bus(SPEAKER).await;
        let relay = bus::relay::run(pool.clone(), speaker, SPEAKER, wake.clone(), end.clone());
        let handlers = handlers(pool.clone(), handled.clone());
        let listen = bus::consume::run(bus(LISTENER).await, pool.clone(), handlers, end.clone());
        let talk = (Arc::clone(&said), handled.clone());
        let decide = decide(pool.clone(), talk, wake, quiet.clone());
        Self {
            said,
            handled,
            deciding: (tokio::spawn(decide), quiet),
            talking: ([tokio::spawn(relay), tokio::spawn(listen)], end),
        }
    }

    /// Waits until something that is said from now on was handled.
    async fn goes_on(&self, pool: &PgPool) {
        let last = self.said.load(Ordering::SeqCst);
        eventually("the broker to be of use again", PATIENCE, async || {
            let newest = "select coalesce(max(number), 0) from public.effect";
            (number(pool, newest).await > last).then_some(())
        })
        .await;
    }

    /// Waits until everything that was said was handled; how much, and the longest stall.
    async fn end(self, pool: &PgPool) -> (i64, Duration) {
        let (deciding, quiet) = self.deciding;
        quiet.cancel();
        deciding.await.expect("it ends well");
        let said = self.said.load(Ordering::SeqCst);
        eventually("everything to be handled", PATIENCE, async || {
            (number(pool, HANDLED).await == said).then_some(())
        })
        .await;
        let stall = self.handled.longest_gap();
        let (talking, end) = self.talking;
        end.cancel();
        for task in talking {
            task.await.expect("it ends well");
        }
        (said, stall)
    }
}

async fn decide(
    pool: PgPool,
    (said, handled): (Arc<AtomicI64>, Handled),
    wake: Arc<Notify>,
    cancel: CancellationToken,
) {
    while !cancel.is_cancelled() {
        let number = said.load(Ordering::SeqCst) + 1;
        if number - handled.newest() > BACKLOG {
            tokio::time::sleep(EVERY).await;
            continue;
        }
        let event = envelope(number);
        let mut connection = pool.acquire().await.expect("a connection");
        pg::outbox::enqueue(&mut connection, SPEAKER, &event).await.expect("decided");
        said.store(number, Ordering::SeqCst);
        wake.notify_one();
        tokio::time::sleep(EVERY).await;
    }
}

fn envelope(number: i64) -> Envelope {
    Envelope {
        id: EventId::new(service::new_id()),
        event_type: EventType::SourcePushed,
        source: format!("/slipway/{SPEAKER}"),
        app: AppName::parse("shop").expect("valid"),
        at: chrono::DateTime::UNIX_EPOCH,
        traceparent: None,
        data: json!({ "v": 1, "number": number }),
    }
}

fn handlers(pool: PgPool, handled: Handled) -> Handlers {
    Handlers::new().on(EventType::SourcePushed, move |envelope| {
        let (pool, handled) = (pool.clone(), handled.clone());
        async move {
            let written = effect(&pool, &envelope).await;
            handled.note(envelope.data["number"].as_i64().unwrap_or_default());
            written.map_or_else(Verdict::from, |()| Verdict::Done)
        }
    })
}

async fn effect(pool: &PgPool, envelope: &Envelope) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    if pg::inbox::first_time(&mut transaction, LISTENER, envelope.id).await? {
        sqlx::query("insert into public.effect (event, number) values ($1, $2)")
            .bind(envelope.id.uuid())
            .bind(envelope.data["number"].as_i64())
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await
}
