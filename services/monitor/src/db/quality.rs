//! `monitor.quality`: predictions of a release in an hour of which the truth is known.

use crate::data::Quality;
use crate::place::Place;
use chrono::{DateTime, Utc};
use events::ReleaseId;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;

/// An hour of a release.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hour {
    pub(crate) begins: DateTime<Utc>,
    pub(crate) number: i64,
    pub(crate) model: String,
    pub(crate) quality: Quality,
}

/// Adds counts to those of an hour; the caller has locked the place in `monitor.data_watch`.
pub(crate) async fn add(
    connection: &mut PgConnection,
    (place, release): (&Place, ReleaseId),
    new: &Hour,
) -> Result<(), sqlx::Error> {
    let (app, environment) = (place.app.as_str(), place.environment.as_str());
    let known = sqlx::query_scalar!(
        r#"select counts as "counts: Json<Quality>" from monitor.quality
           where app = $1 and environment = $2 and release = $3 and hour = $4 for update"#,
        app,
        environment,
        release.uuid(),
        new.begins,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let mut all = known.map(|Json(quality)| quality).unwrap_or_default();
    all.merge(&new.quality);
    let done = sqlx::query!(
        "insert into monitor.quality (app, environment, release, hour, release_number, model, counts)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (app, environment, release, hour) do update set counts = excluded.counts",
        app,
        environment,
        release.uuid(),
        new.begins,
        new.number,
        new.model,
        Json(&all) as _,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("count what was true", done.rows_affected())
}

/// Every hour of a place, the oldest first.
pub(crate) async fn of(
    executor: impl PgExecutor<'_>,
    place: &Place,
) -> Result<Vec<Hour>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select hour, release_number, model, counts as "counts: Json<Quality>" from monitor.quality
           where app = $1 and environment = $2 order by hour, release_number"#,
        place.app.as_str(),
        place.environment.as_str(),
    )
    .fetch_all(executor)
    .await?;
    let hours = rows.into_iter().map(|row| Hour {
        begins: row.hour,
        number: row.release_number,
        model: row.model,
        quality: row.counts.0,
    });
    Ok(hours.collect())
}

/// Forgets hours longer ago than `kept`.
pub(crate) async fn forget(
    executor: impl PgExecutor<'_>,
    kept: Duration,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from monitor.quality where hour < now() - make_interval(secs => $1)",
        kept.as_secs_f64(),
    )
    .execute(executor)
    .await?;
    Ok(())
}
