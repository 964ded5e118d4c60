//! Where a column differs: the bins whose shares of rows do most. Pure.

use drift::Plot;
use serde::{Deserialize, Serialize};

/// Bins that are named of a column.
const MOST: usize = 3;

/// Shares of rows in one bin, or with one value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bin {
    /// Which, for people.
    pub(crate) values: String,
    pub(crate) reference: f64,
    pub(crate) current: f64,
}

/// The bins of `plot` that differ most, the one that does first.
pub(super) fn farthest(plot: &Plot) -> Vec<Bin> {
    let shares = plot.reference.iter().zip(&plot.current).enumerate();
    let mut bins: Vec<Bin> = shares
        .map(|(at, (&reference, &current))| Bin { values: name(plot, at), reference, current })
        .filter(|bin| bin.apart() > 0.0)
        .collect();
    bins.sort_by(|a, b| b.apart().total_cmp(&a.apart()));
    bins.truncate(MOST);
    bins
}

impl Bin {
    fn apart(&self) -> f64 {
        (self.current - self.reference).abs()
    }
}

/// The outermost bins have what lies beyond them, too.
fn name(plot: &Plot, at: usize) -> String {
    if let Some(value) = plot.values.get(at) {
        return value.clone();
    }
    let edge = |at: usize| plot.edges.get(at).copied().map(short).unwrap_or_default();
    match at {
        0 => format!("below {}", edge(1)),
        _ if at + 2 == plot.edges.len() => format!("from {}", edge(at)),
        _ => format!("{} to {}", edge(at), edge(at + 1)),
    }
}

/// With as many digits as people compare.
fn short(value: f64) -> String {
    let digits = if value.abs() >= 100.0 { 0 } else { 2 };
    let text = format!("{value:.digits$}");
    if text.contains('.') {
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(plot: &Plot) -> String {
        let told = |bin: &Bin| format!("{}: {} -> {}", bin.values, bin.reference, bin.current);
        farthest(plot).iter().map(told).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn ranges_are_named_by_their_edges_and_the_farthest_comes_first() {
        let plot = Plot {
            edges: vec![0.0, 10.5, 20.0, 1234.56],
            values: Vec::new(),
            reference: vec![0.5, 0.3, 0.2],
            current: vec![0.1, 0.2, 0.7],
        };
        insta::assert_snapshot!(told(&plot), @r"
        from 20: 0.2 -> 0.7
        below 10.5: 0.5 -> 0.1
        10.5 to 20: 0.3 -> 0.2
        ");
    }

    #[test]
    fn values_are_named_and_what_does_not_differ_is_left_out() {
        let plot = Plot {
            edges: Vec::new(),
            values: vec!["DE".to_owned(), "FR".to_owned(), "US".to_owned()],
            reference: vec![0.5, 0.25, 0.25],
            current: vec![0.25, 0.25, 0.5],
        };
        assert_eq!(told(&plot), "DE: 0.5 -> 0.25\nUS: 0.25 -> 0.5");
    }
}
