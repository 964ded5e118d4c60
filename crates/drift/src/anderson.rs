//! The two-sample Anderson-Darling test: F. Scholz and M. Stephens, "K-Sample Anderson-Darling Tests" (1987), with middle
//! ranks, and its probabilities read from their table, between 0.001 and 0.25.

use crate::measure::{Measure, Obstacle};
use crate::ties::Samples;

/// The table for two samples: the least and the greatest value it has.
const TABLE: (f64, f64) = (0.325, 6.546);
const MOST: f64 = 0.25;
const LEAST: f64 = 0.001;
/// Least squares through the logarithms of the table's seven levels, highest power first.
const LOG_P: [f64; 3] =
    [0.018_198_094_574_111_47, -1.008_226_564_465_251_5, -1.077_770_279_820_484];

pub(crate) fn test(samples: Samples<'_>) -> Result<Measure, Obstacle> {
    let (n1, n2) = samples.sizes();
    if samples.range().is_none_or(|(low, high)| low >= high) {
        return Err(Obstacle::Constant);
    }
    let all = n1 + n2;
    if all < 3.0 {
        return Err(Obstacle::TooFew(3));
    }
    let normed = (criterion(samples) - 1.0) / variance(n1, n2).sqrt();
    let p = if normed < TABLE.0 {
        MOST
    } else if normed > TABLE.1 {
        LEAST
    } else {
        ((LOG_P[0] * normed + LOG_P[1]) * normed + LOG_P[2]).exp()
    };
    Ok(Measure::p(normed, p))
}

fn criterion(samples: Samples<'_>) -> f64 {
    let (n1, n2) = samples.sizes();
    let all = n1 + n2;
    let (mut sum1, mut sum2) = (0.0, 0.0);
    let (mut seen1, mut seen2) = (0.0, 0.0);
    for tie in samples.ties() {
        let here = tie.reference + tie.current;
        let below = seen1 + seen2 + here / 2.0;
        let weight = here / all / (below * (all - below) - all * here / 4.0);
        let difference = |seen: f64, own: f64, n: f64| all * (seen + own / 2.0) - below * n;
        let (d1, d2) = (difference(seen1, tie.reference, n1), difference(seen2, tie.current, n2));
        sum1 += weight * d1 * d1;
        sum2 += weight * d2 * d2;
        seen1 += tie.reference;
        seen2 += tie.current;
    }
    (sum1 / n1 + sum2 / n2) * (all - 1.0) / all
}

/// The variance without a change; the letters are those of the paper.
#[expect(clippy::many_single_char_names, reason = "as in the paper")]
fn variance(n1: f64, n2: f64) -> f64 {
    let all = n1 + n2;
    let big_h = 1.0 / n1 + 1.0 / n2;
    let (mut h, mut g, mut i) = (0.0, 0.0, 2.0);
    while i < all {
        h += 1.0 / (all - i + 1.0);
        g += h / i;
        i += 1.0;
    }
    let h = h + 1.0;
    let k = 2.0;
    let a = (4.0 * g - 6.0) * (k - 1.0) + (10.0 - 6.0 * g) * big_h;
    let b = (2.0 * g - 4.0) * k * k + 8.0 * h * k + (2.0 * g - 14.0 * h - 4.0) * big_h - 8.0 * h
        + 4.0 * g
        - 6.0;
    let c = (6.0 * h + 2.0 * g - 2.0) * k * k
        + (4.0 * h - 4.0 * g + 6.0) * k
        + (2.0 * h - 6.0) * big_h
        + 4.0 * h;
    let d = (2.0 * h + 6.0) * k * k - 4.0 * h * k;
    (((a * all + b) * all + c) * all + d) / ((all - 1.0) * (all - 2.0) * (all - 3.0))
}
