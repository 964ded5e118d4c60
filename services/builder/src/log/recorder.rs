//! Writes what happens in one build: lines of its log and its timed steps. Whoever records never waits;
//! one task writes in the order of recording, in batches as large as the database is slow.

use crate::db;
use crate::log::follow::Hints;
use crate::log::mask::Mask;
use bus::Bus;
use chrono::{DateTime, Utc};
use events::BuildId;
use parking_lot::{Mutex, RwLock};
use service::Clock;
use sqlx::PgPool;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tracing::Instrument as _;

/// As much of a log as is kept.
const KEPT: usize = 10 * 1024 * 1024;
/// A longer line is cut.
const LONGEST: usize = 8 * 1024;
/// Lines that a failure carries.
const TAIL: usize = 500;
/// Entries written at once.
const BATCH: usize = 1000;

/// Records one build.
#[derive(Debug)]
pub struct Recorder {
    clock: Clock,
    entries: mpsc::UnboundedSender<Entry>,
    mask: RwLock<Mask>,
    tail: Mutex<VecDeque<String>>,
    kept: AtomicUsize,
    steps: AtomicI32,
}

/// The task that writes; wait for it after dropping the recorder.
#[derive(Debug)]
pub struct Writing(JoinHandle<()>);

#[derive(Debug)]
enum Entry {
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
}

impl Recorder {
    /// Records `build`, whose log may have lines of an earlier attempt.
    pub async fn start(
        build: BuildId,
        place: Place,
        clock: Clock,
    ) -> Result<(Self, Writing), sqlx::Error> {
        let first = db::build_log::next_line(&place.pool, build).await?;
        if first > 0 {
            db::step::clear(&place.pool, build).await?;
        }
        let (entries, receiver) = mpsc::unbounded_channel();
        let writing = tokio::spawn(write_all(build, place, first, receiver).in_current_span());
        let recorder = Self {
            clock,
            entries,
            mask: RwLock::default(),
            tail: Mutex::default(),
            kept: AtomicUsize::new(0),
            steps: AtomicI32::new(0),
        };
        Ok((recorder, Writing(writing)))
    }

    /// Hides these values from now on.
    pub fn hide<'a>(&self, values: impl IntoIterator<Item = &'a [u8]>) {
        self.mask.write().add(values);
    }

    /// `text` as it may be shown.
    pub fn masked(&self, text: &str) -> String {
        self.mask.read().apply(text).into_owned()
    }

    /// One line of the log, or several.
    pub fn line(&self, text: impl AsRef<str>) {
        for line in text.as_ref().lines() {
            let cut = line.char_indices().nth(LONGEST).map_or(line, |(end, _)| &line[..end]);
            self.keep(self.masked(cut).replace('\0', ""));
        }
    }

    fn keep(&self, line: String) {
        let mut tail = self.tail.lock();
        if tail.len() == TAIL {
            tail.pop_front();
        }
        tail.push_back(line.clone());
        drop(tail);
        let size = line.len() + 1;
        let before = self.kept.fetch_add(size, Ordering::Relaxed);
        if before < KEPT {
            self.send(Entry::Line(line));
        }
        if before < KEPT && before + size >= KEPT {
            let end = format!("the log ends here: what follows its first {KEPT} bytes is not kept");
            self.send(Entry::Line(end));
        }
    }

    /// The last lines, for a failure.
    pub fn tail(&self) -> Vec<String> {
        self.tail.lock().iter().cloned().collect()
    }

    /// Does `work` as a timed step called `name`.
    pub async fn step<T>(&self, name: impl Into<String>, work: impl Future<Output = T>) -> T {
        let name = name.into();
        let position = self.steps.fetch_add(1, Ordering::Relaxed);
        let timed = Timed { recorder: self, position, name: &name, started: self.clock.now() };
        timed.write(None);
        let span =
            tracing::info_span!("build step", otel.name = name, cicd.pipeline.task.name = name);
        work.instrument(span).await
    }

    fn send(&self, entry: Entry) {
        // The receiver only goes away with the process.
        let _ending = self.entries.send(entry);
    }
}

/// A step that runs; it has ended when this is dropped, however that comes.
struct Timed<'a> {
    recorder: &'a Recorder,
    position: i32,
    name: &'a str,
    started: DateTime<Utc>,
}

impl Timed<'_> {
    fn write(&self, ended: Option<DateTime<Utc>>) {
        let (position, started, name) = (self.position, self.started, self.name.to_owned());
        self.recorder.send(Entry::Step { position, name, started, ended });
    }
}

impl Drop for Timed<'_> {
    fn drop(&mut self) {
        self.write(Some(self.recorder.clock.now()));
    }
}

impl Writing {
    /// Waits until everything recorded is written.
    pub async fn end(self) {
        if let Err(error) = self.0.await {
            tracing::error!(%error, "the log of a build was not written to its end");
        }
    }
}

async fn write_all(
    build: BuildId,
    place: Place,
    mut next: i64,
    mut entries: mpsc::UnboundedReceiver<Entry>,
) {
    let mut batch = Vec::new();
    while entries.recv_many(&mut batch, BATCH).await > 0 {
        let mut lines = Vec::new();
        for entry in batch.drain(..) {
            match entry {
                Entry::Line(line) => lines.push(line),
                Entry::Step { position, name, started, ended } => {
                    let written =
                        db::step::write(&place.pool, build, position, &name, (started, ended))
                            .await;
                    report(written);
                }
            }
        }
        if !lines.is_empty() {
            report(db::build_log::append(&place.pool, build, next, &lines).await);
            next += i64::try_from(lines.len()).unwrap_or_default();
            let said = lines.join("\n").into_bytes();
            if let Err(error) = place.bus.publish_log(build, said.into()).await {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "live log lines were not published"
                );
            }
        }
        place.hints.give();
    }
}

fn report(written: Result<(), sqlx::Error>) {
    if let Err(error) = written {
        tracing::warn!(%error, "a part of the log of a build was not written");
    }
}
