//! Messages that come late.

use crate::World;

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
}
