//! Messages that come late, and time that passed.

use crate::World;
use std::time::Duration;
use testkit::eventually;

/// A release that waits is let go within this.
const PATIENCE: Duration = Duration::from_mins(1);

impl World {
    /// Says the oldest event of this type once more, as one that nobody has heard: what it means to come late.
    pub async fn say_late(&self, event_type: &str) {
        let pool = self.truth();
        let again = "insert into bus.outbox (id, service, subject, envelope)
             select id, service, subject, jsonb_set(envelope, '{id}', to_jsonb(id))
             from (select $2 as id, service, subject, envelope from bus.outbox
                   where envelope ->> 'event_type' = $1 order by position limit 1) as oldest";
        let said = sqlx::query(again).bind(event_type).bind(service::new_id()).execute(&pool);
        assert_eq!(said.await.expect("it is said").rows_affected(), 1);
    }

    /// As if every build had ended hours ago: the releases that follow from them have been made.
    pub async fn builds_are_hours_old(&self) {
        let older = "update builder.build set ended_at = ended_at - interval '5 hours'";
        sqlx::query(older).execute(&self.truth()).await.expect("written");
    }

    /// As if nobody had driven the release for an hour: everything the truth knows of it is an hour older.
    pub async fn an_hour_passes(&self, number: i64) {
        let older = "update deployer.release set entered_at = entered_at - interval '1 hour',
                         deadline_at = deadline_at - interval '1 hour',
                         lease_until = lease_until - interval '1 hour',
                         wake_at = wake_at - interval '1 hour'
                     where number = $1";
        let done = sqlx::query(older).bind(number).execute(&self.truth()).await.expect("written");
        assert_eq!(done.rows_affected(), 1, "one release has the number {number}");
    }

    /// As if the time of a release that waits for people were over.
    pub async fn its_time_is_over(&self, number: i64) {
        let pool = self.truth();
        eventually("nobody to drive the release", PATIENCE, async || {
            let over = "update deployer.release set deadline_at = now(), wake_at = now()
                        where number = $1 and lease_owner is null";
            let done = sqlx::query(over).bind(number).execute(&pool).await.ok()?;
            (done.rows_affected() == 1).then_some(())
        })
        .await;
    }

    /// As if the time of a job by the clock had come three days ago, and nobody had looked since.
    pub async fn is_overdue(&self, job: &str) {
        let older = "update deployer.timetable set next_at = clock_timestamp() - interval '3 days' where job = $1";
        let done = sqlx::query(older).bind(job).execute(&self.truth()).await.expect("written");
        assert_eq!(done.rows_affected(), 1, "{job} is in a timetable");
    }
}
