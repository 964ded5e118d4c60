//! Table `delivery`.

use super::parsed;
use chrono::{DateTime, Utc};
use events::{ChangeId, DeliveryId, SourceName};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// A delivery that arrived.
#[derive(Debug)]
pub(crate) struct New<'a> {
    pub id: DeliveryId,
    pub source: &'a SourceName,
    pub external_id: &'a str,
    pub event: &'a str,
    pub headers: &'a serde_json::Value,
    pub body: &'a [u8],
}

impl New<'_> {
    pub(crate) fn size_bytes(&self) -> i64 {
        i64::try_from(self.body.len()).unwrap_or(i64::MAX)
    }
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A change was made of it.
    Accepted(ChangeId),
    /// Nothing follows from it, because of this.
    Ignored(String),
}

impl Outcome {
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::Accepted(_) => "accepted",
            Self::Ignored(_) => "ignored",
        }
    }

    pub(crate) fn reason(&self) -> &str {
        match self {
            Self::Accepted(_) => "",
            Self::Ignored(reason) => reason,
        }
    }

    pub(crate) fn change(&self) -> Option<ChangeId> {
        match self {
            Self::Accepted(change) => Some(*change),
            Self::Ignored(_) => None,
        }
    }
}

/// A delivery without its body and headers.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub id: DeliveryId,
    pub source: SourceName,
    pub external_id: String,
    pub event: String,
    pub outcome: Outcome,
    pub size_bytes: i64,
    pub received_at: DateTime<Utc>,
}

struct Row {
    id: Uuid,
    source: String,
    external_id: String,
    event: String,
    reason: String,
    change: Option<Uuid>,
    size_bytes: i64,
    received_at: DateTime<Utc>,
}

impl TryFrom<Row> for Delivery {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let outcome = match row.change {
            Some(change) => Outcome::Accepted(ChangeId::new(change)),
            None => Outcome::Ignored(row.reason),
        };
        Ok(Self {
            id: DeliveryId::new(row.id),
            source: parsed(&row.source)?,
            external_id: row.external_id,
            event: row.event,
            outcome,
            size_bytes: row.size_bytes,
            received_at: row.received_at,
        })
    }
}

/// Stores a delivery from which nothing follows; the id of the first when it was received before.
pub(crate) async fn insert_ignored(
    connection: &mut PgConnection,
    new: &New<'_>,
    reason: &str,
) -> Result<Option<DeliveryId>, sqlx::Error> {
    let done = sqlx::query!(
        "insert into gateway.delivery
             (id, source, external_id, event, headers, body, size_bytes, outcome, reason)
         values ($1, $2, $3, $4, $5, $6, $7, 'ignored', $8)
         on conflict on constraint delivery_once do nothing",
        new.id.uuid(),
        new.source.as_str(),
        new.external_id,
        new.event,
        new.headers,
        new.body,
        new.size_bytes(),
        reason,
    )
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() == 1 {
        return Ok(None);
    }
    first(connection, new.source, new.external_id).await
}

/// The delivery with the forge's id, if it was received before.
pub(crate) async fn first(
    executor: impl PgExecutor<'_>,
    source: &SourceName,
    external_id: &str,
) -> Result<Option<DeliveryId>, sqlx::Error> {
    let id = sqlx::query_scalar!(
        "select id from gateway.delivery where source = $1 and external_id = $2",
        source.as_str(),
        external_id,
    )
    .fetch_optional(executor)
    .await?;
    Ok(id.map(DeliveryId::new))
}

/// Notes what became of a delivery that was handled again.
pub(crate) async fn set_outcome(
    connection: &mut PgConnection,
    id: DeliveryId,
    outcome: &Outcome,
) -> Result<Delivery, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "update gateway.delivery set outcome = $2, reason = $3, change = $4 where id = $1
         returning id, source, external_id, event, reason, change, size_bytes, received_at",
        id.uuid(),
        outcome.as_str(),
        outcome.reason(),
        outcome.change().map(ChangeId::uuid),
    )
    .fetch_one(connection)
    .await?
    .try_into()
}

/// A delivery and its headers and body; the body is nothing once it was swept.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    id: DeliveryId,
) -> Result<Option<(Delivery, serde_json::Value, Option<Vec<u8>>)>, sqlx::Error> {
    let row = sqlx::query!(
        "select id, source, external_id, event, reason, change, size_bytes, received_at, headers, body
         from gateway.delivery where id = $1",
        id.uuid(),
    )
    .fetch_optional(executor)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let (headers, body) = (row.headers, row.body);
    let delivery = Row {
        id: row.id,
        source: row.source,
        external_id: row.external_id,
        event: row.event,
        reason: row.reason,
        change: row.change,
        size_bytes: row.size_bytes,
        received_at: row.received_at,
    };
    Ok(Some((delivery.try_into()?, headers, body)))
}

/// Deliveries, newest first, before `before`; only of `sources` when those are given.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    sources: Option<&[String]>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Delivery>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "select id, source, external_id, event, reason, change, size_bytes, received_at
         from gateway.delivery
         where ($1::text[] is null or source = any($1)) and ($2::uuid is null or id < $2)
         order by id desc limit $3",
        sources,
        before,
        limit,
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(Delivery::try_from).collect()
}

/// Deletes deliveries older than `days`, at most `batch`; returns how many went.
pub(crate) async fn delete_old(
    executor: impl PgExecutor<'_>,
    days: i32,
    batch: i64,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "delete from gateway.delivery where id in (select id from gateway.delivery
         where received_at < now() - make_interval(days => $1) order by id limit $2)",
        days,
        batch,
    )
    .execute(executor)
    .await?;
    Ok(done.rows_affected())
}

/// Drops the oldest bodies until those that stay take at most `bytes`; returns how many went.
pub(crate) async fn drop_bodies(
    executor: impl PgExecutor<'_>,
    bytes: i64,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "update gateway.delivery set body = null where id in (
             select id from (
                 select id, sum(size_bytes) over (order by id desc) as total
                 from gateway.delivery where body is not null
             ) sizes where total > $1::bigint)",
        bytes,
    )
    .execute(executor)
    .await?;
    Ok(done.rows_affected())
}
