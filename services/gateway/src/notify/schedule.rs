//! When what did not arrive is sent again: the schedule of Standard Webhooks. Pure.

use std::time::Duration;

const fn hours(hours: u64) -> Duration {
    Duration::from_hours(hours)
}

/// The pause before each attempt, the first without.
const PAUSES: [Duration; 10] = [
    Duration::ZERO,
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    hours(2),
    hours(5),
    hours(10),
    hours(14),
    hours(20),
    hours(24),
];
/// A pause is longer by up to this share of it, so that what failed together does not come back together.
const JITTER: f64 = 0.1;

/// The pause after `attempts` that failed, `jitter` between 0 and 1; nothing when it was the last.
pub(crate) fn pause(attempts: i32, jitter: f64) -> Option<Duration> {
    let pause = PAUSES.get(usize::try_from(attempts).ok()?)?;
    Some(pause.mul_f64(jitter.clamp(0.0, 1.0).mul_add(JITTER, 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_attempts_over_three_days() {
        let pauses: Vec<u64> =
            (1..).map_while(|attempts| pause(attempts, 0.0)).map(|pause| pause.as_secs()).collect();
        let hours = |hours: u64| hours * 3_600;
        let wanted =
            [5, 300, 1_800, hours(2), hours(5), hours(10), hours(14), hours(20), hours(24)];
        assert_eq!(pauses, wanted);
        assert_eq!(pause(0, 0.0), Some(Duration::ZERO));
        assert_eq!(pause(-1, 0.0), None);
    }

    #[test]
    fn jitter_makes_a_pause_longer_by_a_tenth_at_most() {
        assert_eq!(pause(2, 1.0), Some(Duration::from_secs(330)));
        assert_eq!(pause(2, 7.0), Some(Duration::from_secs(330)));
    }
}
