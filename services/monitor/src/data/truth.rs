//! What was true of predictions that were captured: told once of each, and counted by the hour in which they were made.

use super::Quality;
use super::count::hour;
use crate::db;
use crate::db::prediction::Prediction;
use crate::db::quality::Hour;
use crate::db::summary::Answered;
use crate::place::Place;
use chrono::{DateTime, Utc};
use events::ReleaseId;
use events::sample::{SamplesV1, ScalarV1};
use manifest::TruthKind;
use sqlx::PgConnection;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a prediction waits for what was true.
pub(super) const KEPT: Duration = Duration::from_hours(24 * 62);
/// So many of an environment wait.
pub(super) const MOST: i64 = 1_000_000;

/// Of how many predictions it is known now what was true, and how many truths are of none that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) known: usize,
    pub(crate) unknown: usize,
}

/// Keeps predictions of which the truth may be told.
pub(super) async fn wait(
    connection: &mut PgConnection,
    place: &Place,
    batch: &SamplesV1,
) -> Result<(), sqlx::Error> {
    let predictions: Vec<Prediction> = batch
        .rows
        .iter()
        .filter_map(|row| {
            let (key, said) = (row.key.clone()?, row.values.last()?.clone()?);
            Some(Prediction { key, said, at: row.at })
        })
        .collect();
    if predictions.is_empty() {
        return Ok(());
    }
    let answered = Answered { number: batch.number, model: &batch.model };
    db::prediction::keep(connection, (place, batch.release), answered, &predictions).await
}

/// Counts what was true, by its key. In a transaction of the caller.
pub(crate) async fn tell(
    connection: &mut PgConnection,
    place: &Place,
    kind: TruthKind,
    truths: &BTreeMap<String, ScalarV1>,
) -> Result<Told, sqlx::Error> {
    let keys: Vec<String> = truths.keys().cloned().collect();
    let made = db::prediction::take(&mut *connection, place, &keys).await?;
    let told = Told { known: made.len(), unknown: keys.len() - made.len() };
    let mut hours: BTreeMap<(DateTime<Utc>, ReleaseId), Hour> = BTreeMap::new();
    for of in made {
        let Some(truth) = truths.get(&of.prediction.key) else { continue };
        let hour = hour(of.prediction.at);
        let known = hours.entry((hour, of.release)).or_insert_with(|| Hour {
            begins: hour,
            number: of.number,
            model: of.model,
            quality: Quality::default(),
        });
        known.quality.merge(&Quality::of(kind, &of.prediction.said, truth));
    }
    for ((_, release), hour) in &hours {
        db::quality::add(&mut *connection, (place, *release), hour).await?;
    }
    if told.known > 0 {
        db::data_watch::tell_truths(connection, place).await?;
    }
    Ok(told)
}
