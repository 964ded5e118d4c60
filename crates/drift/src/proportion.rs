//! Two proportions: z with pooled variance.

use crate::categories::Categories;
use crate::measure::Measure;
use crate::special::normal;

/// z of the shares `hits.0 / sizes.0` and `hits.1 / sizes.1`.
pub(crate) fn z(hits: (f64, f64), sizes: (f64, f64)) -> f64 {
    let (p1, p2) = (hits.0 / sizes.0, hits.1 / sizes.1);
    let pooled = (p1 * sizes.0 + p2 * sizes.1) / (sizes.0 + sizes.1);
    (p1 - p2) / (pooled * (1.0 - pooled) * (1.0 / sizes.0 + 1.0 / sizes.1)).sqrt()
}

/// Whether the share of the values that are not the first changed.
pub(crate) fn test(categories: &Categories) -> Measure {
    if categories.all.len() < 2 {
        return Measure { statistic: None, p_value: Some(1.0), score: 1.0 };
    }
    let z = z(categories.hits(), categories.sizes);
    Measure::p(z, 2.0 * normal::above(z.abs()))
}
