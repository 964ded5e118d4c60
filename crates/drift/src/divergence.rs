//! Divergences between shares of bins, with natural logarithms.

use crate::bins::Shares;
use crate::measure::Measure;

/// What stands for no hit at all where some bin has less than it would be...
const LEAST: f64 = 1e-4;
/// ...the smallest share divided by this.
const BELOW_SMALLEST: f64 = 1e6;

/// The population stability index.
pub(crate) fn psi(shares: Shares) -> Measure {
    let (reference, current) = (filled(shares.reference), filled(shares.current));
    let parts = reference.iter().zip(&current).map(|(r, c)| (r - c) * (r / c).ln());
    Measure::distance(parts.sum())
}

/// Kullback and Leibler's divergence of the current shares from the reference.
pub(crate) fn kullback_leibler(shares: Shares) -> Measure {
    let (reference, current) = (normed(filled(shares.reference)), normed(filled(shares.current)));
    Measure::distance(relative_entropy(&reference, &current))
}

/// The square root of Jensen and Shannon's divergence.
pub(crate) fn jensen_shannon(shares: Shares) -> Measure {
    let (reference, current) = (normed(shares.reference), normed(shares.current));
    let middle: Vec<f64> = reference.iter().zip(&current).map(|(r, c)| (r + c) / 2.0).collect();
    let both = relative_entropy(&reference, &middle) + relative_entropy(&current, &middle);
    Measure::distance((both.max(0.0) / 2.0).sqrt())
}

/// Hellinger's distance: how far the sum of the geometric means is from one.
pub(crate) fn hellinger(overlaps: impl Iterator<Item = f64>) -> Measure {
    let overlap: f64 = overlaps.fold(0.0, |sum, part| sum + part);
    Measure::distance((1.0 - overlap.clamp(0.0, 1.0)).sqrt())
}

fn filled(mut shares: Vec<f64>) -> Vec<f64> {
    let smallest = shares.iter().copied().filter(|share| *share > 0.0).fold(1.0, f64::min);
    let fill = if smallest <= LEAST { smallest / BELOW_SMALLEST } else { LEAST };
    for share in shares.iter_mut().filter(|share| **share <= 0.0) {
        *share = fill;
    }
    shares
}

fn normed(mut shares: Vec<f64>) -> Vec<f64> {
    let sum: f64 = shares.iter().sum();
    for share in &mut shares {
        *share /= sum;
    }
    shares
}

fn relative_entropy(of: &[f64], to: &[f64]) -> f64 {
    let part = |(x, y): (&f64, &f64)| if *x > 0.0 { x * (x / y).ln() } else { 0.0 };
    of.iter().zip(to).map(part).sum()
}
