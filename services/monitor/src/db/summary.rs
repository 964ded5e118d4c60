//! `monitor.summary`: captured requests of a release in an hour, as counts by column.

use crate::data::{Counts, merge};
use crate::place::Place;
use chrono::{DateTime, Utc};
use events::ReleaseId;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;
use uuid::Uuid;

/// Which requests, and by which reference they are counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Which<'a> {
    pub(crate) place: &'a Place,
    pub(crate) release: ReleaseId,
    /// All zeros when none is known.
    pub(crate) reference: Uuid,
}

/// Whose they are, for people.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answered<'a> {
    pub(crate) number: i64,
    pub(crate) model: &'a str,
}

/// Adds counts to those of an hour.
pub(crate) async fn add(
    connection: &mut PgConnection,
    which: Which<'_>,
    hour: DateTime<Utc>,
    answered: Answered<'_>,
    (counts, rows): (&Counts, u64),
) -> Result<(), sqlx::Error> {
    let (app, environment) = (which.place.app.as_str(), which.place.environment.as_str());
    let known = sqlx::query_scalar!(
        r#"select columns as "columns: Json<Counts>" from monitor.summary
           where app = $1 and environment = $2 and release = $3 and reference = $4 and hour = $5
           for update"#,
        app,
        environment,
        which.release.uuid(),
        which.reference,
        hour,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let mut all = known.map(|Json(counts)| counts).unwrap_or_default();
    merge(&mut all, counts);
    let done = sqlx::query!(
        "insert into monitor.summary as known (app, environment, release, reference, hour, release_number, model,
                                               columns, rows)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (app, environment, release, reference, hour) do update
         set columns = excluded.columns, rows = known.rows + excluded.rows, model = excluded.model",
        app,
        environment,
        which.release.uuid(),
        which.reference,
        hour,
        answered.number,
        answered.model,
        Json(&all) as _,
        i64::try_from(rows).unwrap_or(i64::MAX),
    )
    .execute(connection)
    .await?;
    pg::error::one_row("count captured requests", done.rows_affected())
}

/// What was counted since the hour `from`: all hours together, how many requests, and the model that answered.
pub(crate) async fn since(
    executor: impl PgExecutor<'_>,
    which: Which<'_>,
    from: DateTime<Utc>,
) -> Result<(Counts, i64, String), sqlx::Error> {
    let hours = sqlx::query!(
        r#"select columns as "columns: Json<Counts>", rows, model from monitor.summary
           where app = $1 and environment = $2 and release = $3 and reference = $4
             and hour >= date_trunc('hour', $5::timestamptz)
           order by hour"#,
        which.place.app.as_str(),
        which.place.environment.as_str(),
        which.release.uuid(),
        which.reference,
        from,
    )
    .fetch_all(executor)
    .await?;
    let (mut counts, mut rows, mut model) = (Counts::new(), 0, String::new());
    for hour in hours {
        merge(&mut counts, &hour.columns.0);
        rows += hour.rows;
        model = hour.model;
    }
    Ok((counts, rows, model))
}

/// Forgets hours longer ago than `kept`.
pub(crate) async fn forget(
    executor: impl PgExecutor<'_>,
    kept: Duration,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from monitor.summary where hour < now() - make_interval(secs => $1)",
        kept.as_secs_f64(),
    )
    .execute(executor)
    .await?;
    Ok(())
}
