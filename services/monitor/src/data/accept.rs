//! Somebody says that it is well so: the requests that were kept of a window become the reference.

use super::check::{CheckError, Subject, subject};
use super::counts::{Columns, Kept};
use super::declared;
use super::file::{Sampled, of_place};
use super::graded::LEAST;
use crate::app::App;
use crate::db::reference::New;
use crate::place::Place;
use crate::{db, say_data};
use chrono::{DateTime, TimeDelta, Utc};
use dataset::{Table, TableError};
use drift::{Column, LEAST_VALUES, Outline, Summary};
use events::PrincipalName;
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Why nothing is accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AcceptError {
    #[error(transparent)]
    Check(#[from] CheckError),
    /// A reference of so little would be none.
    #[error("of {rows} captured requests no reference is made: {LEAST_VALUES} are needed")]
    TooFew {
        /// As many were kept.
        rows: usize,
    },
    /// Nothing is told there of what was true.
    #[error("the live release of {0} does not declare `drift.data.truth`")]
    NoTruth(Place),
    /// A standard of so little would be none.
    #[error("a standard needs {LEAST} {what}; there are {told}")]
    TooFewTruths {
        /// There are as many.
        told: u64,
        /// What there must be more of.
        what: &'static str,
    },
    #[error("read captured requests")]
    Read(#[from] TableError),
    #[error("find captured requests")]
    Find(#[from] std::io::Error),
    #[error("accept captured requests as the reference")]
    Database(#[from] sqlx::Error),
}

/// A reference that was made, or a standard.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Accepted {
    pub(crate) version: i32,
    pub(crate) rows: usize,
}

/// What of a window was kept.
struct Window {
    columns: Columns,
    rows: usize,
}

/// Makes the reference of the requests that were kept since `from`; `answered` writes down what is answered in the same
/// transaction.
pub(crate) async fn accept<E: From<AcceptError>>(
    app: &App,
    place: &Place,
    window: Option<TimeDelta>,
    (by, reason): (&PrincipalName, &str),
    answered: impl AsyncFnOnce(&mut PgConnection, Accepted) -> Result<(), E>,
) -> Result<Accepted, E> {
    let subject = subject(app, place).await.map_err(AcceptError::from)?;
    let window = window.unwrap_or_else(|| subject.window());
    let now = app.clock.now();
    let kept = read_window(app, &subject, now - window).await?;
    if kept.rows < LEAST_VALUES {
        return Err(AcceptError::TooFew { rows: kept.rows }.into());
    }
    let mut transaction = app.pool.begin().await.map_err(AcceptError::from)?;
    let source = source(&subject, (now - window, now));
    let new = New {
        id: service::new_id(),
        object: None,
        source: &source,
        looked_for: &[],
        columns: &kept.columns,
        rows: kept.rows as u64,
        by: by.as_str(),
        reason,
        at: now,
    };
    let version = write(app, &mut transaction, &subject, &new).await.map_err(AcceptError::from)?;
    let accepted = Accepted { version, rows: kept.rows };
    answered(&mut transaction, accepted).await?;
    transaction.commit().await.map_err(AcceptError::from)?;
    app.relay.notify_one();
    Ok(accepted)
}

fn source(subject: &Subject, (from, to): (DateTime<Utc>, DateTime<Utc>)) -> String {
    let time = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%MZ").to_string();
    format!("captured of #{} from {} to {}", subject.verdict.release_number, time(from), time(to))
}

async fn write(
    app: &App,
    connection: &mut PgConnection,
    subject: &Subject,
    new: &New<'_>,
) -> Result<i32, sqlx::Error> {
    let place = &subject.verdict.place;
    let watched = db::data_watch::lock(&mut *connection, place).await?;
    let version = db::reference::add(&mut *connection, place, new).await?;
    db::data_watch::refer(&mut *connection, place, Some(subject.release), Some(new.id), "").await?;
    if watched.is_some_and(|watched| !watched.told.is_empty()) {
        db::data_watch::tell(&mut *connection, place, &[]).await?;
        say_data::data_cleared(app, connection, place, subject.release).await?;
    }
    Ok(version)
}

async fn read_window(
    app: &App,
    subject: &Subject,
    from: DateTime<Utc>,
) -> Result<Window, AcceptError> {
    let folder = of_place(&app.samples.folder, &subject.verdict.place);
    let number = subject.verdict.release_number;
    let from = super::count::hour(from);
    let declared = declared(&subject.data.capture);
    let read = tokio::task::spawn_blocking(move || {
        let files = files(&folder, |file| file.number == number && file.hour >= from)?;
        read(&files, &declared)
    });
    read.await.map_err(std::io::Error::other)?
}

/// The files in `folder` that are `wanted`, the oldest first.
fn files(folder: &Path, wanted: impl Fn(&Sampled) -> bool) -> Result<Vec<PathBuf>, AcceptError> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let file = entry.file_name().to_str().and_then(Sampled::of_name);
        files.extend(file.filter(&wanted).map(|file| (file, entry.path())));
    }
    files.sort();
    Ok(files.into_iter().map(|(_, path)| path).collect())
}

fn read(files: &[PathBuf], declared: &BTreeSet<String>) -> Result<Window, AcceptError> {
    let mut parts: BTreeMap<&str, Vec<Column>> = BTreeMap::new();
    let names: Vec<&str> = declared.iter().map(String::as_str).collect();
    for path in files {
        let table = Table::open(path)?;
        for (name, column) in names.iter().zip(table.read(&names)?) {
            parts.entry(name).or_default().extend(column);
        }
    }
    let mut window = Window { columns: Columns::new(), rows: 0 };
    for (name, parts) in parts {
        let column = Column::joined(&parts);
        window.rows = window.rows.max(column.rows);
        let outline = Outline::of(&column);
        let summary = Summary::of(&outline, &column);
        window.columns.insert(name.to_owned(), Kept { outline, summary });
    }
    Ok(window)
}
