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
    // Counts of an hour are read, added to and written: who tells at the same time waits.
    db::data_watch::lock(&mut *connection, place).await?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::PgPool;
    use testkit::{Database, eventually, variable};

    static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
    const PATIENCE: Duration = Duration::from_mins(1);

    /// Predictions of one hour that wait, each as its key.
    async fn waiting(pool: &PgPool, place: &Place, keys: [&str; 2]) {
        let insert = "insert into monitor.verdict (app, environment) values ('shop', 'production')";
        sqlx::query(insert).execute(pool).await.expect("a place");
        let mut connection = pool.acquire().await.expect("a connection");
        db::data_watch::keep(&mut connection, place, "0 2 * * *", None).await.expect("is watched");
        let predictions = keys.map(|key| Prediction {
            key: key.to_owned(),
            said: ScalarV1::Text(key.to_owned()),
            at: DateTime::UNIX_EPOCH,
        });
        let release = ReleaseId::new(service::new_id());
        let answered = Answered { number: 1, model: "sha256:1" };
        let kept = db::prediction::keep(&mut connection, (place, release), answered, &predictions);
        kept.await.expect("they wait");
    }

    /// What was predicted of `key` was true.
    async fn right(connection: &mut PgConnection, place: &Place, key: &str) -> Told {
        let truths = BTreeMap::from([(key.to_owned(), ScalarV1::Text(key.to_owned()))]);
        tell(connection, place, TruthKind::Class, &truths).await.expect("told")
    }

    #[tokio::test]
    async fn truths_of_a_new_hour_that_are_told_at_once_all_count() {
        let database = Database::create(&variable("SLIPWAY_TEST_DATABASE_URL")).await;
        let pool = pg::connect(&database.url(), crate::SERVICE, 3).await.expect("it answers");
        pg::migrate(&pool, crate::SERVICE, &MIGRATOR).await.expect("tables");
        let place = Place::parse("shop", "production").expect("a place");
        waiting(&pool, &place, ["a", "b"]).await;
        let mut first = pool.begin().await.expect("one");
        let mut second = pool.begin().await.expect("another");
        let known = Told { known: 1, unknown: 0 };
        assert_eq!(right(&mut first, &place, "a").await, known);
        let ends = async {
            eventually("the other to wait", PATIENCE, async || {
                let waits = "select 1 from pg_stat_activity
                             where datname = current_database() and wait_event_type = 'Lock'";
                sqlx::query(waits).fetch_optional(&pool).await.expect("it answers")
            })
            .await;
            first.commit().await.expect("counted");
        };
        assert_eq!(tokio::join!(right(&mut second, &place, "b"), ends).0, known);
        second.commit().await.expect("counted");
        let hours = db::quality::of(&pool, &place).await.expect("hours");
        let counts: Vec<_> = hours.into_iter().map(|hour| hour.quality).collect();
        assert_eq!(counts, [Quality::Class { right: 2, wrong: 0 }]);
    }
}
