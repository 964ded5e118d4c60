//! `monitor.data_verdict`: what followed of captured traffic, each time it was compared.

use crate::data::{ColumnVerdict, Judged};
use crate::place::Place;
use chrono::{DateTime, Utc};
use events::ReleaseId;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;
use uuid::Uuid;

/// What followed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DataVerdict {
    pub(crate) id: Uuid,
    pub(crate) place: Place,
    pub(crate) release: ReleaseId,
    pub(crate) release_number: i64,
    pub(crate) model: String,
    /// 0 and nothing when there was none.
    pub(crate) reference_version: i32,
    pub(crate) reference_source: String,
    pub(crate) window: (DateTime<Utc>, DateTime<Utc>),
    pub(crate) by: String,
    pub(crate) rows: i64,
    pub(crate) judged: Judged,
    pub(crate) made_at: DateTime<Utc>,
}

/// Keeps one.
pub(crate) async fn add(
    connection: &mut PgConnection,
    new: &DataVerdict,
) -> Result<(), sqlx::Error> {
    let judged = &new.judged;
    let done = sqlx::query!(
        "insert into monitor.data_verdict (id, app, environment, release, release_number, model, reference_version,
                                           reference_source, window_from, window_to, asked_by, verdict, because, rows,
                                           drifted_columns, judged_columns, columns, made_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        new.id,
        new.place.app.as_str(),
        new.place.environment.as_str(),
        new.release.uuid(),
        new.release_number,
        new.model,
        new.reference_version,
        new.reference_source,
        new.window.0,
        new.window.1,
        new.by,
        judged.verdict.as_str(),
        judged.because,
        new.rows,
        judged.drifted_columns,
        judged.compared_columns,
        Json(&judged.columns) as _,
        new.made_at,
    )
    .execute(connection)
    .await?;
    pg::error::one_row("keep a verdict on data", done.rows_affected())
}

/// Those of `place`, the newest first, after the one with the id `after`.
pub(crate) async fn of(
    executor: impl PgExecutor<'_>,
    place: &Place,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<DataVerdict>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id, release, release_number, model, reference_version, reference_source, window_from, window_to,
                  asked_by, verdict, because, rows, drifted_columns, judged_columns,
                  columns as "columns: Json<Vec<ColumnVerdict>>", made_at
           from monitor.data_verdict
           where app = $1 and environment = $2
             and ($4::uuid is null
                  or (made_at, id) < (select made_at, id from monitor.data_verdict where id = $4))
           order by made_at desc, id desc limit $3"#,
        place.app.as_str(),
        place.environment.as_str(),
        limit,
        after,
    )
    .fetch_all(executor)
    .await?;
    let verdicts = rows.into_iter().map(|row| DataVerdict {
        id: row.id,
        place: place.clone(),
        release: ReleaseId::new(row.release),
        release_number: row.release_number,
        model: row.model,
        reference_version: row.reference_version,
        reference_source: row.reference_source,
        window: (row.window_from, row.window_to),
        by: row.asked_by,
        rows: row.rows,
        judged: Judged {
            verdict: row.verdict.parse().unwrap_or_default(),
            because: row.because,
            drifted_columns: row.drifted_columns,
            compared_columns: row.judged_columns,
            columns: row.columns.0,
        },
        made_at: row.made_at,
    });
    Ok(verdicts.collect())
}

/// Forgets those made longer ago than `kept`.
pub(crate) async fn forget(
    executor: impl PgExecutor<'_>,
    kept: Duration,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from monitor.data_verdict where made_at < now() - make_interval(secs => $1)",
        kept.as_secs_f64(),
    )
    .execute(executor)
    .await?;
    Ok(())
}
