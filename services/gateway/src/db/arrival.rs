//! What an arrival writes, in one statement: where the ref is now, the delivery, the change and the event
//! that says so. One statement is one transaction and one round trip; all of it is there or nothing is.

use super::change::{Change, cause_text, environments};
use super::delivery::{New, Outcome};
use crate::order::Head;
use events::{AppName, CommitSha, Envelope, GitRef, subject};
use sqlx::PgConnection;

/// What an arrival writes.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    pub app: &'a AppName,
    pub git_ref: &'a GitRef,
    /// Where the ref is now.
    pub head: &'a Head,
    /// The version of the head this was decided by.
    pub version: i64,
    /// The delivery, if a webhook told, and what became of it.
    pub delivery: Option<&'a New<'a>>,
    pub outcome: &'a Outcome,
    /// The change made of it and the event that says so.
    pub change: Option<(&'a Change, &'a Envelope)>,
}

/// Writes the rows; false when somebody else moved the ref since it was read, and then nothing is written.
/// Fails with a violation of `delivery_once` when the delivery was received meanwhile.
pub(crate) async fn commit(
    connection: &mut PgConnection,
    rows: &Rows<'_>,
) -> Result<bool, sqlx::Error> {
    let encode = |error: serde_json::Error| sqlx::Error::Encode(error.into());
    let trail = serde_json::to_value(&rows.head.trail).map_err(encode)?;
    let delivery = rows.delivery;
    let (change, envelope) = rows.change.unzip();
    let environments = change.map(environments);
    let said = envelope.map(serde_json::to_value).transpose().map_err(encode)?;
    let written = sqlx::query_scalar!(
        "with head as (
             insert into gateway.branch_head (app, git_ref, commit, trail) values ($1, $2, $3, $4)
             on conflict (app, git_ref) do update
             set commit = excluded.commit, trail = excluded.trail,
                 version = branch_head.version + 1, moved_at = clock_timestamp()
             where branch_head.version = $5
             returning version
         ), delivery as (
             insert into gateway.delivery
                 (id, source, external_id, event, headers, body, size_bytes, outcome, reason, change)
             select $6, $7, $8, $9, $10, $11, $12, $13, $14, $15 from head where $6::uuid is not null
         ), change as (
             insert into gateway.change
                 (id, app, git_ref, commit, cause, forced, title, by, delivery, environments, created_at)
             select $15, $1, $2, $16, $17, $18, $19, $20, $6, $21, $22 from head
             where $15::uuid is not null
         ), said as (
             insert into bus.outbox (id, service, subject, envelope)
             select $23, $24, $25, $26 from head where $23::uuid is not null
         )
         select version from head",
        rows.app.as_str(),
        rows.git_ref.to_string(),
        rows.head.commit.as_ref().map(CommitSha::as_str),
        trail,
        rows.version,
        delivery.map(|new| new.id.uuid()),
        delivery.map(|new| new.source.as_str()),
        delivery.map(|new| new.external_id),
        delivery.map(|new| new.event),
        delivery.map(|new| new.headers),
        delivery.map(|new| new.body),
        delivery.map(New::size_bytes),
        rows.outcome.as_str(),
        rows.outcome.reason(),
        change.map(|change| change.id.uuid()),
        change.map(|change| change.commit.as_str()),
        change.map(|change| cause_text(change.cause)),
        change.map(|change| change.forced),
        change.map(|change| change.title.as_deref().unwrap_or_default()),
        change.map(|change| change.by.as_str()),
        environments.as_deref(),
        change.map(|change| change.created_at),
        envelope.map(|envelope| envelope.id.uuid()),
        crate::NAME,
        envelope.map(|envelope| subject::event(&envelope.app, envelope.event_type)),
        said,
    )
    .fetch_optional(connection)
    .await?;
    Ok(written.is_some())
}
