//! How full a disk is, and when that makes the builder collect without being asked. Pure.

use std::time::Duration;

/// Percent in use from which people are warned; origin: what is customary, with days left to react.
const WARNS: u64 = 80;
/// Percent in use from which the builder collects; engines begin to fail above 95.
const COLLECTS: u64 = 90;
/// Time from the start to the first collection, and between two while a disk stays full.
const PAUSE: Duration = Duration::from_mins(10);

/// How full the fullest disk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// There is room.
    Calm,
    /// People should look.
    High,
    /// The builder collects.
    Full,
}

/// What `percent` in use means.
#[must_use]
pub fn level(percent: u64) -> Level {
    match percent {
        COLLECTS.. => Level::Full,
        WARNS.. => Level::High,
        _ => Level::Calm,
    }
}

/// How long after the last collection, or after the start, the next is due. With `every` of zero there are only
/// those that a full disk asks for.
#[must_use]
pub fn pause(level: Level, every: Duration, is_first: bool) -> Option<Duration> {
    let planned = if is_first { every.min(PAUSE) } else { every };
    let planned = (!every.is_zero()).then_some(planned);
    match level {
        Level::Calm | Level::High => planned,
        Level::Full => Some(planned.unwrap_or(PAUSE).min(PAUSE)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    #[test]
    fn a_disk_warns_before_it_makes_the_builder_collect() {
        use Level::{Calm, Full, High};
        let levels = [0, 79, 80, 89, 90, 100].map(level);
        assert_eq!(levels, [Calm, Calm, High, High, Full, Full]);
    }

    #[test]
    fn the_first_comes_soon_and_then_one_a_day() {
        assert_eq!(pause(Level::Calm, DAY, true), Some(PAUSE));
        assert_eq!(pause(Level::High, DAY, false), Some(DAY));
        assert_eq!(pause(Level::High, Duration::from_mins(1), true), Some(Duration::from_mins(1)));
    }

    #[test]
    fn a_full_disk_does_not_wait_for_its_day() {
        assert_eq!(pause(Level::Full, DAY, false), Some(PAUSE));
        assert_eq!(pause(Level::Full, Duration::ZERO, false), Some(PAUSE));
        assert_eq!(pause(Level::High, Duration::ZERO, true), None);
    }
}
