//! Student's t-test with one variance for both.

use crate::measure::Measure;
use crate::special::student::two_sided;
use crate::sum;

/// Of both samples, in whatever order, with means as `mean` rounds them.
pub(crate) fn test((one, other): (&[f64], &[f64]), mean: fn(&[f64]) -> f64) -> Measure {
    let (n1, n2) = (crate::count(one.len()), crate::count(other.len()));
    let (mean1, mean2) = (mean(one), mean(other));
    let degrees = n1 + n2 - 2.0;
    // As scipy rounds: the mean square times n / (n - 1), and then times n - 1.
    let spread = |values: &[f64], mean: f64, n: f64| {
        if n < 2.0 { 0.0 } else { (n - 1.0) * (sum::squares(values, mean) / n * (n / (n - 1.0))) }
    };
    let both = spread(one, mean1, n1) + spread(other, mean2, n2);
    let t = (mean1 - mean2) / (both / degrees * (1.0 / n1 + 1.0 / n2)).sqrt();
    Measure::p(t, two_sided(degrees, t))
}
