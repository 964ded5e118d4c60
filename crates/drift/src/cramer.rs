//! The two-sample Cramér-von Mises test: T. Anderson, "On the Distribution of the Two-Sample Cramér-von Mises Criterion"
//! (1962); exact up to 20 values on either side.

mod paths;

use crate::measure::{Measure, Obstacle};
use crate::report::Mode;
use crate::special::bessel::scaled_quarter;
use crate::ties::Samples;

const EXACT_TO: f64 = 20.0;
/// The series ends with the first term below this. Others do so, too, and the rest shows in small probabilities.
const LAST_TERM: f64 = 1e-7;

pub(crate) fn test(samples: Samples<'_>, mode: Mode) -> Result<Measure, Obstacle> {
    let (n1, n2) = samples.sizes();
    if n1 < 2.0 || n2 < 2.0 {
        return Err(Obstacle::TooFew(2));
    }
    let u = criterion(samples);
    let (product, all) = (n1 * n2, n1 + n2);
    let t = u / (product * all) - (4.0 * product - 1.0) / (6.0 * all);
    if n1.max(n2) <= EXACT_TO {
        // Evidently rounds what it compares; the probability is what scipy says.
        let exact = Measure::p(t, paths::exact(u, (n1, n2), Mode::Slipway));
        let is_rounded = mode == Mode::Evidently;
        let score = if is_rounded { paths::exact(u, (n1, n2), mode) } else { exact.score };
        return Ok(Measure { score, ..exact });
    }
    let mean = (1.0 + 1.0 / all) / 6.0;
    let variance = (all + 1.0) * (4.0 * product * all - 3.0 * (n1 * n1 + n2 * n2) - 2.0 * product)
        / (45.0 * all * all * 4.0 * product);
    let normed = 1.0 / 6.0 + (t - mean) / (45.0 * variance).sqrt();
    let p = if normed < 0.003 { 1.0 } else { (1.0 - limit(normed)).max(0.0) };
    Ok(Measure::p(t, p))
}

/// Where the sizes differ, equal values add to the criterion what no change does. A tenth of what chance gives is much.
pub(crate) fn is_moved_by_ties(samples: Samples<'_>) -> bool {
    let (n1, n2) = samples.sizes();
    let (product, all) = (n1 * n2, n1 + n2);
    let cubes: f64 = samples.ties().map(|tie| (tie.reference + tie.current).powi(3)).sum();
    cubes * (n1 - n2).powi(2) / (12.0 * product * all * all) > 1.0 / 60.0
}

/// The sum of squares of ranks in both together minus ranks in its own sample; ties have the middle rank.
fn criterion(samples: Samples<'_>) -> f64 {
    let (n1, n2) = samples.sizes();
    let (mut sum1, mut sum2) = (0.0, 0.0);
    let (mut seen1, mut seen2) = (0.0, 0.0);
    for tie in samples.ties() {
        let rank = seen1 + seen2 + (tie.reference + tie.current + 1.0) / 2.0;
        sum1 += squares(rank - seen1, tie.reference);
        sum2 += squares(rank - seen2, tie.current);
        seen1 += tie.reference;
        seen2 += tie.current;
    }
    n1 * sum1 + n2 * sum2
}

/// The sum over i = 1..count of (from - i)².
fn squares(from: f64, count: f64) -> f64 {
    let sum = count * (count + 1.0) / 2.0;
    count * from * from - 2.0 * from * sum + sum * (2.0 * count + 1.0) / 3.0
}

/// The limit distribution: S. Csörgő and J. Faraway, "The Exact and Asymptotic Distributions of Cramér-von Mises
/// Statistics" (1996), 1.2.
fn limit(x: f64) -> f64 {
    let pi = std::f64::consts::PI;
    let (mut sum, mut k) = (0.0, 0.0);
    // Γ(k + 1/2) / Γ(k + 1)
    let mut ratio = pi.sqrt();
    loop {
        let y: f64 = 4.0 * k + 1.0;
        let q = y * y / (16.0 * x);
        let term =
            ratio / (pi.powf(1.5) * x.sqrt()) * y.sqrt() * (-2.0 * q).exp() * scaled_quarter(q);
        sum += term;
        if term.abs() < LAST_TERM {
            return sum;
        }
        ratio *= (k + 0.5) / (k + 1.0);
        k += 1.0;
    }
}
