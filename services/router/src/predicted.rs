//! What models predicted, as counts that only grow: so many at most, however many different predictions there are.

use events::sample::ScalarV1;
use proto::v1::{PredictedNumber, Predictions};
use std::collections::BTreeMap;

/// Numbers that are told apart; a score between 0 and 1 has 400.
const MOST_NUMBERS: usize = 1_000;
/// Binary digits of a number that are not counted by: six are, and none once there are too many numbers.
const BLURRED: u32 = 46;
const BLURRED_MORE: u32 = 52;
/// Other values that are told apart,
const MOST_VALUES: usize = 64;
/// and what the rest is called.
const OTHERS: &str = "(others)";
/// What an answer without a prediction counts as; the analysis knows the word.
const NOTHING: &str = "(none)";
/// What has no distance.
const APART: &str = "(apart)";
/// Relative difference of numbers that are equal: the last digits depend on the machine.
const CLOSE: f64 = 1e-9;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Predicted {
    /// By their bits.
    numbers: BTreeMap<u64, u64>,
    values: BTreeMap<String, u64>,
}

/// What two models predicted for the same requests.
#[derive(Debug, Default)]
pub(crate) struct Pairs {
    pub(crate) candidate: Predicted,
    pub(crate) stable: Predicted,
    /// How far each two are apart.
    pub(crate) distances: Predicted,
}

impl Predicted {
    /// One more.
    pub(crate) fn add(&mut self, prediction: Option<&ScalarV1>) {
        match prediction {
            Some(ScalarV1::Number(number)) => self.number(*number),
            Some(ScalarV1::Flag(flag)) => self.value(if *flag { "true" } else { "false" }),
            Some(ScalarV1::Text(text)) => self.value(text),
            None => self.value(NOTHING),
        }
    }

    fn number(&mut self, number: f64) {
        let cut = |digits: u32| (number + 0.0).to_bits() >> digits << digits;
        let is_known = self.numbers.contains_key(&cut(BLURRED));
        let is_full = self.numbers.len() >= MOST_NUMBERS && !is_known;
        *self.numbers.entry(cut(if is_full { BLURRED_MORE } else { BLURRED })).or_default() += 1;
    }

    fn value(&mut self, value: &str) {
        let is_full = self.values.len() >= MOST_VALUES && !self.values.contains_key(value);
        *self.values.entry((if is_full { OTHERS } else { value }).to_owned()).or_default() += 1;
    }

    /// As on the wire.
    pub(crate) fn wire(&self) -> Predictions {
        let number = |(bits, count): (&u64, &u64)| PredictedNumber {
            number: f64::from_bits(*bits),
            count: *count,
        };
        Predictions {
            numbers: self.numbers.iter().map(number).collect(),
            values: self.values.iter().map(|(value, count)| (value.clone(), *count)).collect(),
        }
    }
}

impl Pairs {
    /// What both predicted for one request; nothing where neither predicted anything.
    pub(crate) fn add(&mut self, stable: Option<&ScalarV1>, candidate: Option<&ScalarV1>) {
        if stable.is_none() && candidate.is_none() {
            return;
        }
        self.stable.add(stable);
        self.candidate.add(candidate);
        match distance(stable, candidate) {
            Some(distance) => self.distances.number(distance),
            None => self.distances.value(APART),
        }
    }
}

fn distance(stable: Option<&ScalarV1>, candidate: Option<&ScalarV1>) -> Option<f64> {
    if let (Some(ScalarV1::Number(one)), Some(ScalarV1::Number(other))) = (stable, candidate) {
        let distance = (one - other).abs();
        let is_close = distance <= CLOSE * one.abs().max(other.abs());
        return Some(if is_close { 0.0 } else { distance });
    }
    (stable == candidate).then_some(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> ScalarV1 {
        ScalarV1::Text(text.to_owned())
    }

    fn numbers(predicted: &Predicted) -> Vec<(f64, u64)> {
        predicted.wire().numbers.into_iter().map(|it| (it.number, it.count)).collect()
    }

    #[test]
    fn the_same_predictions_are_no_distance_apart() {
        let mut pairs = Pairs::default();
        let (one, close) = (ScalarV1::Number(0.3), ScalarV1::Number(0.1 + 0.2));
        pairs.add(Some(&one), Some(&close));
        pairs.add(Some(&text("DE")), Some(&text("DE")));
        pairs.add(Some(&ScalarV1::Number(0.25)), Some(&ScalarV1::Number(0.75)));
        pairs.add(Some(&text("DE")), Some(&one));
        pairs.add(Some(&text("DE")), None);
        pairs.add(None, None);
        assert_eq!(numbers(&pairs.distances), [(0.0, 2), (0.5, 1)]);
        assert_eq!(pairs.distances.wire().values, [(APART.to_owned(), 2)].into());
        assert_eq!(pairs.candidate.wire().values[NOTHING], 1);
    }

    #[test]
    fn numbers_that_are_nearly_the_same_are_counted_together() {
        let mut predicted = Predicted::default();
        for number in [0.75, 0.755, 0.8, -0.0] {
            predicted.add(Some(&ScalarV1::Number(number)));
        }
        let counted = numbers(&predicted);
        assert_eq!((counted[0], counted[1]), ((0.0, 1), (0.75, 2)));
        assert_eq!(counted.len(), 3);
    }

    proptest! {
        #[test]
        fn there_are_so_many_counts_at_most_and_nothing_is_lost(
            seen in prop::collection::vec(any::<f64>(), 0..3_000), texts in prop::collection::vec(".{0,4}", 0..200),
        ) {
            let mut predicted = Predicted::default();
            for number in &seen {
                predicted.add(Some(&ScalarV1::Number(*number)));
            }
            for value in &texts {
                predicted.add(Some(&text(value)));
            }
            let wire = predicted.wire();
            // One for each power of two of both signs comes on top.
            prop_assert!(wire.numbers.len() <= MOST_NUMBERS + 4096 && wire.values.len() <= MOST_VALUES + 1);
            prop_assert_eq!(wire.numbers.iter().map(|it| it.count).sum::<u64>(), seen.len() as u64);
            prop_assert_eq!(wire.values.values().sum::<u64>(), texts.len() as u64);
        }
    }
}
