//! Shares of values in bins: equal widths by Sturges over both samples, or one bin for each value.

use crate::column::Form;
use crate::measure::Obstacle;
use crate::ties::Samples;

/// A reference with no more different values than this has a bin for each.
const MOST_VALUES: usize = 20;

/// How often each bin is hit, as shares of all.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Shares {
    pub(crate) reference: Vec<f64>,
    pub(crate) current: Vec<f64>,
}

impl Shares {
    /// Of counts in both.
    pub(crate) fn of_counts(counts: impl Iterator<Item = (f64, f64)>, sizes: (f64, f64)) -> Self {
        let mut shares = Self::default();
        for (reference, current) in counts {
            shares.reference.push(reference / sizes.0);
            shares.current.push(current / sizes.1);
        }
        shares
    }

    /// Of numbers.
    pub(crate) fn of_numbers(samples: Samples<'_>, are_whole: bool) -> Result<Self, Obstacle> {
        let distinct = samples.reference.chunk_by(|a, b| a.total_cmp(b).is_eq());
        if distinct.take(MOST_VALUES + 1).count() <= MOST_VALUES {
            let counts = samples.ties().map(|tie| (tie.reference, tie.current));
            return Ok(Self::of_counts(counts, samples.sizes()));
        }
        let (n1, n2) = samples.sizes();
        let edges = sturges(samples.range().unwrap_or_default(), n1 + n2, are_whole)?;
        let (reference, current) = histograms(samples, &edges);
        Ok(Self::of_counts(reference.into_iter().zip(current), samples.sizes()))
    }
}

/// Both are whole in the eyes of a table that keeps one type for a column.
pub(crate) fn are_whole(reference: Form, current: Form) -> bool {
    let is_both = |form| reference == form && current == form;
    is_both(Form::Whole) || is_both(Form::Flag)
}

/// The edges of bins of one width, of which there are log2 n + 1. Whole numbers have no narrower bin than 1.
pub(crate) fn sturges(
    (low, high): (f64, f64),
    n: f64,
    are_whole: bool,
) -> Result<Vec<f64>, Obstacle> {
    let span = high - low;
    if span.is_infinite() {
        return Err(Obstacle::NoBins);
    }
    let mut width = span / (n.log2() + 1.0);
    if are_whole && width < 1.0 {
        width = 1.0;
    }
    let (low, high) = if span > 0.0 { (low, high) } else { (low - 0.5, high + 0.5) };
    // A span of the smallest numbers there are cannot be divided.
    let bins = if span > 0.0 && width > 0.0 { (span / width).ceil() } else { 1.0 };
    let edges = even(low, high, bins);
    let is_rising = edges.windows(2).all(|pair| pair[0] < pair[1]);
    if is_rising { Ok(edges) } else { Err(Obstacle::NoBins) }
}

/// `bins` bins of one width from `low` to `high`.
pub(crate) fn even(low: f64, high: f64, bins: f64) -> Vec<f64> {
    let span = high - low;
    let step = if span.is_finite() { span / bins } else { high / bins - low / bins };
    let mut edges = Vec::new();
    let mut k = 0.0;
    while k < bins {
        edges.push(k * step + low);
        k += 1.0;
    }
    edges.push(high);
    edges
}

/// How many values of each are in the bins; the last bin has its end, too.
pub(crate) fn histograms(samples: Samples<'_>, edges: &[f64]) -> (Vec<f64>, Vec<f64>) {
    (histogram(samples.reference, edges), histogram(samples.current, edges))
}

fn histogram(sorted: &[f64], edges: &[f64]) -> Vec<f64> {
    let last = edges.len() - 1;
    let below = |(at, edge): (usize, &f64)| {
        sorted.partition_point(|value| value < edge || (at == last && value <= edge))
    };
    let places: Vec<_> = edges.iter().enumerate().map(below).collect();
    places.windows(2).map(|pair| crate::count(pair[1] - pair[0])).collect()
}
