//! Counts what was captured: reads the stream of samples from where it was counted to, and writes counts and place in
//! one transaction, so that every request counts once, however often this is cut off.

use super::counts::{Columns, Counts, count_rows};
use super::keep::Keeper;
use super::{refer, truth};
use crate::app::App;
use crate::db;
use crate::db::summary::{Answered, Which};
use crate::place::Place;
use bus::{Bus, SamplesError};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use events::sample::{SampleV1, SamplesV1};
use futures_util::StreamExt;
use sqlx::PgConnection;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The first request of several waits so long to be counted with the others.
const PATIENCE: Duration = Duration::from_secs(5);
/// As many requests are counted at once.
const AT_ONCE: usize = 20_000;
/// Before the stream is read anew.
const AGAIN: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
enum CountError {
    #[error(transparent)]
    Stream(#[from] SamplesError),
    #[error("the stream of samples ended")]
    Ended,
    #[error("count captured requests")]
    Database(#[from] sqlx::Error),
    #[error("another monitor counts")]
    Overtaken,
}

/// What was read and is not counted yet.
struct Pending {
    stream: String,
    /// Counted up to here.
    from: u64,
    /// Read up to here.
    to: u64,
    batches: Vec<SamplesV1>,
    rows: usize,
    due: Option<Instant>,
}

/// Counts until `cancel`.
pub(crate) async fn run(app: Arc<App>, bus: Bus, cancel: CancellationToken) {
    let mut keeper = Keeper::new(app.samples.folder.clone());
    while !cancel.is_cancelled() {
        let ended = tokio::select! {
            () = cancel.cancelled() => return,
            ended = follow(&app, &bus, &mut keeper) => ended,
        };
        if let Err(error) = ended {
            tracing::debug!(error = service::chain(&error), "samples are read anew");
        }
        tokio::select! {
            () = cancel.cancelled() => {}
            () = tokio::time::sleep(AGAIN) => {}
        }
    }
}

async fn follow(app: &App, bus: &Bus, keeper: &mut Keeper) -> Result<(), CountError> {
    let stream = bus.samples_made().await?;
    let from = db::sample_cursor::get(&app.pool, &stream).await?;
    let from = u64::try_from(from).unwrap_or_default();
    let mut pending = Pending { stream, from, to: from, batches: Vec::new(), rows: 0, due: None };
    let mut samples = bus.samples(from + 1).await?;
    loop {
        let due = pending.due;
        let next = tokio::select! {
            next = samples.next() => Some(next.ok_or(CountError::Ended)??),
            () = until(due) => None,
        };
        if let Some(captured) = next {
            pending.to = captured.sequence;
            pending.due.get_or_insert_with(|| Instant::now() + PATIENCE);
            match captured.samples {
                Ok(samples) => {
                    pending.rows += samples.rows.len();
                    pending.batches.push(samples);
                }
                Err(error) => {
                    tracing::warn!(error = service::chain(&error), "samples are passed over");
                }
            }
        }
        let is_due = pending.due.is_some_and(|due| due <= Instant::now());
        if is_due || pending.rows >= AT_ONCE {
            count(app, &mut pending, keeper).await?;
        }
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// Counts what is pending.
async fn count(app: &App, pending: &mut Pending, keeper: &mut Keeper) -> Result<(), CountError> {
    let batches = std::mem::take(&mut pending.batches);
    let mut references = BTreeMap::new();
    for batch in &batches {
        if let Entry::Vacant(entry) = references.entry(place(batch)) {
            let reference = reference(app, entry.key()).await?;
            entry.insert(reference);
        }
    }
    let mut transaction = app.pool.begin().await?;
    let whole = |sequence: u64| i64::try_from(sequence).unwrap_or(i64::MAX);
    let places = (whole(pending.from), whole(pending.to));
    if !db::sample_cursor::advance(&mut transaction, &pending.stream, places).await? {
        return Err(CountError::Overtaken);
    }
    for batch in &batches {
        // Of an app that is gone nothing is counted.
        if let Some(Some((id, columns))) = references.get(&place(batch)) {
            add(&mut transaction, batch, *id, columns).await?;
        }
    }
    // Before that is said: whoever sees the counts finds the files. One that is kept twice is still a sample.
    let known = |batch: &SamplesV1| references.get(&place(batch)).is_some_and(Option::is_some);
    keeper.keep(batches.into_iter().filter(known).collect()).await;
    transaction.commit().await?;
    (pending.from, pending.rows, pending.due) = (pending.to, 0, None);
    Ok(())
}

fn place(batch: &SamplesV1) -> Place {
    Place { app: batch.app.clone(), environment: batch.environment.clone() }
}

/// By what requests of `place` are counted; all zeros and nothing where no reference is known, and nothing at all where
/// nothing is captured any more.
async fn reference(app: &App, place: &Place) -> Result<Option<(Uuid, Columns)>, sqlx::Error> {
    if let Err(error) = refer::keep(app, place).await {
        tracing::warn!(%place, error = service::chain(&error), "captured requests are counted without a reference");
    }
    let Some(watched) = db::data_watch::get(&app.pool, place).await? else { return Ok(None) };
    let reference = match watched.reference {
        Some(id) => readable(place, db::reference::get(&app.pool, id).await)?.flatten(),
        None => None,
    };
    Ok(Some(reference.map_or((Uuid::nil(), Columns::new()), |it| (it.id, it.columns))))
}

async fn add(
    connection: &mut PgConnection,
    batch: &SamplesV1,
    reference: Uuid,
    columns: &Columns,
) -> Result<(), sqlx::Error> {
    let mut by_hour: BTreeMap<DateTime<Utc>, Vec<&SampleV1>> = BTreeMap::new();
    for row in &batch.rows {
        by_hour.entry(hour(row.at)).or_default().push(row);
    }
    let which = Which { place: &place(batch), release: batch.release, reference };
    let answered = Answered { number: batch.number, model: &batch.model };
    for (hour, rows) in by_hour {
        let mut counts = Counts::new();
        count_rows(&mut counts, columns, &batch.columns, &rows);
        let counted = (&counts, rows.len() as u64);
        let added = db::summary::add(connection, which, hour, answered, counted).await;
        readable(which.place, added)?;
    }
    truth::wait(connection, which.place, batch).await
}

/// What was found of `place`, if it can be read: one place that has something of another version holds up no other.
pub(super) fn readable<T>(
    place: &Place,
    found: Result<T, sqlx::Error>,
) -> Result<Option<T>, sqlx::Error> {
    match found {
        Err(error) if pg::error::is_unreadable(&error) => {
            tracing::warn!(%place, error = service::chain(&error), "captured requests are passed over");
            Ok(None)
        }
        found => found.map(Some),
    }
}

/// The hour in which `at` is.
pub(super) fn hour(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::hours(1)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::tests::{Kept, release};
    use events::sample::ScalarV1;

    fn captured(place: &Place, at: DateTime<Utc>) -> SamplesV1 {
        let row = SampleV1 { at, values: vec![Some(ScalarV1::Number(1.0))], key: None };
        SamplesV1 {
            v: 1,
            app: place.app.clone(),
            environment: place.environment.clone(),
            release: release(7),
            number: 7,
            model: "sha256:7".to_owned(),
            columns: vec!["amount".to_owned()],
            rows: vec![row],
        }
    }

    /// How many requests are counted, by place.
    async fn counted(kept: &Kept) -> Vec<(String, i64)> {
        let rows = "select environment, rows from monitor.summary order by environment";
        sqlx::query_as(rows).fetch_all(&kept.app.pool).await.expect("counts")
    }

    #[tokio::test]
    async fn a_place_whose_counts_cannot_be_read_is_passed_over_and_the_others_are_counted() {
        let kept = Kept::start().await;
        let mut keeper = Keeper::new(kept.app.samples.folder.clone());
        let places = [kept.lives("development", 7).await, kept.lives("production", 7).await];
        let (stream, now) = ("samples".to_owned(), kept.app.clock.now());
        let mut pending = Pending { stream, from: 0, to: 0, batches: vec![], rows: 0, due: None };
        for to in 1..=2 {
            pending.to = to;
            pending.batches = places.iter().map(|place| captured(place, now)).collect();
            count(&kept.app, &mut pending, &mut keeper).await.expect("it is counted");
            let broken =
                "update monitor.summary set columns = '[]' where environment = 'development'";
            sqlx::query(broken).execute(&kept.app.pool).await.expect("of another version");
        }
        let wanted = [("development".to_owned(), 1), ("production".to_owned(), 2)];
        assert_eq!(counted(&kept).await, wanted);
    }
}
