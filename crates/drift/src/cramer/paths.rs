//! How often chance gives as large a criterion, counted path by path: Y. Xiao, A. Gordon and A. Yakovlev, "A C++ Program
//! for the Cramér-Von Mises Two-Sample Test" (2006).
//!
//! Evidently counts in the smallest type of numpy that holds the largest count. That may be half or single precision,
//! which rounds, sums and counts alike, and its probabilities are what users compare with: by its rule it is rounded here in
//! the same way and order.

use crate::report::Mode;
use std::collections::HashMap;

/// A type of numpy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Precision {
    Half,
    Single,
    /// Whole numbers, which are exact.
    Whole,
}

/// numpy takes half precision below this.
const MOST_OF_HALF: f64 = 65_000.0;

impl Precision {
    fn round(self, value: f64) -> f64 {
        match self {
            Self::Whole => value,
            Self::Single => f64::from(single(value)),
            Self::Half => half(value),
        }
    }

    /// Sums are below 2^24, which single precision holds.
    #[expect(clippy::cast_precision_loss, reason = "less than 2^40")]
    fn round_sum(self, sum: i64) -> i64 {
        if self == Self::Half { signed(half(sum as f64)) } else { sum }
    }
}

/// To the nearest number with eleven binary digits.
fn half(value: f64) -> f64 {
    if value <= 0.0 {
        return value;
    }
    let unit = 2_f64.powf(value.log2().floor().max(-14.0) - 10.0);
    (value / unit).round_ties_even() * unit
}

#[expect(clippy::cast_possible_truncation, reason = "rounding is what it is for")]
fn single(value: f64) -> f32 {
    value as f32
}

/// Where a sum is.
type Places = HashMap<i64, usize>;

/// The paths to a place of the lattice: how many have which sum.
#[derive(Debug, Clone, Default)]
struct Paths {
    sums: Vec<i64>,
    counts: Vec<f64>,
}

impl Paths {
    /// Both together: first what both have, by its sum, then what is left of each.
    fn with(&self, other: &Self, precision: Precision) -> Self {
        let (ours, theirs) = (self.first(), other.first());
        let mut shared: Vec<(i64, f64)> = ours
            .iter()
            .filter_map(|(sum, at)| {
                let count = self.counts[*at] + other.counts[*theirs.get(sum)?];
                Some((*sum, precision.round(count)))
            })
            .collect();
        shared.sort_unstable_by_key(|(sum, _)| *sum);
        let left = self.left((&ours, &theirs)).chain(other.left((&theirs, &ours)));
        let (sums, counts) = shared.iter().copied().chain(left).unzip();
        Self { sums, counts }
    }

    /// Where each sum is first: rounding may have made equal ones of different ones.
    fn first(&self) -> Places {
        let mut first = HashMap::with_capacity(self.sums.len());
        for (at, sum) in self.sums.iter().enumerate() {
            first.entry(*sum).or_insert(at);
        }
        first
    }

    /// What is not the first of a sum that the others have.
    fn left(&self, (own, others): (&Places, &Places)) -> impl Iterator<Item = (i64, f64)> {
        let each = self.sums.iter().zip(&self.counts).enumerate();
        // Where no two sums are equal, each is the first.
        let are_different = own.len() == self.sums.len();
        each.filter(move |(at, (sum, _))| {
            let is_first = are_different || own.get(*sum) == Some(at);
            !(is_first && others.contains_key(*sum))
        })
        .map(|(_, (sum, count))| (*sum, *count))
    }
}

/// The probability of the criterion `u` or more for samples of these sizes.
pub(super) fn exact(u: f64, (n1, n2): (f64, f64), mode: Mode) -> f64 {
    let divisor = (1..=20).rev().map(f64::from).find(|d| n1 % d < 0.5 && n2 % d < 0.5);
    let multiple = n1 * n2 / divisor.unwrap_or(1.0);
    let product = n1 * n2;
    let zeta = (multiple * multiple * (n1 + n2) * (6.0 * u - product * (4.0 * product - 1.0))
        / (6.0 * product * product))
        .floor();
    let all = (1..=whole(n2)).map(crate::count).fold(1.0, |all, i| all * (n1 + i) / i).round();
    let precision = if mode == Mode::Slipway || multiple * multiple * (n1 + n2) >= all {
        Precision::Whole
    } else if all < MOST_OF_HALF {
        Precision::Half
    } else {
        Precision::Single
    };
    let last = walk((n1, n2), (multiple / n1, multiple / n2), precision);
    let least = signed(zeta);
    let far = last.sums.iter().zip(&last.counts).filter(|(sum, _)| **sum >= least);
    let far: Vec<f64> = far.map(|(_, count)| *count).collect();
    // Half precision adds in single.
    let adding = if precision == Precision::Half { Precision::Single } else { precision };
    let sum = precision.round(pairwise(&far, adding));
    precision.round(sum / precision.round(all))
}

/// All paths to the last place.
fn walk((n1, n2): (f64, f64), (a, b): (f64, f64), precision: Precision) -> Paths {
    let mut places = vec![Paths::default(); whole(n1) + 1];
    places[0] = Paths { sums: vec![0], counts: vec![1.0] };
    for row in 0..=whole(n2) {
        let mut before = Paths::default();
        for (at, here) in places.iter_mut().enumerate() {
            let step = signed((a * crate::count(at) - b * crate::count(row)).powi(2));
            before = before.with(here, precision);
            for sum in &mut before.sums {
                *sum = precision.round_sum(*sum + step);
            }
            here.clone_from(&before);
        }
    }
    places.pop().unwrap_or_default()
}

/// As numpy adds.
#[expect(clippy::many_single_char_names, reason = "eight sums side by side")]
fn pairwise(values: &[f64], precision: Precision) -> f64 {
    let add = |a: f64, b: f64| precision.round(a + b);
    if values.len() < 8 {
        return values.iter().fold(0.0, |sum, value| add(sum, *value));
    }
    if values.len() > 128 {
        let half = values.len() / 2;
        let (left, right) = values.split_at(half - half % 8);
        return add(pairwise(left, precision), pairwise(right, precision));
    }
    let blocks = values.chunks_exact(8);
    let rest = blocks.remainder();
    let mut lanes = [0.0; 8];
    for block in blocks {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane = add(*lane, *value);
        }
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    let sum = add(add(add(a, b), add(c, d)), add(add(e, f), add(g, h)));
    rest.iter().fold(sum, |sum, value| add(sum, *value))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "20 at most")]
fn whole(value: f64) -> usize {
    value as usize
}

#[expect(clippy::cast_possible_truncation, reason = "less than 2^40")]
fn signed(value: f64) -> i64 {
    value as i64
}
