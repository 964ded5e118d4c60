//! The two-sample Kolmogorov-Smirnov test, two-sided: exact up to 10,000 values on either side, and above by the law of
//! one sample of the harmonic size, as scipy chooses.

use crate::measure::Measure;
use crate::special::kolmogorov::survival;

/// Up to so many values on either side the probability is exact.
const EXACT_TO: f64 = 10_000.0;

/// Of samples of these sizes whose distribution functions are `d` apart at most.
pub(crate) fn test((n1, n2): (f64, f64), d: f64) -> Measure {
    if n1.max(n2) > EXACT_TO {
        let size = (n1.max(n2) * n1.min(n2) / (n1 + n2)).round_ties_even();
        return Measure::p(d, survival(size, d).clamp(0.0, 1.0));
    }
    let divisor = greatest_common_divisor(n1, n2);
    let lattice = (n1 / divisor) * n2;
    let steps = (d * lattice).round_ties_even();
    let d = steps / lattice;
    if steps <= 0.0 {
        return Measure::p(d, 1.0);
    }
    let p = if n1.total_cmp(&n2).is_eq() {
        equal_sizes(n1, steps)
    } else {
        unequal_sizes(n1.max(n2), n1.min(n2), divisor, steps)
    };
    Measure::p(d, p)
}

fn greatest_common_divisor(a: f64, b: f64) -> f64 {
    if b <= 0.0 { a } else { greatest_common_divisor(b, a % b) }
}

/// The share of lattice paths that reach the diagonal `h` steps away, by reflection.
#[expect(clippy::many_single_char_names, reason = "as in the paper")]
fn equal_sizes(n: f64, h: f64) -> f64 {
    let mut p = 0.0;
    let mut k = (n / h).floor();
    while k >= 0.0 {
        let mut part = 1.0;
        let mut j = 0.0;
        while j < h {
            part = (n - k * h - j) * part / (n + k * h + j + 1.0);
            j += 1.0;
        }
        p = part * (1.0 - p);
        k -= 1.0;
    }
    (2.0 * p).clamp(0.0, 1.0)
}

/// The share of lattice paths that leave the band of width `h`, column by column: J. Hodges, "The Significance
/// Probability of the Smirnov Two-Sample Test" (1958), with shares instead of numbers of paths.
#[expect(clippy::many_single_char_names, reason = "as in the paper")]
fn unequal_sizes(m: f64, n: f64, divisor: f64, h: f64) -> f64 {
    let (mg, ng) = (m / divisor, n / divisor);
    let mut from = 0.0_f64;
    let mut to = (h / mg).ceil().min(n + 1.0);
    // outside[j - from] is the share of the paths to (i, j) that were outside; what lies beyond the window is 1.
    let mut outside = vec![1.0; whole((2.0 * to + 2.0).min(n + 1.0)) + 1];
    outside[..whole(to)].fill(0.0);
    let mut i = 1.0;
    while i <= m {
        let (last_from, last_length) = (from, to - from);
        from = (((ng * i - h) / mg).floor() + 1.0).max(0.0).min(n);
        to = ((ng * i + h) / mg).ceil().min(n + 1.0);
        if to <= from {
            return 1.0;
        }
        let shift = whole(from - last_from);
        let length = whole(to - from);
        let mut share = if from <= 0.0 { 0.0 } else { 1.0 };
        let mut j = from;
        for at in 0..length {
            // Not divided by the sum at the end: each share waits for the one before it.
            let part = 1.0 / (i + j);
            share = outside[at + shift] * (i * part) + share * (j * part);
            outside[at] = share;
            j += 1.0;
        }
        let carried = whole(last_length).saturating_sub(length);
        outside[length..length + carried].fill(1.0);
        i += 1.0;
    }
    outside[whole(to - from) - 1].clamp(0.0, 1.0)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
fn whole(value: f64) -> usize {
    value as usize
}
