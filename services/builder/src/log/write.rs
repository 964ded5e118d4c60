//! Writes what was recorded, in its order, in batches as large as the database is slow. While the database
//! is away a batch is kept and tried again; what had to be given up is counted, and the log says how much.

use crate::db;
use crate::log::follow::Hints;
use bus::Bus;
use chrono::{DateTime, Utc};
use events::BuildId;
use sqlx::PgPool;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tracing::Instrument as _;

/// Entries written at once.
const BATCH: usize = 1000;
/// For so long a batch is tried again: longer than a database takes to start again, shorter than a person
/// waits for a build to end.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Until a batch is tried again.
const PAUSE: Duration = Duration::from_millis(250);

/// What is recorded.
#[derive(Debug)]
pub(super) enum Entry {
    Line(String),
    Step { position: i32, name: String, started: DateTime<Utc>, ended: Option<DateTime<Utc>> },
}

/// Where it is written.
#[derive(Debug, Clone)]
pub struct Place {
    /// The builder's tables.
    pub pool: PgPool,
    /// Where live lines are published.
    pub bus: Bus,
    /// Who is woken.
    pub hints: Hints,
    /// For how long to wait for the database.
    pub patience: Duration,
}

/// The task that writes; wait for it after dropping the recorder.
#[derive(Debug)]
pub struct Writing(JoinHandle<()>);

impl Writing {
    /// Writes `entries` of `build`; its first line gets the number `next`.
    pub(super) fn start(
        build: BuildId,
        place: Place,
        next: i64,
        entries: mpsc::UnboundedReceiver<Entry>,
    ) -> Self {
        let pen = Pen { build, place, next, lost: 0, away_since: None };
        Self(tokio::spawn(pen.write_all(entries).in_current_span()))
    }

    /// Waits until everything recorded is written or given up.
    pub async fn end(self) {
        if let Err(error) = self.0.await {
            tracing::error!(%error, "the log of a build was not written to its end");
        }
    }
}

struct Pen {
    build: BuildId,
    place: Place,
    next: i64,
    /// Lines given up since the log last said so.
    lost: usize,
    /// Since when nothing can be written.
    away_since: Option<Instant>,
}

impl Pen {
    async fn write_all(mut self, mut entries: mpsc::UnboundedReceiver<Entry>) {
        let mut batch = Vec::new();
        while entries.recv_many(&mut batch, BATCH).await > 0 {
            let mut lines = Vec::new();
            for entry in batch.drain(..) {
                match entry {
                    Entry::Line(line) => lines.push(line),
                    Entry::Step { position, name, started, ended } => {
                        self.step(position, &name, (started, ended)).await;
                    }
                }
            }
            self.lines(lines).await;
            self.place.hints.give();
        }
        // The last chance to say what is missing.
        self.lines(Vec::new()).await;
        self.place.hints.give();
    }

    async fn step(
        &mut self,
        position: i32,
        name: &str,
        times: (DateTime<Utc>, Option<DateTime<Utc>>),
    ) {
        loop {
            let written =
                db::step::write(&self.place.pool, self.build, position, name, times).await;
            if self.done_with(written).await.is_some() {
                return;
            }
        }
    }

    async fn lines(&mut self, lines: Vec<String>) {
        let count = lines.len();
        let mut said: Vec<String> = notice(self.lost).into_iter().collect();
        said.extend(lines);
        if said.is_empty() {
            return;
        }
        loop {
            // The numbers stay the same, so that a batch whose answer was lost is not written twice.
            let (pool, build) = (&self.place.pool, self.build);
            let written = db::build_log::append(pool, build, self.next, &said).await;
            match self.done_with(written).await {
                None => {}
                Some(false) => {
                    self.lost += count;
                    return;
                }
                Some(true) => break,
            }
        }
        self.lost = 0;
        self.next += i64::try_from(said.len()).unwrap_or_default();
        if let Err(error) = self.place.bus.publish_log(self.build, said.join("\n").into()).await {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "live log lines were not published"
            );
        }
    }

    /// Whether something is written or given up; nothing, after a pause, when it is to be tried again.
    async fn done_with(&mut self, written: Result<(), sqlx::Error>) -> Option<bool> {
        let Err(error) = written else {
            self.away_since = None;
            return Some(true);
        };
        let since = *self.away_since.get_or_insert_with(Instant::now);
        if since.elapsed() >= self.place.patience {
            tracing::warn!(%error, build.id = %self.build, "a part of the log of a build is lost");
            return Some(false);
        }
        tokio::time::sleep(PAUSE).await;
        None
    }
}

/// What the log says of lines that are missing before.
fn notice(lost: usize) -> Option<String> {
    (lost > 0)
        .then(|| format!("lines of the log lost here: {lost}; the database did not take them"))
}
