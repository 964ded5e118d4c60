//! Chi-square and G over categories: whether both come from one distribution, and whether the current values fit the
//! reference as if that were the truth.

use crate::categories::Categories;
use crate::measure::{Measure, Obstacle};
use crate::special::gamma::chi_square_tail;

/// Cells that expect fewer are pooled: W. Cochran, "Some Methods for Strengthening the Common χ² Tests" (1954).
const LEAST_EXPECTED: f64 = 5.0;
/// By this share sums may differ and still be called equal.
const SAME: f64 = 1.490_116_119_384_765_6e-8;

/// How far a cell is from what is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Power {
    /// Pearson's chi-square.
    Pearson,
    /// The logarithm of the likelihood, G.
    Likelihood,
}

impl Power {
    fn part(self, observed: f64, expected: f64) -> f64 {
        match self {
            Self::Pearson => (observed - expected) * (observed - expected) / expected,
            Self::Likelihood if observed <= 0.0 => 0.0,
            Self::Likelihood => 2.0 * observed * (observed / expected).ln(),
        }
    }
}

/// Whether both columns are one distribution; rare values count together.
pub(crate) fn homogeneity(categories: &Categories, power: Power) -> Measure {
    let (n1, n2) = categories.sizes;
    let all = n1 + n2;
    let cells = pooled(categories);
    let sum: f64 = cells
        .iter()
        .map(|(reference, current)| {
            let both = reference + current;
            power.part(*reference, both * n1 / all) + power.part(*current, both * n2 / all)
        })
        .sum();
    let degrees = crate::count(cells.len()) - 1.0;
    if degrees < 1.0 {
        return Measure::p(0.0, 1.0);
    }
    Measure::p(sum, chi_square_tail(degrees, sum))
}

/// The counts, with those that expect too few in one cell.
pub(crate) fn pooled(categories: &Categories) -> Vec<(f64, f64)> {
    let (n1, n2) = categories.sizes;
    let least = LEAST_EXPECTED * (n1 + n2) / n1.min(n2);
    let mut counts: Vec<_> = categories.counts().collect();
    counts.sort_by(|a, b| (b.0 + b.1).total_cmp(&(a.0 + a.1)));
    let (mut cells, mut rest) = (Vec::new(), (0.0, 0.0));
    for (reference, current) in counts {
        if reference + current >= least {
            cells.push((reference, current));
        } else {
            rest = (rest.0 + reference, rest.1 + current);
        }
    }
    let is_rare = rest.0 + rest.1 < least;
    if let Some(smallest) = cells.last_mut().filter(|_| is_rare) {
        *smallest = (smallest.0 + rest.0, smallest.1 + rest.1);
    } else if rest.0 + rest.1 > 0.0 {
        cells.push(rest);
    }
    cells
}

/// Whether the current values fit the reference as the truth: as Evidently tests, which gives false alarms.
pub(crate) fn fit(categories: &Categories, power: Power) -> Result<Measure, Obstacle> {
    let (n1, n2) = categories.sizes;
    // Evidently scales what is expected for chi-square alone.
    let scale = if power == Power::Pearson { n2 / n1 } else { 1.0 };
    if (n2 - n1 * scale).abs() / n2.min(n1 * scale) > SAME {
        return Err(Obstacle::UnequalSizes);
    }
    let parts =
        categories.counts().map(|(reference, current)| power.part(current, reference * scale));
    let sum: f64 = parts.sum();
    Ok(Measure::p(sum, chi_square_tail(crate::count(categories.all.len()) - 1.0, sum)))
}
