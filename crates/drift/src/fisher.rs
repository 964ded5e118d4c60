//! Fisher's exact test of a two-by-two table, two-sided by probabilities.

use crate::categories::Categories;
use crate::measure::{Measure, Obstacle};
use crate::special::binomial::Hypergeometric;

/// Probabilities that differ by less are the same one, computed twice.
const SAME: f64 = 1e-12;

pub(crate) fn test(categories: &Categories) -> Result<Measure, Obstacle> {
    if categories.all.len() > 2 {
        return Err(Obstacle::NotTwoValues);
    }
    let (hits1, hits2) = categories.hits();
    let (misses1, misses2) = (categories.sizes.0 - hits1, categories.sizes.1 - hits2);
    if hits1 + hits2 <= 0.0 || misses1 + misses2 <= 0.0 {
        return Ok(Measure { statistic: Some(f64::NAN), p_value: Some(1.0), score: 1.0 });
    }
    let odds = if hits2 > 0.0 && misses1 > 0.0 {
        hits1 * misses2 / (hits2 * misses1)
    } else {
        f64::INFINITY
    };
    let table = Hypergeometric {
        hits: categories.sizes.1,
        misses: categories.sizes.0,
        drawn: hits1 + hits2,
    };
    Ok(Measure::p(odds, two_sided(table, hits2)))
}

/// The probability of everything that is not likelier than x.
fn two_sided(table: Hypergeometric, x: f64) -> f64 {
    let mode = table.mode();
    let here = table.probability(x);
    let most = table.probability(mode);
    if (here - most).abs() / here.max(most) <= SAME {
        return 1.0;
    }
    let limit = here * (1.0 + SAME);
    let (least, greatest) = ((table.drawn - table.misses).max(0.0), table.drawn.min(table.hits));
    let other_tail = if x < mode {
        let from = search(mode, greatest + 1.0, |at| table.probability(at) <= limit);
        if from > greatest { 0.0 } else { table.from(from) }
    } else {
        let to = -search(-mode, 1.0 - least, |at| table.probability(-at) <= limit);
        if to < least { 0.0 } else { table.up_to(to) }
    };
    let own_tail = if x < mode { table.up_to(x) } else { table.from(x) };
    (own_tail + other_tail).min(1.0)
}

/// The first whole number from `low` to `high` for which it holds; `high` when it holds for none before.
fn search(mut low: f64, mut high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    while low < high {
        let middle = f64::midpoint(low, high).floor();
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1.0;
        }
    }
    low
}
