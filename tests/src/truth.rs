//! What the database says, for looks behind the scenes.

use crate::World;
use crate::app::PRODUCTION;
use std::time::Duration;
use testkit::eventually;

/// What was decided is said, and what was said is heard, within this.
const PATIENCE: Duration = Duration::from_mins(5);

/// A number that grows with what a service says and hears.
const SAID_AND_HEARD: &str = "select
    (select count(*) from bus.outbox where service = $1 and published_at is not null) +
    (select coalesce(sum(1 + again), 0) from bus.inbox where consumer = $1)";
/// Whether a service is in the middle of something, and a number that grows when that is taken up again.
const TAKEN_UP: [(&str, &str); 3] = [
    (
        "select exists (select from deployer.errand where ended_at is null and $1 = 'deployer')",
        // A lease of who was killed is over before another begins.
        "select coalesce(sum(extract(epoch from coalesce(ended_at, lease_until)) * 1000), 0)::bigint
         from deployer.errand where $1 = 'deployer'",
    ),
    (
        "select exists (select from builder.build where ended_at is null and $1 = 'builder')",
        "select coalesce(sum(lease_epoch), 0)::bigint from builder.build where $1 = 'builder'",
    ),
    (
        "select exists (select from deployer.release where ended_at is null
             and state_name not in ('live', 'retained') and $1 = 'deployer')",
        "select sum(lease_epoch)::bigint from deployer.release where $1 = 'deployer'",
    ),
];

/// What shows that a service goes on with its work, and how far it was.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    query: &'static str,
    reached: i64,
}

impl World {
    /// Waits until `event_type` was said `count` times.
    pub async fn said(&self, event_type: &str, count: usize) {
        let what = format!("{event_type} to be said {count} times");
        let pool = self.truth();
        eventually(&what, PATIENCE, async || {
            let said = "select count(*) from bus.outbox
                        where envelope ->> 'event_type' = $1 and published_at is not null";
            let found: i64 =
                sqlx::query_scalar(said).bind(event_type).fetch_one(&pool).await.ok()?;
            usize::try_from(found).ok().filter(|found| *found >= count)
        })
        .await;
    }

    /// How often it was said, published or not.
    pub async fn times_said(&self, event_type: &str) -> i64 {
        let said = "select count(*) from bus.outbox where envelope ->> 'event_type' = $1";
        let found = sqlx::query_scalar(said).bind(event_type).fetch_one(&self.truth()).await;
        found.expect("the database is there")
    }

    /// The state of the release of production with this number, as the truth has it.
    pub(crate) async fn state_of(&self, number: i64) -> Option<String> {
        let pool = self.truth();
        let state =
            "select state ->> 'state' from deployer.release where number = $1 and environment = $2";
        sqlx::query_scalar(state).bind(number).bind(PRODUCTION).fetch_one(&pool).await.ok()
    }

    /// Whether this release went wrong and cannot be undone, and a person is asked.
    pub(crate) async fn asks(&self, number: i64) -> bool {
        let pool = self.truth();
        let asks = "select state -> 'phase' ? 'asking' from deployer.release
                    where number = $1 and environment = $2";
        let asks = sqlx::query_scalar(asks).bind(number).bind(PRODUCTION).fetch_one(&pool).await;
        asks.unwrap_or_default()
    }

    /// Waits until `service` has handled `event_type` `count` times.
    pub async fn handled(&self, service: &str, event_type: &str, count: usize) {
        let what = format!("{service} to have handled {event_type} {count} times");
        let pool = self.truth();
        eventually(&what, PATIENCE, async || {
            let handled = "select count(*) from bus.inbox join bus.outbox on id = event_id
                           where consumer = $1 and envelope ->> 'event_type' = $2";
            let row = sqlx::query_scalar(handled).bind(service).bind(event_type);
            let found: i64 = row.fetch_one(&pool).await.ok()?;
            usize::try_from(found).ok().filter(|found| *found >= count)
        })
        .await;
    }

    /// How far `service` is with what it is in the middle of, or else with what it says and hears.
    pub(crate) async fn mark(&self, service: &str) -> Mark {
        let pool = self.truth();
        let mut query = SAID_AND_HEARD;
        for (is_at_work, taken_up) in TAKEN_UP {
            let asked = sqlx::query_scalar(is_at_work).bind(service).fetch_one(&pool).await;
            if asked.expect("the truth is there") {
                query = taken_up;
            }
        }
        Mark { query, reached: self.count(query, service).await.expect("the truth is there") }
    }

    /// Whether `service` went on since the mark.
    pub(crate) async fn is_past(&self, mark: Mark, service: &str) -> bool {
        self.count(mark.query, service).await.is_some_and(|now| now > mark.reached)
    }

    async fn count(&self, query: &'static str, service: &str) -> Option<i64> {
        let pool = self.truth();
        sqlx::query_scalar(query).bind(service).fetch_one(&pool).await.ok()
    }

    /// Why each run of `job` began and how it ended, the first first; nothing while one of them is due.
    pub(crate) async fn runs_of(&self, job: &str) -> Option<Vec<String>> {
        let runs = "select coalesce(array_agg(kind || ' ' || state order by created_at), '{}')
                    from deployer.run where job = $1
                    having not exists (select from deployer.errand where job = $1 and ended_at is null)";
        let pool = self.truth();
        sqlx::query_scalar(runs).bind(job).fetch_optional(&pool).await.ok().flatten()
    }

    /// The number of the newest release of production; 0 when there is none.
    pub(crate) async fn newest(&self) -> i64 {
        let newest = "select coalesce(max(number), 0) from deployer.release where environment = $1";
        let newest = sqlx::query_scalar(newest).bind(PRODUCTION).fetch_one(&self.truth()).await;
        newest.expect("a number")
    }

    /// How many messages came again and changed nothing.
    pub async fn absorbed(&self) -> i64 {
        let sum = "select coalesce(sum(again), 0)::bigint from bus.inbox";
        sqlx::query_scalar(sum).fetch_one(&self.truth()).await.expect("a number")
    }

    /// Waits until everything that was decided is said.
    pub async fn all_said(&self) {
        let pool = self.truth();
        eventually("everything to be said", PATIENCE, async || {
            let waiting = "select count(*) from bus.outbox where published_at is null";
            let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(&pool).await.ok()?;
            (waiting == 0).then_some(())
        })
        .await;
    }
}
