//! `monitor.finding`: what differs, since when, and whether it was told.

use crate::diff::Finding;
use crate::judge::Known;
use crate::place::Place;
use chrono::{DateTime, Utc};
use events::InstanceId;
use sqlx::{PgConnection, PgExecutor};

struct Row {
    subject: String,
    reason: String,
    service: Option<String>,
    instance: Option<uuid::Uuid>,
    message: String,
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
            message: row.message,
        };
        Ok(Self {
            finding,
            seen: row.seen,
            first_seen: row.first_seen_at,
            last_seen: row.last_seen_at,
            announced: row.announced,
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
        "select subject, reason, service, instance, message, seen, first_seen_at, last_seen_at, announced
         from monitor.finding where app = $1 and environment = $2 order by first_seen_at, subject, reason",
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
        let Known { finding, seen, first_seen, last_seen, announced } = known;
        sqlx::query!(
            "insert into monitor.finding (app, environment, subject, reason, service, instance, message,
                                          seen, first_seen_at, last_seen_at, announced)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
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
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
