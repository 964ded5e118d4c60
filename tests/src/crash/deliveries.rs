//! Webhooks come without end while the gateway and what it stands on are killed at random. What was answered
//! with 2xx is there, has its change, and was said.

use crate::fixture::chameleon;
use crate::{MAIN, WEBHOOK_SECRET, World};
use proto::v1::WatchEventsRequest;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use sqlx::PgPool;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use testkit::webhook::{self, Delivery, NO_COMMIT};
use testkit::{Http, eventually};
use tokio::task::JoinSet;

const APP: &str = "shop";
/// Branches that are pushed to at once.
const BRANCHES: usize = 8;
/// Pause before the forge tries again.
const AGAIN: Duration = Duration::from_millis(20);
/// Longest time between two kills, and between a kill and the restart, in milliseconds.
const PAUSES: (u64, u64) = (1_000, 200);
/// Everything that was decided is said within this after the last kill.
const PATIENCE: Duration = Duration::from_mins(5);

/// What came of it.
#[derive(Debug, Default)]
pub struct Delivered {
    /// Deliveries that were acknowledged.
    pub acknowledged: usize,
    /// Requests that were not, and were made again.
    pub refused: usize,
    /// How often gateway, Postgres and NATS were killed.
    pub kills: [usize; 3],
    /// Acknowledged deliveries without a row, a change or an event.
    pub lost: usize,
    /// Changes beyond one for each delivery.
    pub twice: usize,
    /// Events that the stream holds more than once.
    pub repeated: usize,
    /// How long it took.
    pub took: Duration,
}

impl std::fmt::Display for Delivered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { acknowledged, refused, kills, lost, twice, repeated, took } = self;
        let [gateway, postgres, nats] = kills;
        write!(
            f,
            "deliveries        {acknowledged} acknowledged in {:.0} s, {refused} tried again, {lost} lost, {twice} twice, \
             {repeated} events repeated; killed: gateway {gateway}, postgres {postgres}, nats {nats}",
            took.as_secs_f64()
        )
    }
}

/// Delivers `count` pushes while the gateway, Postgres and NATS are killed as `seed` says.
pub async fn deliver_through_kills(count: usize, seed: u64) -> Delivered {
    let mut world = World::alone().await;
    let repo = chameleon(APP, &json!({"version": "one"}));
    world.register(APP, &repo).await;
    // Only the gateway matters, and what it finds by itself must not be counted.
    for service in ["router", "deployer", "builder", "monitor"] {
        world.kill(service);
    }
    std::fs::remove_dir_all(repo.path().join(".git")).expect("the remote goes");
    let started = Instant::now();
    let forge = Forge::begin(&world.hooks(), count);
    let mut delivered =
        Delivered { kills: kill_until(&mut world, &forge, seed).await, ..Delivered::default() };
    let (acknowledged, refused) = forge.end().await;
    delivered.took = started.elapsed();
    (delivered.acknowledged, delivered.refused) = (acknowledged.len(), refused);
    world.ready().await;
    account(&world, &acknowledged, &mut delivered).await;
    delivered
}

/// Kills one after the other until everything is delivered; how often each.
async fn kill_until(world: &mut World, forge: &Forge, seed: u64) -> [usize; 3] {
    let (mut chance, mut kills) = (StdRng::seed_from_u64(seed), [0; 3]);
    let pause = |limit, chance: &mut StdRng| Duration::from_millis(chance.random_range(0..limit));
    while !forge.is_done() {
        tokio::time::sleep(pause(PAUSES.0, &mut chance)).await;
        let victim = chance.random_range(0..kills.len());
        kills[victim] += 1;
        match victim {
            0 => world.kill("gateway"),
            1 => world.postgres().kill(),
            _ => world.nats.kill(),
        }
        tokio::time::sleep(pause(PAUSES.1, &mut chance)).await;
        match victim {
            0 => world.resume("gateway"),
            1 => world.postgres().resume(),
            _ => world.nats.resume(),
        }
    }
    kills
}

