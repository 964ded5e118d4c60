//! Reads in the background, so that nobody who watches a candidate waits for a source.

use super::read::{Unread, read};
use crate::app::App;
use crate::db::reading::Reading;
use crate::db::release::Release;
use stats::ReadingPair;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::task::AbortOnDropHandle;

/// What came of one attempt.
type Attempt = Result<ReadingPair, String>;

/// The candidate and the stable release.
pub(crate) type Sides = (Arc<Release>, Arc<Release>);

/// All that is read of two releases, in the order of the plan, until it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Readers(Vec<Reader>);

#[derive(Debug)]
struct Reader {
    known: Reading,
    tried: Instant,
    attempts: mpsc::Receiver<Attempt>,
    _reading: AbortOnDropHandle<()>,
}

/// Begins to read `wanted` of both `sides`, or goes on with what was `known` before.
pub(crate) fn begin<'a>(
    app: &App,
    sides: &Sides,
    wanted: impl IntoIterator<Item = (&'a manifest::ReadingName, &'a manifest::Reading)>,
    known: &[Reading],
) -> Readers {
    let reader = |(name, reading): (&manifest::ReadingName, &manifest::Reading)| {
        let before = known.iter().find(|known| known.name == name.as_str());
        let first = wait(before.map(Reading::ago), reading.period.duration());
        let (say, attempts) = mpsc::channel(1);
        let read = keep_reading(app.clone(), sides.clone(), (reading.clone(), first), say);
        let fresh = || Reading { name: name.to_string(), ..Reading::default() };
        Reader {
            tried: before_now(before.map(Reading::ago).unwrap_or_default()),
            known: before.cloned().unwrap_or_else(fresh),
            attempts,
            _reading: AbortOnDropHandle::new(tokio::spawn(read)),
        }
    };
    Readers(wanted.into_iter().map(reader).collect())
}

impl Readers {
    /// What is new, in the order of the plan.
    pub(crate) fn news(&mut self) -> Vec<Option<ReadingPair>> {
        self.0.iter_mut().map(Reader::news).collect()
    }

    /// What is known of each that was tried.
    pub(crate) fn known(&self) -> impl Iterator<Item = Reading> {
        self.0.iter().filter(|reader| reader.is_tried()).map(|reader| Reading {
            age: reader.tried.elapsed().as_secs_f64(),
            ..reader.known.clone()
        })
    }
}

impl Reader {
    fn news(&mut self) -> Option<ReadingPair> {
        let attempt = self.attempts.try_recv().ok()?;
        self.tried = Instant::now();
        self.known.tried(&attempt);
        attempt.ok()
    }

    fn is_tried(&self) -> bool {
        self.known.pairs > 0 || self.known.problem.is_some()
    }
}

/// How long to wait for the first attempt: a number says something of the candidate after a whole period.
fn wait(ago: Option<Duration>, period: Duration) -> Duration {
    period.saturating_sub(ago.unwrap_or_default())
}

fn before_now(ago: Duration) -> Instant {
    let now = Instant::now();
    now.checked_sub(ago).unwrap_or(now)
}

/// Goes on while somebody listens. What is not taken yet is waited for.
async fn keep_reading(
    app: App,
    (candidate, stable): Sides,
    (reading, first): (manifest::Reading, Duration),
    say: mpsc::Sender<Attempt>,
) {
    let mut due = Instant::now() + first;
    loop {
        sleep_until(due).await;
        due += reading.period.duration();
        let of = |release| read(&app, release, &reading);
        let attempt = match tokio::join!(of(&candidate), of(&stable)) {
            (Ok(candidate), Ok(stable)) => Ok(ReadingPair { candidate, stable }),
            (Err(why), _) => Err(unread("candidate", &why)),
            (_, Err(why)) => Err(unread("stable release", &why)),
        };
        if say.send(attempt).await.is_err() {
            return;
        }
        due = due.max(Instant::now());
    }
}

fn unread(whose: &str, why: &Unread) -> String {
    format!("{whose}: {}", service::chain(why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_is_read_a_period_after_the_last_one() {
        let seconds = Duration::from_secs;
        assert_eq!(wait(None, seconds(30)), seconds(30));
        assert_eq!(wait(Some(seconds(10)), seconds(30)), seconds(20));
        assert_eq!(wait(Some(seconds(90)), seconds(30)), Duration::ZERO);
    }
}
