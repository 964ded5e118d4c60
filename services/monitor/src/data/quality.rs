//! How good predictions were, as counts: those of two hours add up to those of both. Pure.

use super::reservoir::text;
use events::sample::ScalarV1;
use manifest::TruthKind;
use serde::{Deserialize, Serialize};

/// Scores are counted in hundredths.
const HUNDREDTHS: usize = 100;
/// No sum is larger: JSON knows no infinite numbers, and what is near the largest one cannot be read back.
const LARGEST: f64 = 1e300;
/// What a standard is made of.
pub(super) const PREDICTIONS: &str = "predictions of which it is known what was true";

/// See the module. What was told of another kind than before begins anew.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Quality {
    /// Nothing was told.
    #[default]
    Nothing,
    /// Of scores, how many were of what was true, and of what was not.
    Score {
        /// By hundredths.
        yes: Vec<u64>,
        /// The same.
        no: Vec<u64>,
    },
    /// Of values.
    Class {
        /// As it was predicted.
        right: u64,
        /// Another one.
        wrong: u64,
    },
    /// Of numbers, how far they were from the truth.
    Number {
        /// How many.
        count: u64,
        /// The sum of distances.
        absolute: f64,
        /// The sum of their squares.
        squares: f64,
    },
}

/// What is said of it; nothing of what does not go with the kind, or was not there.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Figures {
    pub(crate) told: u64,
    pub(crate) accuracy: Option<f64>,
    /// Of what was predicted to be true, the share that was.
    pub(crate) precision: Option<f64>,
    /// Of what was true, the share of which that was predicted.
    pub(crate) recall: Option<f64>,
    /// The area under the curve of the receiver operating characteristic.
    pub(crate) roc_auc: Option<f64>,
    pub(crate) mean_absolute_error: Option<f64>,
    pub(crate) root_mean_squared_error: Option<f64>,
}

impl Quality {
    /// Of one prediction; nothing when the two do not go together.
    pub(crate) fn of(kind: TruthKind, prediction: &ScalarV1, truth: &ScalarV1) -> Self {
        match kind {
            TruthKind::Score => of_score(prediction, truth),
            TruthKind::Class => {
                let is_right = text(prediction) == text(truth);
                Self::Class { right: u64::from(is_right), wrong: u64::from(!is_right) }
            }
            TruthKind::Number => {
                let (Some(prediction), Some(truth)) = (number(prediction), number(truth)) else {
                    return Self::Nothing;
                };
                let distance = (prediction - truth).abs();
                let squares = distance * distance;
                // One that is so far off would hide all others.
                if squares > LARGEST {
                    return Self::Nothing;
                }
                Self::Number { count: 1, absolute: distance, squares }
            }
        }
    }

    /// Adds `more`.
    pub(crate) fn merge(&mut self, more: &Self) {
        match (&mut *self, more) {
            (_, Self::Nothing) => {}
            (Self::Score { yes, no }, Self::Score { yes: more_yes, no: more_no }) => {
                for (counts, more) in [(yes, more_yes), (no, more_no)] {
                    counts.resize(counts.len().max(more.len()), 0);
                    counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
                }
            }
            (Self::Class { right, wrong }, Self::Class { right: r, wrong: w }) => {
                (*right, *wrong) = (*right + r, *wrong + w);
            }
            (
                Self::Number { count, absolute, squares },
                Self::Number { count: more, absolute: a, squares: s },
            ) => {
                *count += more;
                (*absolute, *squares) = ((*absolute + a).min(LARGEST), (*squares + s).min(LARGEST));
            }
            _ => self.clone_from(more),
        }
    }

    /// What is said of it, where a score from `threshold` on predicts that something is true.
    pub(crate) fn figures(&self, threshold: f64) -> Figures {
        match self {
            Self::Nothing => Figures::default(),
            Self::Score { .. } => self.of_scores(threshold),
            Self::Class { right, wrong } => {
                let told = right + wrong;
                Figures { told, accuracy: share(*right, told), ..Figures::default() }
            }
            Self::Number { count, absolute, squares } => {
                let mean = |sum: f64| (*count > 0).then(|| sum / float(*count));
                Figures {
                    told: *count,
                    mean_absolute_error: mean(*absolute),
                    root_mean_squared_error: mean(*squares).map(f64::sqrt),
                    ..Figures::default()
                }
            }
        }
    }

    /// Of what was true and of what was not: how many there were, and of how many the opposite was predicted.
    pub(crate) fn missed(&self, threshold: f64) -> [(u64, u64); 2] {
        let Self::Score { yes, no } = self else { return [(0, 0); 2] };
        let at = place(threshold);
        let below = |counts: &[u64]| counts.iter().take(at).sum::<u64>();
        let all = |counts: &[u64]| counts.iter().sum::<u64>();
        [(all(yes), below(yes)), (all(no), all(no) - below(no))]
    }

    /// What is compared each for itself, and of how many predictions it is: of scores what was true, and what was not.
    pub(super) fn sides(&self) -> Vec<(u64, &'static str)> {
        match self {
            Self::Score { .. } => {
                let [(yes, _), (no, _)] = self.missed(0.0);
                vec![(yes, "predictions of what was true"), (no, "predictions of what was not")]
            }
            Self::Nothing | Self::Class { .. } | Self::Number { .. } => {
                vec![(self.figures(0.0).told, PREDICTIONS)]
            }
        }
    }

    fn of_scores(&self, threshold: f64) -> Figures {
        let Self::Score { yes, no } = self else { return Figures::default() };
        let [(true_ones, missed), (others, false_alarms)] = self.missed(threshold);
        let (found, told) = (true_ones - missed, true_ones + others);
        Figures {
            told,
            accuracy: share(found + others - false_alarms, told),
            precision: share(found, found + false_alarms),
            recall: share(found, true_ones),
            roc_auc: area(yes, no),
            ..Figures::default()
        }
    }
}

