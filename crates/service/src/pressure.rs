//! How full a disk is, and when that makes a service collect what is left over without being asked.

use crate::metrics::Metrics;
use prometheus_client::metrics::gauge::Gauge;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::time::Instant;

/// Percent in use from which people are warned; origin: what is customary, with days left to react.
const WARNS: u64 = 80;
/// Percent in use from which it is collected more often; engines begin to fail above 95.
const COLLECTS: u64 = 90;
/// Percent in use from which nothing stays that is only useful.
const BRIMS: u64 = 95;
/// Percent that have to be free again before a disk counts as less full, so that one at the edge is not told again and
/// again.
const ROOM: u64 = 3;
/// Time from the start to the first collection, and between two while a disk stays full.
const PAUSE: Duration = Duration::from_mins(10);
/// Time between two collections while there is hardly any room.
const SHORT_PAUSE: Duration = Duration::from_mins(1);

/// How full the fullest disk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// There is room.
    Calm,
    /// People should look.
    High,
    /// It is collected more often.
    Full,
    /// There is hardly any room: what is only useful goes.
    Brimming,
}

impl Level {
    /// Every level, from the one with most room.
    const ALL: [Self; 4] = [Self::Calm, Self::High, Self::Full, Self::Brimming];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::High => "high",
            Self::Full => "full",
            Self::Brimming => "brimming",
        }
    }

    /// The level called `text`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == text)
    }
}

/// What `percent` in use means after it meant `last`.
#[must_use]
pub fn settled(percent: u64, last: Level) -> Level {
    level(percent).max(level(percent.saturating_add(ROOM)).min(last))
}

/// What `percent` in use means.
#[must_use]
pub fn level(percent: u64) -> Level {
    match percent {
        BRIMS.. => Level::Brimming,
        COLLECTS.. => Level::Full,
        WARNS.. => Level::High,
        _ => Level::Calm,
    }
}

/// When a service collected, and how full the fullest disk was then.
#[derive(Debug)]
pub struct Collections {
    last: Instant,
    is_first: bool,
    level: Level,
    used: Gauge<f64, AtomicU64>,
}

impl Default for Collections {
    fn default() -> Self {
        Self { last: Instant::now(), is_first: true, level: Level::Calm, used: Gauge::default() }
    }
}

impl Collections {
    /// None yet; how full the disk is, is shown in `metrics`.
    #[must_use]
    pub fn measured(metrics: &Metrics) -> Self {
        let collections = Self::default();
        let help = "Share of the fullest disk that is in use; 0 while it cannot be seen";
        metrics.lock().register("disk_used_ratio", help, collections.used.clone());
        collections
    }

    /// Warns of a disk that gets full, `percent` of which are in use, and says whether it is time to collect. With
    /// `every` of zero there is time only when a disk is full.
    pub fn is_due(&mut self, percent: u64, every: Duration) -> bool {
        self.used.set(f64::from(u8::try_from(percent.min(100)).unwrap_or(100)) / 100.0);
        let level = level(percent);
        if level > self.level {
            tracing::warn!(disk.used_percent = percent, "a disk gets full");
        }
        self.level = level;
        let pause = pause(level, every, self.is_first);
        if pause.is_none_or(|pause| self.last.elapsed() < pause) {
            return false;
        }
        (self.last, self.is_first) = (Instant::now(), false);
        true
    }
}

/// How long after the last collection, or after the start, the next is due.
fn pause(level: Level, every: Duration, is_first: bool) -> Option<Duration> {
    let planned = if is_first { every.min(PAUSE) } else { every };
    let planned = (!every.is_zero()).then_some(planned);
    let longest = match level {
        Level::Calm | Level::High => return planned,
        Level::Full => PAUSE,
        Level::Brimming => SHORT_PAUSE,
    };
    Some(planned.unwrap_or(longest).min(longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    #[test]
    fn a_disk_warns_before_it_makes_a_service_collect() {
        use Level::{Brimming, Calm, Full, High};
        let levels = [0, 79, 80, 89, 90, 94, 95, 100].map(level);
        assert_eq!(levels, [Calm, Calm, High, High, Full, Full, Brimming, Brimming]);
    }

    #[test]
    fn a_disk_at_the_edge_counts_as_it_did() {
        use Level::{Brimming, Calm, Full, High};
        let told = |percents: &[u64]| {
            let next = |last: &mut Level, percent: &u64| {
                *last = settled(*percent, *last);
                Some(*last)
            };
            percents.iter().scan(Calm, next).collect::<Vec<_>>()
        };
        assert_eq!(told(&[79, 80, 79, 77, 76, 80]), [Calm, High, High, High, Calm, High]);
        assert_eq!(told(&[96, 93, 91, 70]), [Brimming, Brimming, Full, Calm]);
    }

    #[test]
    fn a_level_is_found_by_its_word() {
        assert!(Level::ALL.into_iter().all(|level| Level::parse(level.as_str()) == Some(level)));
        assert_eq!(Level::parse("empty"), None);
    }

    #[test]
    fn how_full_a_disk_is_can_be_scraped() {
        let metrics = Metrics::new("test");
        let mut collections = Collections::measured(&metrics);
        assert!(!collections.is_due(42, Duration::ZERO));
        assert!(metrics.text().contains("slipway_disk_used_ratio 0.42"), "{}", metrics.text());
    }

    #[test]
    fn the_first_comes_soon_and_then_one_a_day() {
        assert_eq!(pause(Level::Calm, DAY, true), Some(PAUSE));
        assert_eq!(pause(Level::High, DAY, false), Some(DAY));
        assert_eq!(pause(Level::High, SHORT_PAUSE, true), Some(SHORT_PAUSE));
    }

    #[test]
    fn a_full_disk_does_not_wait_for_its_day() {
        assert_eq!(pause(Level::Full, DAY, false), Some(PAUSE));
        assert_eq!(pause(Level::Full, Duration::ZERO, false), Some(PAUSE));
        assert_eq!(pause(Level::Brimming, DAY, false), Some(SHORT_PAUSE));
        assert_eq!(pause(Level::High, Duration::ZERO, true), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_just_done_is_not_due_again() {
        let mut collections = Collections::default();
        assert!(!collections.is_due(10, DAY));
        tokio::time::advance(PAUSE).await;
        assert!(collections.is_due(10, DAY) && !collections.is_due(10, DAY));
        tokio::time::advance(PAUSE).await;
        assert!(!collections.is_due(80, DAY) && collections.is_due(90, DAY));
    }
}
