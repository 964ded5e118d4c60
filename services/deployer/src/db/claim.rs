//! Who drives a release: a lease with a fencing epoch in the row. Only the database's clock decides, and
//! every write of a driver names the epoch, so that one that lost its lease changes nothing.

use crate::db::release::interval;
use chrono::{DateTime, Utc};
use events::ReleaseId;
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;
use uuid::Uuid;

/// How long a driver that says nothing keeps a release: work goes on within 10 s of its death.
pub(crate) const LEASE: Duration = Duration::from_secs(6);

/// The right to drive a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) release: ReleaseId,
    pub(crate) epoch: i64,
}

/// A release that is to be driven.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claimed {
    pub(crate) lease: Lease,
    /// From a driver that did not give it back.
    pub(crate) taken_over: bool,
}

/// What a driver learns when it says that it is alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Beat {
    /// The state lasted longer than it may.
    pub(crate) is_late: bool,
    /// Somebody wants something.
    pub(crate) has_commands: bool,
}

/// Claims at most `limit` releases that are due and that nobody drives. Time in which nobody did counts for no
/// deadline: what was in time when its driver fell silent is still in time.
pub(crate) async fn claim_due(
    executor: impl PgExecutor<'_>,
    owner: Uuid,
    limit: i64,
) -> Result<Vec<Claimed>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"with due as (
               select id, lease_owner is not null as taken_over,
                      greatest(wake_at, lease_until - make_interval(secs => $2)) as idle_since
               from deployer.release
               where wake_at <= clock_timestamp()
                 and (lease_until is null or lease_until < clock_timestamp())
               order by wake_at limit $3 for update skip locked)
           update deployer.release r set lease_owner = $1, lease_epoch = lease_epoch + 1,
                  lease_until = clock_timestamp() + make_interval(secs => $2),
                  deadline_at = case when due.idle_since < deadline_at
                                     then deadline_at + (clock_timestamp() - due.idle_since)
                                     else deadline_at end
           from due where r.id = due.id
           returning r.id, r.lease_epoch, due.taken_over as "taken_over!""#,
        owner,
        interval(LEASE),
        limit,
    )
    .fetch_all(executor)
    .await?;
    let lease = |id, epoch| Lease { release: ReleaseId::new(id), epoch };
    let claimed = rows
        .into_iter()
        .map(|row| Claimed { lease: lease(row.id, row.lease_epoch), taken_over: row.taken_over });
    Ok(claimed.collect())
}

/// Keeps the lease; nothing when another driver has it.
pub(crate) async fn beat(
    executor: impl PgExecutor<'_>,
    lease: Lease,
) -> Result<Option<Beat>, sqlx::Error> {
    let row = sqlx::query!(
        r#"update deployer.release r set lease_until = clock_timestamp() + make_interval(secs => $3)
           where id = $1 and lease_epoch = $2
           returning coalesce(deadline_at <= clock_timestamp(), false) as "is_late!",
                     exists(select 1 from deployer.command c
                            where c.release = r.id and c.taken_at is null) as "has_commands!""#,
        lease.release.uuid(),
        lease.epoch,
        interval(LEASE),
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|row| Beat { is_late: row.is_late, has_commands: row.has_commands }))
}

/// Seconds until the deadline of a release; nothing when it has none.
pub(crate) async fn time_left(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
) -> Result<Option<f64>, sqlx::Error> {
    let left = sqlx::query_scalar!(
        r#"select extract(epoch from deadline_at - clock_timestamp())::float8
           from deployer.release where id = $1"#,
        release.uuid(),
    )
    .fetch_optional(executor)
    .await?;
    Ok(left.flatten())
}

/// What time it is: the clocks of services may be wrong.
pub(crate) async fn now(executor: impl PgExecutor<'_>) -> Result<DateTime<Utc>, sqlx::Error> {
    sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(executor).await
}

/// Gives the lease back. The release is looked at again after `pause`, at its deadline, or when it is
/// woken, whatever comes first. In a transaction of the caller.
pub(crate) async fn give_back(
    connection: &mut PgConnection,
    lease: Lease,
    pause: Option<Duration>,
) -> Result<(), sqlx::Error> {
    // A command that came after the last look has set `wake_at` to now or before; that must not be lost. One that
    // is being written holds the row: the statement after this sees it, one that waited for it would not.
    sqlx::query!(
        "select id from deployer.release where id = $1 and lease_epoch = $2 for update",
        lease.release.uuid(),
        lease.epoch,
    )
    .fetch_optional(&mut *connection)
    .await?;
    sqlx::query!(
        "update deployer.release r
         set lease_owner = null, lease_until = null,
             wake_at = case
                 when exists(select 1 from deployer.command c
                             where c.release = r.id and c.taken_at is null) then clock_timestamp()
                 else least(deadline_at, clock_timestamp() + make_interval(secs => $3)) end
         where id = $1 and lease_epoch = $2",
        lease.release.uuid(),
        lease.epoch,
        pause.map(interval),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Seconds until the first release is due that nobody drives; nothing when none is.
pub(crate) async fn next_due(executor: impl PgExecutor<'_>) -> Result<Option<f64>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select extract(epoch from min(greatest(wake_at, coalesce(lease_until, wake_at)))
                          - clock_timestamp())::float8
           from deployer.release where wake_at is not null"#
    )
    .fetch_one(executor)
    .await
}