fn of_score(prediction: &ScalarV1, truth: &ScalarV1) -> Quality {
    let (Some(score), Some(truth)) = (number(prediction), number(truth)) else {
        return Quality::Nothing;
    };
    let mut counts = vec![0; HUNDREDTHS + 1];
    counts[place(score)] = 1;
    let none = Vec::new();
    if truth >= 0.5 {
        Quality::Score { yes: counts, no: none }
    } else {
        Quality::Score { yes: none, no: counts }
    }
}

/// The chance that of one of each the true one has the higher score; equal ones count half.
fn area(yes: &[u64], no: &[u64]) -> Option<f64> {
    let sum = |counts: &[u64]| float(counts.iter().sum());
    let pairs = sum(yes) * sum(no);
    let (mut below, mut area) = (0.0, 0.0);
    for at in 0..yes.len().max(no.len()) {
        let [yes, no] = [yes, no].map(|counts| float(counts.get(at).copied().unwrap_or_default()));
        area += yes * (below + no / 2.0);
        below += no;
    }
    (pairs > 0.0).then(|| area / pairs)
}

/// The hundredth in which a score is; what is beyond counts as the last.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
fn place(score: f64) -> usize {
    // A score that was written as 0.29 is in that hundredth, whatever it is to the last digit.
    (score.clamp(0.0, 1.0) * 100.0 + 1e-9).floor() as usize
}

fn share(part: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| float(part) / float(all))
}

fn number(scalar: &ScalarV1) -> Option<f64> {
    match scalar {
        ScalarV1::Flag(flag) => Some(f64::from(u8::from(*flag))),
        ScalarV1::Number(number) => Some(*number).filter(|number| number.is_finite()),
        ScalarV1::Text(_) => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests fit in 52 bits")]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scored(all: &[(f64, bool)]) -> Quality {
        let mut quality = Quality::default();
        for (score, truth) in all {
            let (score, truth) = (ScalarV1::Number(*score), ScalarV1::Flag(*truth));
            quality.merge(&Quality::of(TruthKind::Score, &score, &truth));
        }
        quality
    }

    #[test]
    fn scores_are_judged_by_what_was_true() {
        let quality =
            scored(&[(0.9, true), (0.8, false), (0.4, true), (0.29, false), (0.1, false)]);
        let figures = quality.figures(0.5);
        assert_eq!((figures.told, figures.accuracy), (5, Some(0.6)));
        assert_eq!((figures.precision, figures.recall), (Some(0.5), Some(0.5)));
        // Of six pairs five have the true one above.
        assert_eq!(figures.roc_auc, Some(5.0 / 6.0));
        assert_eq!(quality.figures(0.29).recall, Some(1.0));
        assert_eq!(scored(&[(0.5, true), (0.5, false)]).figures(0.5).roc_auc, Some(0.5));
    }

    #[test]
    fn values_and_numbers_are_judged_by_how_far_they_were() {
        let value = |value: &str| ScalarV1::Text(value.to_owned());
        let mut classes = Quality::of(TruthKind::Class, &value("DE"), &value("DE"));
        classes.merge(&Quality::of(TruthKind::Class, &value("DE"), &value("FR")));
        assert_eq!(classes.figures(0.5).accuracy, Some(0.5));
        let mut numbers = Quality::default();
        for truth in [7.0, 14.0] {
            let of = (ScalarV1::Number(10.0), ScalarV1::Number(truth));
            numbers.merge(&Quality::of(TruthKind::Number, &of.0, &of.1));
        }
        let figures = numbers.figures(0.5);
        assert_eq!(figures.mean_absolute_error, Some(3.5));
        assert_eq!(figures.root_mean_squared_error, Some(12.5_f64.sqrt()));
        assert_eq!(Quality::of(TruthKind::Number, &value("x"), &value("y")), Quality::Nothing);
    }

    #[test]
    fn what_is_too_far_off_counts_nothing_and_sums_can_be_read_back() {
        let of = |truth: f64| {
            Quality::of(TruthKind::Number, &ScalarV1::Number(0.0), &ScalarV1::Number(truth))
        };
        for truth in [1e200, f64::MAX, f64::INFINITY, f64::NAN] {
            assert_eq!(of(truth), Quality::Nothing, "{truth}");
        }
        let mut many = of(9e149);
        for _ in 0..10 {
            many.merge(&of(9e149));
            let written = serde_json::to_string(&many).expect("JSON");
            many = serde_json::from_str(&written).expect("it is read back");
        }
        let figures = many.figures(0.5);
        assert_eq!(figures.told, 11);
        assert!(figures.root_mean_squared_error.is_some_and(f64::is_finite), "{figures:?}");
    }

    proptest! {
        #[test]
        fn hours_add_up_in_any_order(
            one in prop::collection::vec((any::<f64>(), any::<bool>()), 0..30),
            other in prop::collection::vec((any::<f64>(), any::<bool>()), 0..30),
        ) {
            let (mut there, mut back) = (scored(&one), scored(&other));
            there.merge(&scored(&other));
            back.merge(&scored(&one));
            let all: Vec<_> = one.into_iter().chain(other).collect();
            let figures = scored(&all).figures(0.5);
            prop_assert_eq!(there.figures(0.5), figures);
            prop_assert_eq!(back.figures(0.5), figures);
            prop_assert!(figures.roc_auc.is_none_or(|area| (0.0..=1.0).contains(&area)));
        }
    }
}
