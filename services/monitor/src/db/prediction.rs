//! `monitor.prediction`: captured predictions that wait for what was true.

use crate::db::summary::Answered;
use crate::place::Place;
use chrono::{DateTime, Utc};
use events::ReleaseId;
use events::sample::ScalarV1;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;

/// One that waits.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Prediction {
    pub(crate) key: String,
    pub(crate) said: ScalarV1,
    pub(crate) at: DateTime<Utc>,
}

/// One that waited, and who made it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Made {
    pub(crate) release: ReleaseId,
    pub(crate) number: i64,
    pub(crate) model: String,
    pub(crate) prediction: Prediction,
}

/// Keeps them; of several with one key the last.
pub(crate) async fn keep(
    connection: &mut PgConnection,
    (place, release): (&Place, ReleaseId),
    answered: Answered<'_>,
    predictions: &[Prediction],
) -> Result<(), sqlx::Error> {
    let keys: Vec<String> = predictions.iter().map(|it| it.key.clone()).collect();
    let values: Vec<_> = predictions.iter().map(|it| serde_json::json!(it.said)).collect();
    let times: Vec<DateTime<Utc>> = predictions.iter().map(|it| it.at).collect();
    sqlx::query!(
        "insert into monitor.prediction (app, environment, key, release, release_number, model, prediction, at)
         select distinct on (told.key) $1::text, $2::text, told.key, $3::uuid, $4::bigint, $5::text,
                told.prediction, told.at
         from unnest($6::text[], $7::jsonb[], $8::timestamptz[]) as told (key, prediction, at)
         order by told.key, told.at desc
         on conflict (app, environment, key) do update
         set release = excluded.release, release_number = excluded.release_number, model = excluded.model,
             prediction = excluded.prediction, at = excluded.at",
        place.app.as_str(),
        place.environment.as_str(),
        release.uuid(),
        answered.number,
        answered.model,
        &keys,
        &values,
        &times,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes those with these keys: what was true of a prediction is told once.
pub(crate) async fn take(
    connection: &mut PgConnection,
    place: &Place,
    keys: &[String],
) -> Result<Vec<Made>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"delete from monitor.prediction where app = $1 and environment = $2 and key = any($3)
           returning key, release, release_number, model, prediction as "prediction: Json<ScalarV1>", at"#,
        place.app.as_str(),
        place.environment.as_str(),
        keys,
    )
    .fetch_all(connection)
    .await?;
    let made = rows.into_iter().map(|row| Made {
        release: ReleaseId::new(row.release),
        number: row.release_number,
        model: row.model,
        prediction: Prediction { key: row.key, said: row.prediction.0, at: row.at },
    });
    Ok(made.collect())
}

/// Forgets those that waited for longer than `kept`, and the oldest of more than `most` in an environment.
pub(crate) async fn forget(
    executor: impl PgExecutor<'_>,
    kept: Duration,
    most: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from monitor.prediction old
         using (select app, environment,
                       (select at from monitor.prediction last
                        where last.app = place.app and last.environment = place.environment
                        order by at desc offset $2 limit 1) as oldest
                from monitor.verdict place) as place
         where old.app = place.app and old.environment = place.environment
           and (old.at < now() - make_interval(secs => $1) or old.at <= place.oldest)",
        kept.as_secs_f64(),
        most,
    )
    .execute(executor)
    .await?;
    Ok(())
}
