//! What the database says, for looks behind the scenes.

use crate::World;
use std::time::Duration;
use testkit::eventually;

/// What was decided is said, and what was said is heard, within this.
const PATIENCE: Duration = Duration::from_mins(2);

/// A number that grows with what a service says and hears.
const SAID_AND_HEARD_BY: &str = "select
    (select count(*) from bus.outbox where service = $1 and published_at is not null) +
    (select coalesce(sum(1 + again), 0) from bus.inbox where consumer = $1)";

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

    /// The state of the release with this number, as the truth has it.
    pub(crate) async fn state_of(&self, number: i64) -> Option<String> {
        let pool = self.truth();
        let state = "select state ->> 'state' from deployer.release where number = $1";
        sqlx::query_scalar(state).bind(number).fetch_one(&pool).await.ok()
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

    /// How much `service` has done so far; nothing while the truth is away.
    pub(crate) async fn done_by(&self, service: &str) -> Option<i64> {
        let pool = self.truth();
        let own = match service {
            "builder" => {
                "select coalesce(sum(attempt), 0) + (select count(*) from builder.step) from builder.build"
            }
            "deployer" => "select count(*) from deployer.release_log",
            // What the others do, they say or have heard.
            _ => "select 0::bigint",
        };
        let own: i64 = sqlx::query_scalar(own).fetch_one(&pool).await.ok()?;
        let bus = sqlx::query_scalar(SAID_AND_HEARD_BY).bind(service);
        let bus: i64 = bus.fetch_one(&pool).await.ok()?;
        Some(own + bus)
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
