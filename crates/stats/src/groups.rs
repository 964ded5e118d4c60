//! Predictions in a few groups, told by what the stable release predicted: fifths of its numbers, its most frequent
//! other values, and all that it never said. Whatever moves, one group gains.

use crate::prediction::{Cut, Predictions};
use serde::{Deserialize, Serialize};

/// Groups of numbers.
const FIFTHS: u64 = 5;
/// Other values that are groups of their own.
const MOST_VALUES: usize = 8;
/// What the router calls an answer without a prediction.
const NOTHING: &str = "(none)";

/// See the module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Groups {
    /// Where the second and every further group of numbers begins, rising.
    cuts: Vec<Cut>,
    /// In their order.
    known: Vec<String>,
}

impl Groups {
    /// Of what the stable release predicted.
    pub(crate) fn of(stable: &Predictions) -> Self {
        let mut known: Vec<(&str, u64)> = stable.values().collect();
        known.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        known.truncate(MOST_VALUES);
        let mut known: Vec<String> = known.into_iter().map(|(value, _)| value.to_owned()).collect();
        known.sort_unstable();
        Self { cuts: cuts(stable), known }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.cuts.len() + 1 + self.known.len() + 1
    }

    /// How many of `predictions` are in each.
    pub(crate) fn count(&self, predictions: &Predictions) -> Vec<u64> {
        let mut counts = vec![0; self.len()];
        for (number, count) in predictions.numbers() {
            counts[self.cuts.partition_point(|cut| *cut <= number)] += count;
        }
        for (value, count) in predictions.values() {
            let found = self.known.binary_search_by(|known| known.as_str().cmp(value));
            let place = found.unwrap_or(self.known.len());
            counts[self.cuts.len() + 1 + place] += count;
        }
        counts
    }

    /// What the predictions of a group are, after "are".
    pub(crate) fn name(&self, group: usize) -> String {
        let at = |cut: usize| self.cuts.get(cut).map(|cut| figure(cut.get()));
        let value = |group: usize| self.known.get(group - self.cuts.len() - 1);
        match group {
            0 if self.cuts.is_empty() => "numbers".to_owned(),
            0 => format!("below {}", at(0).unwrap_or_default()),
            _ if group <= self.cuts.len() => match (at(group - 1), at(group)) {
                (Some(from), Some(to)) => format!("from {from} to {to}"),
                (from, _) => format!("{} or more", from.unwrap_or_default()),
            },
            _ => match value(group).map(String::as_str) {
                Some(NOTHING) => "missing".to_owned(),
                Some(value) => format!("{value:?}"),
                None => "of another kind".to_owned(),
            },
        }
    }
}

fn cuts(stable: &Predictions) -> Vec<Cut> {
    let numbers: u64 = stable.numbers().map(|(_, count)| count).sum();
    let (mut cuts, mut full) = (Vec::new(), 0);
    for (number, count) in stable.numbers() {
        if full > 0 && full * FIFTHS >= numbers {
            cuts.push(number);
            full = 0;
        }
        full += count;
    }
    cuts
}

/// Three digits of a number.
fn figure(number: f64) -> String {
    let rounded: f64 = format!("{number:.2e}").parse().unwrap_or(number);
    rounded.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(groups: &Groups) -> Vec<String> {
        (0..groups.len()).map(|group| groups.name(group)).collect()
    }

    #[test]
    fn numbers_are_told_apart_by_fifths() {
        let stable = Predictions::new((0..1000).map(|n| (f64::from(n) / 1000.0, 1)), []);
        let groups = Groups::of(&stable);
        insta::assert_snapshot!(names(&groups).join(", "), @"below 0.199, from 0.199 to 0.402, from 0.402 to 0.609, from 0.609 to 0.812, 0.812 or more, of another kind");
        assert!(groups.count(&stable).iter().take(5).all(|count| count.abs_diff(200) < 20));
    }

    #[test]
    fn what_is_rare_or_was_never_said_is_a_group_too() {
        let values = [("(none)".to_owned(), 3), ("DE".to_owned(), 90)];
        let groups = Groups::of(&Predictions::new([(0.0, 970), (1.0, 30)], values));
        assert_eq!(
            names(&groups),
            ["below 1", "1 or more", "missing", "\"DE\"", "of another kind"]
        );
        let other = Predictions::new([(1.0, 2)], [("FR".to_owned(), 5)]);
        assert_eq!(groups.count(&other), [0, 2, 0, 0, 5]);
        let nothing = Groups::of(&Predictions::default());
        assert_eq!(names(&nothing), ["numbers", "of another kind"]);
    }

    proptest! {
        #[test]
        fn every_prediction_is_in_one_group(
            stable in prop::collection::vec((any::<f32>(), 1..9_u64), 0..40),
            others in prop::collection::vec((any::<f32>(), 1..9_u64), 0..40),
            texts in prop::collection::vec(".{0,3}", 0..20),
        ) {
            let of = |counts: Vec<(f32, u64)>| {
                let numbers = counts.into_iter().map(|(number, count)| (number.into(), count));
                Predictions::new(numbers, texts.iter().map(|text| (text.clone(), 1)))
            };
            let (stable, others) = (of(stable), of(others));
            let groups = Groups::of(&stable);
            prop_assert!(groups.cuts.len() < 5 && groups.len() <= 5 + MOST_VALUES + 1);
            prop_assert_eq!(groups.count(&others).iter().sum::<u64>(), others.total());
            prop_assert!(names(&groups).iter().all(|name| !name.is_empty()));
        }
    }
}
