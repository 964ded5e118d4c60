//! `monitor.reference`: what captured traffic is compared with; never changed, only followed by another version.

use crate::data::Columns;
use crate::place::Place;
use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// What captured traffic is compared with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reference {
    pub(crate) id: Uuid,
    pub(crate) version: i32,
    /// What git knows it by; nothing of a window.
    pub(crate) object: Option<String>,
    pub(crate) source: String,
    pub(crate) columns: Columns,
    pub(crate) rows: i64,
}

/// The last one that was a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LastFile {
    /// What git knows it by.
    pub(crate) object: String,
    /// The columns that were looked for in it.
    pub(crate) looked_for: Vec<String>,
}

/// One that is about to be.
#[derive(Debug)]
pub(crate) struct New<'a> {
    pub(crate) id: Uuid,
    /// What git knows it by; nothing for a window.
    pub(crate) object: Option<&'a str>,
    pub(crate) source: &'a str,
    /// The columns that were looked for in a file.
    pub(crate) looked_for: &'a [String],
    pub(crate) columns: &'a Columns,
    pub(crate) rows: u64,
    pub(crate) by: &'a str,
    pub(crate) reason: &'a str,
    pub(crate) at: DateTime<Utc>,
}

/// The one with this id.
pub(crate) async fn get(
    executor: impl PgExecutor<'_>,
    id: Uuid,
) -> Result<Option<Reference>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select id, version, object, source, columns as "columns: Json<Columns>", rows
           from monitor.reference where id = $1"#,
        id,
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|row| Reference {
        id: row.id,
        version: row.version,
        object: row.object,
        source: row.source,
        columns: row.columns.0,
        rows: row.rows,
    }))
}

/// The last one that was a file.
pub(crate) async fn last_file(
    executor: impl PgExecutor<'_>,
    place: &Place,
) -> Result<Option<LastFile>, sqlx::Error> {
    sqlx::query_as!(
        LastFile,
        r#"select object as "object!", looked_for from monitor.reference
           where app = $1 and environment = $2 and object is not null
           order by version desc limit 1"#,
        place.app.as_str(),
        place.environment.as_str(),
    )
    .fetch_optional(executor)
    .await
}

/// Keeps one as the next version; which that is. The caller holds the row of the place.
pub(crate) async fn add(
    connection: &mut PgConnection,
    place: &Place,
    new: &New<'_>,
) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar!(
        "insert into monitor.reference (id, app, environment, version, object, source, columns, rows, made_by,
                                        reason, made_at, looked_for)
         select $1, $2, $3, coalesce(max(version), 0) + 1, $4, $5, $6, $7, $8, $9, $10, $11
         from monitor.reference where app = $2 and environment = $3
         returning version",
        new.id,
        place.app.as_str(),
        place.environment.as_str(),
        new.object,
        new.source,
        Json(new.columns) as _,
        i64::try_from(new.rows).unwrap_or(i64::MAX),
        new.by,
        new.reason,
        new.at,
        new.looked_for,
    )
    .fetch_one(connection)
    .await
}
