//! `monitor.finding`: what differs, since when, and whether it was told.

use crate::compare::FieldDiff;
use crate::diff::Finding;
use crate::judge::{Heal, Known};
use crate::place::Place;
use chrono::{DateTime, Utc};
use events::InstanceId;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};

struct Row {
    subject: String,
    reason: String,
    service: Option<String>,
    instance: Option<uuid::Uuid>,
    replica: Option<i32>,
    message: String,
    fields: Json<Vec<FieldDiff>>,
    cause: String,
    next: String,
    ignored: bool,
    heal_reason: String,
    heal_message: String,
    heal_failed: bool,
    release_number: i64,
    seen: i32,
    first_seen_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    announced: bool,
}

fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(error.into())
}

impl TryFrom<Row> for Known {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let finding = Finding {
            subject: row.subject,
            reason: row.reason.parse().map_err(unreadable)?,
            service: row.service.map(|name| name.parse()).transpose().map_err(unreadable)?,
            instance: row.instance.map(InstanceId::new),
            replica: row.replica,
            message: row.message,
            fields: row.fields.0,
            cause: row.cause,
            next: row.next,
            ignored: row.ignored,
        };
        Ok(Self {
            finding,
            seen: row.seen,
            first_seen: row.first_seen_at,
            last_seen: row.last_seen_at,
            announced: row.announced,
            heal: Heal {
                reason: row.heal_reason,
                message: row.heal_message,
                failed: row.heal_failed,
            },
            release_number: row.release_number,
        })
    }
}

/// What is known to differ at `place`.
pub(crate) async fn of(
    executor: impl PgExecutor<'_>,
    place: &Place,
) -> Result<Vec<Known>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select subject, reason, service, instance, replica, message,
                  fields as "fields: Json<Vec<FieldDiff>>", cause, next, ignored, heal_reason, heal_message,
                  heal_failed, release_number, seen, first_seen_at, last_seen_at, announced
           from monitor.finding where app = $1 and environment = $2
           order by service, replica, first_seen_at, subject, reason"#,
        place.app.as_str(),
        place.environment.as_str(),
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(Known::try_from).collect()
}

/// Makes `known` all that is known to differ at `place`.
pub(crate) async fn replace(
    connection: &mut PgConnection,
    place: &Place,
    known: &[Known],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from monitor.finding where app = $1 and environment = $2",
        place.app.as_str(),
        place.environment.as_str(),
    )
    .execute(&mut *connection)
    .await?;
    for known in known {
        let Known { finding, seen, first_seen, last_seen, announced, heal, release_number } = known;
        sqlx::query!(
            "insert into monitor.finding (app, environment, subject, reason, service, instance, message,
                                          seen, first_seen_at, last_seen_at, announced, replica, fields,
                                          cause, next, ignored, heal_reason, heal_message, release_number,
                                          heal_failed)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
            place.app.as_str(),
            place.environment.as_str(),
            finding.subject,
            finding.reason.as_str(),
            finding.service.as_ref().map(AsRef::as_ref),
            finding.instance.map(InstanceId::uuid),
            finding.message,
            seen,
            first_seen,
            last_seen,
            announced,
            finding.replica,
            Json(&finding.fields) as _,
            finding.cause,
            finding.next,
            finding.ignored,
            heal.reason,
            heal.message,
            release_number,
            heal.failed,
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Notes what is done about the findings of a subject, or why nothing is.
pub(crate) async fn note_heal(
    executor: impl PgExecutor<'_>,
    place: &Place,
    subject: &str,
    heal: &Heal,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update monitor.finding set heal_reason = $4, heal_message = $5, heal_failed = heal_failed or $6
         where app = $1 and environment = $2 and subject = $3
           and (heal_reason, heal_message, heal_failed) is distinct from ($4, $5, heal_failed or $6)",
        place.app.as_str(),
        place.environment.as_str(),
        subject,
        heal.reason,
        heal.message,
        heal.failed,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// How many findings of each kind there are.
pub(crate) async fn count(
    executor: impl PgExecutor<'_>,
) -> Result<Vec<(String, i64)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select reason, count(*) as "count!" from monitor.finding
           where announced and not ignored group by reason"#
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(|row| (row.reason, row.count)).collect())
}
