//! `monitor.history`: what differed and does not any more.

use crate::compare::FieldDiff;
use crate::diff::Finding;
use crate::judge::Known;
use crate::place::Place;
use chrono::{DateTime, Utc};
use events::InstanceId;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was repaired.
    Healed,
    /// It went away by itself, or by hand.
    Cleared,
    /// Another release lives.
    Released,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Healed => "healed",
            Self::Cleared => "cleared",
            Self::Released => "released",
        }
    }
}

/// Something that differed.
#[derive(Debug, Clone)]
pub(crate) struct Past {
    pub(crate) id: i64,
    pub(crate) finding: Finding,
    pub(crate) release_number: i64,
    pub(crate) first_seen: DateTime<Utc>,
    pub(crate) last_seen: DateTime<Utc>,
    pub(crate) ended_at: DateTime<Utc>,
    pub(crate) outcome: String,
}

/// Keeps that `known` does not differ any more.
pub(crate) async fn keep(
    connection: &mut PgConnection,
    place: &Place,
    known: &Known,
    (outcome, at): (Outcome, DateTime<Utc>),
) -> Result<(), sqlx::Error> {
    let finding = &known.finding;
    let done = sqlx::query!(
        "insert into monitor.history (app, environment, release_number, reason, service, instance, message, fields,
                                      cause, first_seen_at, last_seen_at, ended_at, outcome)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        place.app.as_str(),
        place.environment.as_str(),
        known.release_number,
        finding.reason.as_str(),
        finding.service.as_ref().map(AsRef::as_ref),
        finding.instance.map(InstanceId::uuid),
        finding.message,
        Json(&finding.fields) as _,
        finding.cause,
        known.first_seen,
        known.last_seen,
        at,
        outcome.as_str(),
    )
    .execute(connection)
    .await?;
    pg::error::one_row("keep what differed", done.rows_affected())
}

/// What differed at `place`, the newest first, after the one with the id `after`.
pub(crate) async fn of(
    executor: impl PgExecutor<'_>,
    place: &Place,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<Past>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id, release_number, reason, service, instance, message, fields as "fields: Json<Vec<FieldDiff>>",
                  cause, first_seen_at, last_seen_at, ended_at, outcome
           from monitor.history
           where app = $1 and environment = $2
             and ($4::bigint is null
                  or (ended_at, id) < (select ended_at, id from monitor.history where id = $4))
           order by ended_at desc, id desc limit $3"#,
        place.app.as_str(),
        place.environment.as_str(),
        limit,
        after,
    )
    .fetch_all(executor)
    .await?;
    let decode = |error: crate::reason::UnknownReason| sqlx::Error::Decode(error.into());
    let name = |error: events::InvalidName| sqlx::Error::Decode(error.into());
    let past = rows.into_iter().map(|row| {
        let finding = Finding {
            subject: String::new(),
            reason: row.reason.parse().map_err(decode)?,
            service: row.service.map(|text| text.parse()).transpose().map_err(name)?,
            instance: row.instance.map(InstanceId::new),
            replica: None,
            message: row.message,
            fields: row.fields.0,
            cause: row.cause,
            next: String::new(),
            ignored: false,
        };
        Ok(Past {
            id: row.id,
            finding,
            release_number: row.release_number,
            first_seen: row.first_seen_at,
            last_seen: row.last_seen_at,
            ended_at: row.ended_at,
            outcome: row.outcome,
        })
    });
    past.collect()
}

/// Forgets what ended longer ago than `kept`.
pub(crate) async fn forget(
    executor: impl PgExecutor<'_>,
    kept: Duration,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from monitor.history where ended_at < now() - make_interval(secs => $1)",
        kept.as_secs_f64(),
    )
    .execute(executor)
    .await?;
    Ok(())
}
