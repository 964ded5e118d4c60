//! Records what happens in one build: lines of its log and its timed steps. Whoever records never waits;
//! one task writes (see [`super::write`]).

use crate::db;
use crate::engine::progress;
use crate::failure::Failure;
use crate::log::write::{Entry, Place, Writing};
use chrono::{DateTime, Utc};
use events::BuildId;
use parking_lot::{Mutex, RwLock};
use service::Clock;
use service::mask::Mask;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use tokio::sync::mpsc;
use tracing::Instrument as _;

/// As much of a log is kept, over all attempts of a build.
const KEPT: usize = 10 * 1024 * 1024;
/// A longer line is cut.
const LONGEST: usize = 8 * 1024;
/// Lines that a failure carries.
const TAIL: usize = 500;

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

impl Recorder {
    /// Records `build`, whose log may have lines of an earlier attempt.
    pub async fn start(
        build: BuildId,
        place: Place,
        clock: Clock,
    ) -> Result<(Self, Writing), sqlx::Error> {
        let (first, kept) = db::build_log::extent(&place.pool, build).await?;
        if first > 0 {
            db::step::clear(&place.pool, build).await?;
        }
        let (entries, receiver) = mpsc::unbounded_channel();
        let writing = Writing::start(build, place, first, receiver);
        let recorder = Self {
            clock,
            entries,
            mask: RwLock::default(),
            tail: Mutex::default(),
            kept: AtomicUsize::new(usize::try_from(kept).unwrap_or(KEPT)),
            steps: AtomicI32::new(0),
        };
        Ok((recorder, writing))
    }

    /// Hides these values from now on.
    pub fn hide<'a>(&self, values: impl IntoIterator<Item = &'a [u8]>) {
        self.mask.write().add(values);
    }

    /// `failure` as it may be shown and sent.
    pub fn shown(&self, failure: Failure) -> Failure {
        failure.shown(&self.mask.read())
    }

    /// One line of the log, or several.
    pub fn line(&self, text: impl AsRef<str>) {
        for line in text.as_ref().lines() {
            self.keep(readable(&self.mask.read(), line));
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

/// `line` as it is kept: secrets hidden first, then cut.
fn readable(mask: &Mask, line: &str) -> String {
    // What is this long may have lost its end before it came here.
    let whole = line.len() < progress::LONGEST;
    let masked = if whole { mask.apply(line) } else { mask.apply_to_beginning(line).into() };
    let cut = masked.char_indices().nth(LONGEST).map_or(&*masked, |(end, _)| &masked[..end]);
    cut.replace('\0', "")
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_part_of_a_secret_shows_at_the_cut(before in LONGEST - 40..LONGEST, times in 1_usize..3) {
            let secret = "sk-4f9a7c1e2b8d";
            let mask = Mask::new([secret.as_bytes()]);
            let line = readable(&mask, &format!("{}{}", "x".repeat(before), secret.repeat(times)));
            prop_assert!(!line.contains("sk-4"), "{}", &line[before - 1..]);
        }

        #[test]
        fn no_part_of_a_secret_shows_where_an_endless_line_was_cut(before in 0_usize..20) {
            let secret = "sk-4f9a7c1e2b8d";
            let said = format!("{}{}", "x".repeat(before), secret.repeat(progress::LONGEST));
            let line = readable(&Mask::new([secret.as_bytes()]), &said[..progress::LONGEST]);
            prop_assert!(!line.contains("sk-4"), "{line}");
        }
    }
}