/// The forge, which delivers each push until it is acknowledged.
struct Forge {
    branches: JoinSet<(Vec<String>, usize)>,
    done: Arc<AtomicUsize>,
    count: usize,
}

impl Forge {
    fn begin(hooks: &Http, count: usize) -> Self {
        let done = Arc::new(AtomicUsize::new(0));
        let mut branches = JoinSet::new();
        for branch in 0..BRANCHES {
            let share = count / BRANCHES + usize::from(branch < count % BRANCHES);
            branches.spawn(push(hooks.clone(), branch, share, done.clone()));
        }
        Self { branches, done, count }
    }

    fn is_done(&self) -> bool {
        self.done.load(Ordering::SeqCst) >= self.count
    }

    async fn end(self) -> (BTreeSet<String>, usize) {
        let all = self.branches.join_all().await;
        let refused = all.iter().map(|(_, refused)| refused).sum();
        (all.into_iter().flat_map(|(ids, _)| ids).collect(), refused)
    }
}

/// Pushes to a branch of its own, one commit after the other.
async fn push(
    hooks: Http,
    branch: usize,
    count: usize,
    done: Arc<AtomicUsize>,
) -> (Vec<String>, usize) {
    let (mut ids, mut refused) = (Vec::new(), 0);
    let mut before = NO_COMMIT.to_owned();
    for number in 0..count {
        let after = format!("{:08x}{number:032x}", branch + 1);
        let push = webhook::push(&format!("{MAIN}-{branch}"), &before, &after, "A push");
        while !is_acknowledged(&hooks, &push).await {
            refused += 1;
            tokio::time::sleep(AGAIN).await;
        }
        done.fetch_add(1, Ordering::SeqCst);
        ids.push(push.id);
        before = after;
    }
    (ids, refused)
}

async fn is_acknowledged(hooks: &Http, push: &Delivery) -> bool {
    let headers = push.headers(WEBHOOK_SECRET);
    let answer = hooks.post(&format!("/hooks/{APP}"), &headers, push.body.clone()).await;
    answer.is_ok_and(|answer| (200..300).contains(&answer.status))
}

/// Looks for what was acknowledged: the row, the change, the event in the stream.
async fn account(world: &World, acknowledged: &BTreeSet<String>, delivered: &mut Delivered) {
    world.all_said().await;
    let pool = world.truth();
    let rows = changes(&pool).await;
    let changed: BTreeMap<&str, &str> =
        rows.iter().map(|(id, change)| (id.as_str(), change.as_str())).collect();
    let heard = heard(world, rows.len()).await;
    let distinct: BTreeSet<&str> = heard.iter().map(String::as_str).collect();
    let is_whole =
        |id: &String| changed.get(id.as_str()).is_some_and(|change| distinct.contains(change));
    delivered.lost = acknowledged.iter().filter(|id| !is_whole(id)).count();
    delivered.twice = rows.len() - changed.len();
    delivered.repeated = heard.len() - distinct.len();
}

/// Each change, with the forge's id of its delivery.
async fn changes(pool: &PgPool) -> Vec<(String, String)> {
    let query = "select d.external_id, c.id::text from gateway.delivery d
                 join gateway.change c on c.delivery = d.id where d.outcome = 'accepted'";
    sqlx::query_as(query).fetch_all(pool).await.expect("the changes")
}

/// The change of each `source.pushed` in the stream, of which there are at least `count`.
async fn heard(world: &World, count: usize) -> Vec<String> {
    eventually("the stream to be read", PATIENCE, async || {
        let all = WatchEventsRequest { from_sequence: 1, ..WatchEventsRequest::default() };
        let mut events = world.admin().events.watch_events(all).await.ok()?.into_inner();
        let mut heard = Vec::new();
        while let Some(answer) = events.message().await.ok()? {
            let data = answer.event.unwrap_or_default().data;
            let data: serde_json::Value = serde_json::from_str(&data).ok()?;
            heard.push(data["change"].as_str()?.to_owned());
        }
        (heard.len() >= count).then_some(heard)
    })
    .await
}
