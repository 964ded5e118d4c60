//! `monitor.liveness`: how instances answer whether they live, by service and replica.

use crate::liveness::{Record, State};
use crate::place::Place;
use events::ServiceName;
use sqlx::PgExecutor;
use std::collections::BTreeMap;

/// Service and replica.
pub(crate) type Seat = (ServiceName, i32);

/// What is remembered at `place`.
pub(crate) async fn of(
    executor: impl PgExecutor<'_>,
    place: &Place,
) -> Result<BTreeMap<Seat, Record>, sqlx::Error> {
    let rows = sqlx::query!(
        "select service, replica, state, failures, restarts, last_restart_at, next_restart_at, message
         from monitor.liveness where app = $1 and environment = $2",
        place.app.as_str(),
        place.environment.as_str(),
    )
    .fetch_all(executor)
    .await?;
    let decode = |error: events::InvalidName| sqlx::Error::Decode(error.into());
    let record = rows.into_iter().map(|row| {
        let record = Record {
            state: State::parse(&row.state),
            failures: u32::try_from(row.failures).unwrap_or(0),
            restarts: row.restarts,
            last_restart: row.last_restart_at,
            next_restart: row.next_restart_at,
            message: row.message,
        };
        Ok(((row.service.parse().map_err(decode)?, row.replica), record))
    });
    record.collect()
}

/// Remembers `record`.
pub(crate) async fn keep(
    executor: impl PgExecutor<'_>,
    place: &Place,
    (service, replica): &Seat,
    record: &Record,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into monitor.liveness (app, environment, service, replica, state, failures, restarts,
                                       last_restart_at, next_restart_at, message)
         select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
         where exists (select 1 from monitor.verdict where app = $1 and environment = $2)
         on conflict (app, environment, service, replica) do update
         set state = excluded.state, failures = excluded.failures, restarts = excluded.restarts,
             last_restart_at = excluded.last_restart_at, next_restart_at = excluded.next_restart_at,
             message = excluded.message",
        place.app.as_str(),
        place.environment.as_str(),
        service.as_str(),
        replica,
        record.state.as_str(),
        i32::try_from(record.failures).unwrap_or(i32::MAX),
        record.restarts,
        record.last_restart,
        record.next_restart,
        record.message,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Forgets everything at `place`: another release begins anew.
pub(crate) async fn forget(
    executor: impl PgExecutor<'_>,
    place: &Place,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from monitor.liveness where app = $1 and environment = $2",
        place.app.as_str(),
        place.environment.as_str(),
    )
    .execute(executor)
    .await?;
    Ok(())
}
