//! `monitor.standard`: how good a model was when somebody said that it is well so; never changed, only followed by another
//! version.

use crate::data::Quality;
use crate::place::Place;
use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// What a model is compared with instead of its past.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Standard {
    pub(crate) version: i32,
    pub(crate) model: String,
    pub(crate) quality: Quality,
    pub(crate) by: String,
    pub(crate) reason: String,
    pub(crate) at: DateTime<Utc>,
}

/// One that is about to be.
#[derive(Debug)]
pub(crate) struct New<'a> {
    pub(crate) id: Uuid,
    pub(crate) model: &'a str,
    pub(crate) quality: &'a Quality,
    /// When it was predicted.
    pub(crate) window: (DateTime<Utc>, DateTime<Utc>),
    pub(crate) by: &'a str,
    pub(crate) reason: &'a str,
    pub(crate) at: DateTime<Utc>,
}

/// The newest one of each model of a place.
pub(crate) async fn of(
    executor: impl PgExecutor<'_>,
    place: &Place,
) -> Result<Vec<Standard>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select distinct on (model) version, model, counts as "counts: Json<Quality>", made_by, reason, made_at
           from monitor.standard where app = $1 and environment = $2 order by model, version desc"#,
        place.app.as_str(),
        place.environment.as_str(),
    )
    .fetch_all(executor)
    .await?;
    let standards = rows.into_iter().map(|row| Standard {
        version: row.version,
        model: row.model,
        quality: row.counts.0,
        by: row.made_by,
        reason: row.reason,
        at: row.made_at,
    });
    Ok(standards.collect())
}

/// Keeps one as the next version; which that is. The caller holds the row of the place.
pub(crate) async fn add(
    connection: &mut PgConnection,
    place: &Place,
    new: &New<'_>,
) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar!(
        "insert into monitor.standard (id, app, environment, version, model, counts, window_from, window_to, made_by,
                                       reason, made_at)
         select $1, $2, $3, coalesce(max(version), 0) + 1, $4, $5, $6, $7, $8, $9, $10
         from monitor.standard where app = $2 and environment = $3
         returning version",
        new.id,
        place.app.as_str(),
        place.environment.as_str(),
        new.model,
        Json(new.quality) as _,
        new.window.0,
        new.window.1,
        new.by,
        new.reason,
        new.at,
    )
    .fetch_one(connection)
    .await
}
