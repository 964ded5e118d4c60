//! What a model predicted, as counts that only rise: a few hundred numbers however many predictions there were.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Binary digits of a number that are not looked at: what is left tells apart what differs by a sixtieth.
const BLURRED: u32 = 46;

/// A number as it is counted: cut, towards 0. Written as a whole number, so that it is read again as it was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "u64", into = "u64")]
pub(crate) struct Cut(f64);

impl Cut {
    pub(crate) fn of(number: f64) -> Self {
        // There is one nought.
        let bits = (number + 0.0).to_bits();
        Self::from(bits >> BLURRED)
    }

    pub(crate) fn get(self) -> f64 {
        self.0
    }
}

impl From<u64> for Cut {
    fn from(digits: u64) -> Self {
        Self(f64::from_bits(digits << BLURRED))
    }
}

impl From<Cut> for u64 {
    fn from(cut: Cut) -> Self {
        cut.0.to_bits() >> BLURRED
    }
}

impl Eq for Cut {}

impl PartialOrd for Cut {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Cut {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Predictions {
    #[serde(default)]
    numbers: BTreeMap<Cut, u64>,
    /// What is no number.
    #[serde(default)]
    values: BTreeMap<String, u64>,
}

impl Predictions {
    /// So many of each number and of each other value. Numbers that are none are passed over.
    pub fn new(
        numbers: impl IntoIterator<Item = (f64, u64)>,
        values: impl IntoIterator<Item = (String, u64)>,
    ) -> Self {
        let mut all = Self::default();
        for (number, count) in numbers.into_iter().filter(|(number, _)| number.is_finite()) {
            *all.numbers.entry(Cut::of(number)).or_default() += count;
        }
        for (value, count) in values {
            *all.values.entry(value).or_default() += count;
        }
        all
    }

    /// Numbers, rising, and how many there are of each.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = (Cut, u64)> {
        self.numbers.iter().map(|(number, count)| (*number, *count))
    }

    /// Other values, and how many there are of each.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&str, u64)> {
        self.values.iter().map(|(value, count)| (value.as_str(), *count))
    }

    /// How many there are.
    pub(crate) fn total(&self) -> u64 {
        self.numbers.values().chain(self.values.values()).sum()
    }

    /// Adds `more`.
    pub fn add(&mut self, more: &Self) {
        for (number, count) in &more.numbers {
            *self.numbers.entry(*number).or_default() += count;
        }
        for (value, count) in &more.values {
            *self.values.entry(value.clone()).or_default() += count;
        }
    }

    /// There are fewer of something than in `before`: counting began anew.
    fn fell_below(&self, before: &Self) -> bool {
        let fewer = |now: Option<&u64>, count: &u64| now.is_none_or(|now| now < count);
        before.numbers.iter().any(|(number, count)| fewer(self.numbers.get(number), count))
            || before.values.iter().any(|(value, count)| fewer(self.values.get(value), count))
    }

    /// What came since `before`; all of it when counting began anew in between.
    pub(crate) fn since(&self, before: &Self) -> Self {
        if self.fell_below(before) {
            return self.clone();
        }
        let more = |count: u64, before: Option<&u64>| {
            let more = count.saturating_sub(before.copied().unwrap_or_default());
            (more > 0).then_some(more)
        };
        let numbers = self.numbers.iter().filter_map(|(number, count)| {
            Some((*number, more(*count, before.numbers.get(number))?))
        });
        let values = self.values.iter().filter_map(|(value, count)| {
            Some((value.clone(), more(*count, before.values.get(value))?))
        });
        Self { numbers: numbers.collect(), values: values.collect() }
    }

    /// The standard deviation of the numbers; 0 without any.
    #[expect(clippy::cast_precision_loss, reason = "counts of requests fit in 52 bits")]
    pub(crate) fn deviation(&self) -> f64 {
        let weighted = || self.numbers().map(|(number, count)| (number.get(), count as f64));
        let of: f64 = weighted().map(|(_, count)| count).sum();
        if of <= 0.0 {
            return 0.0;
        }
        let mean = weighted().map(|(number, count)| number * (count / of)).sum::<f64>();
        let apart = |number: f64| (number - mean) * (number - mean);
        let variance = weighted().map(|(number, count)| apart(number) * (count / of)).sum::<f64>();
        // Numbers that are too large to be squared have no spread that is known.
        if variance.is_finite() { variance.sqrt() } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn predicted(counts: &[(f64, u64)]) -> Predictions {
        Predictions::new(counts.iter().copied(), [])
    }

    #[test]
    fn what_differs_by_a_thousandth_is_one_and_by_a_twentieth_is_not() {
        assert_eq!(Cut::of(0.9), Cut::of(0.9009));
        assert!(Cut::of(0.9) < Cut::of(0.95) && Cut::of(-1.0) < Cut::of(0.0));
        assert_eq!(Cut::of(-0.0), Cut::of(0.0));
        assert_eq!(predicted(&[(f64::NAN, 1), (f64::INFINITY, 1)]).total(), 0);
    }

    #[test]
    fn between_two_moments_is_what_came() {
        let value = |count| [("DE".to_owned(), count)];
        let before = Predictions::new([(0.5, 2)], value(1));
        let now = Predictions::new([(0.5, 5), (0.7, 1)], value(1));
        assert_eq!(now.since(&before), predicted(&[(0.5, 3), (0.7, 1)]));
        assert_eq!(before.since(&now), before, "counting began anew");
    }

    #[test]
    fn the_spread_is_about_that_of_the_numbers() {
        assert!((predicted(&[(1.0, 10), (3.0, 10)]).deviation() - 1.0).abs() < 1e-12);
        assert!(predicted(&[]).deviation() < f64::MIN_POSITIVE);
        assert!(predicted(&[(f64::MAX, 1), (f64::MIN, 1)]).deviation().is_finite());
    }

    proptest! {
        #[test]
        fn what_was_stored_is_read_as_it_was(
            numbers in prop::collection::vec((any::<f64>(), 1..9_u64), 0..20), text in ".{0,9}",
        ) {
            let predictions = Predictions::new(numbers, [(text, 1)]);
            let stored = serde_json::to_string(&predictions).unwrap();
            prop_assert_eq!(serde_json::from_str::<Predictions>(&stored).unwrap(), predictions);
        }

        #[test]
        fn before_and_since_are_all(
            before in prop::collection::vec((any::<f32>(), 1..9_u64), 0..20),
            more in prop::collection::vec((any::<f32>(), 1..9_u64), 0..20),
        ) {
            let of = |counts: Vec<(f32, u64)>| {
                Predictions::new(counts.into_iter().map(|(number, count)| (number.into(), count)), [])
            };
            let (before, more) = (of(before), of(more));
            let mut all = before.clone();
            all.add(&more);
            prop_assert!(!all.fell_below(&before));
            prop_assert_eq!(all.since(&before), more);
        }
    }
}
