//! `deployer.answer`: how the instances of a release answered the requests of its manifest, by the state in which they
//! were asked.

use crate::answered::Answered;
use chrono::{DateTime, Utc};
use events::{ReleaseId, ServiceName};
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;

/// What is kept of one request.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// The state of the release in which it was sent.
    pub(crate) step: String,
    pub(crate) answered: Answered,
    pub(crate) asked_at: DateTime<Utc>,
}

/// As the table has it.
struct Row {
    step: String,
    service: String,
    request: String,
    sent: i32,
    good: i32,
    slowest_ms: i64,
    wrong: String,
    compared: String,
    asked_at: DateTime<Utc>,
}

impl TryFrom<Row> for Kept {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let decode = |error: events::InvalidName| sqlx::Error::Decode(error.into());
        let answered = Answered {
            service: ServiceName::parse(&row.service).map_err(decode)?,
            request: row.request,
            sent: usize::try_from(row.sent).unwrap_or_default(),
            good: usize::try_from(row.good).unwrap_or_default(),
            slowest: Duration::from_millis(u64::try_from(row.slowest_ms).unwrap_or_default()),
            wrong: row.wrong,
            compared: row.compared,
        };
        Ok(Self { step: row.step, answered, asked_at: row.asked_at })
    }
}

/// All of a release, in the order in which they were sent.
pub(crate) async fn of_release(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
) -> Result<Vec<Kept>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "select step, service, request, sent, good, slowest_ms, wrong, compared, asked_at
         from deployer.answer where release = $1
         order by array_position(array['warming', 'verifying', 'baking'], step), position",
        release.uuid(),
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(Kept::try_from).collect()
}

/// Writes what came of all requests of `step`, in place of what an earlier attempt wrote. In a transaction of the caller,
/// who fences it.
pub(crate) async fn save(
    connection: &mut PgConnection,
    (release, step): (ReleaseId, &str),
    all: &[Answered],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from deployer.answer where release = $1 and step = $2",
        release.uuid(),
        step,
    )
    .execute(&mut *connection)
    .await?;
    let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    for (position, one) in (0_i32..).zip(all) {
        let done = sqlx::query!(
            "insert into deployer.answer (release, step, position, service, request, sent, good, slowest_ms, wrong, compared)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            release.uuid(),
            step,
            position,
            one.service.as_str(),
            one.request,
            count(one.sent),
            count(one.good),
            i64::try_from(one.slowest.as_millis()).unwrap_or(i64::MAX),
            one.wrong,
            one.compared,
        )
        .execute(&mut *connection)
        .await?;
        pg::error::one_row("save answer", done.rows_affected())?;
    }
    Ok(())
}
