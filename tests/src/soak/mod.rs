//! Releases, load and random faults for a long time, and what grows meanwhile.

mod round;
mod sight;
mod slope;

pub use round::Round;
pub use sight::{Place, Sight, look};
pub use slope::{Growth, slope};

use std::collections::BTreeMap;
use std::time::Duration;

/// What one thing used, again and again, since when it was first seen.
#[derive(Debug, Default)]
pub struct Diary(BTreeMap<Place, Vec<(Duration, Sight)>>);

impl Diary {
    /// Writes down what was seen at `at`.
    pub fn note(&mut self, at: Duration, seen: Vec<(Place, Sight)>) {
        for (place, sight) in seen {
            self.0.entry(place).or_default().push((at, sight));
        }
    }

    /// How everything grew that was seen for at least `least`; of a program that was started again, its longest life.
    pub fn growth(&self, least: Duration) -> Vec<(String, Duration, Growth)> {
        let mut longest: BTreeMap<&str, &Vec<(Duration, Sight)>> = BTreeMap::new();
        for (place, seen) in &self.0 {
            let known = longest.entry(&place.name).or_insert(seen);
            if lasted(seen) > lasted(known) {
                *known = seen;
            }
        }
        longest
            .into_iter()
            .filter(|(_, seen)| lasted(seen) >= least)
            .map(|(name, seen)| (name.to_owned(), lasted(seen), Growth::of(seen)))
            .collect()
    }
}

fn lasted(seen: &[(Duration, Sight)]) -> Duration {
    match (seen.first(), seen.last()) {
        (Some((first, _)), Some((last, _))) => last.saturating_sub(*first),
        _ => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_program_that_was_started_again_the_longest_life_counts() {
        let mut diary = Diary::default();
        let place = |life| Place { name: "builder".to_owned(), life };
        let sight = |bytes| Sight { bytes, ..Sight::default() };
        let minute = |n: u64| Duration::from_secs(60 * n);
        for (at, life, bytes) in [(0, 1, 5), (1, 1, 5), (2, 2, 0), (3, 2, 60), (4, 2, 120)] {
            diary.note(minute(at), vec![(place(life), sight(bytes))]);
        }
        let growth = diary.growth(minute(1));
        assert_eq!((growth[0].0.as_str(), growth[0].1), ("builder", minute(2)));
        assert!((growth[0].2.bytes - 3600.0).abs() < 1e-6, "{:?}", growth[0].2);
        assert!(diary.growth(minute(3)).is_empty());
    }
}
