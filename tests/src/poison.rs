//! Messages of yesterday and of tomorrow, said behind the services' backs.

use crate::World;
use std::time::Duration;
use testkit::eventually;

/// What cannot be handled is parked within this.
const PATIENCE: Duration = Duration::from_mins(5);

impl World {
    /// The first event that is parked, as soon as there is one, as the command line tells programs.
    pub async fn parked(&self) -> serde_json::Value {
        eventually("an event to be parked", PATIENCE, async || {
            let listed = self.slipway("events parked --output json").json();
            listed["parked_events"].get(0).cloned()
        })
        .await
    }

    /// Says the last `event_type` once more, as a version of the platform that is not there yet would.
    pub async fn say_as_of_tomorrow(&self, event_type: &str) {
        let copy = "insert into bus.outbox (id, service, subject, envelope)
                    select id, service, subject,
                           jsonb_set(jsonb_set(envelope, '{id}', to_jsonb(id)), '{data,v}', '99')
                    from (select gen_random_uuid() as id, service, subject, envelope from bus.outbox
                          where envelope ->> 'event_type' = $1 order by position desc limit 1) last";
        let said = sqlx::query(copy).bind(event_type).execute(&self.truth()).await;
        assert_eq!(said.expect("said").rows_affected(), 1, "there is no {event_type}");
    }

    /// Everything that was ever said is said again, the last first; nobody knows any more that it was handled.
    pub async fn replay_everything(&mut self) {
        // The broker knows what it was told; another one does not.
        self.nats.kill();
        self.nats.wipe();
        let pool = self.truth();
        let statements = [
            "create table public.said as select * from bus.outbox",
            "truncate bus.inbox, bus.outbox, bus.stream",
            "insert into bus.outbox (id, service, subject, envelope)
             select id, service, subject, envelope from public.said order by position desc",
        ];
        for statement in statements {
            sqlx::query(statement).execute(&pool).await.expect("yesterday");
        }
        self.nats.resume();
    }
}
