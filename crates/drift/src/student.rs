//! Student's t-test with one variance for both.

use crate::measure::Measure;
use crate::special::student::two_sided;
use crate::sum;
use crate::ties::Samples;

pub(crate) fn test(samples: Samples<'_>) -> Measure {
    let (n1, n2) = samples.sizes();
    let (mean1, mean2) = (sum::mean(samples.reference), sum::mean(samples.current));
    let degrees = n1 + n2 - 2.0;
    // As scipy rounds: the mean square times n / (n - 1), and then times n - 1.
    let spread = |values: &[f64], mean: f64, n: f64| {
        if n < 2.0 { 0.0 } else { (n - 1.0) * (sum::squares(values, mean) / n * (n / (n - 1.0))) }
    };
    let both = spread(samples.reference, mean1, n1) + spread(samples.current, mean2, n2);
    let t = (mean1 - mean2) / (both / degrees * (1.0 / n1 + 1.0 / n2)).sqrt();
    Measure::p(t, two_sided(degrees, t))
}
