//! Distances between two empirical distribution functions, and what they are expected to be when nothing changed.

use crate::measure::Measure;
use crate::sum;
use crate::ties::Samples;

/// A reference that varies less counts as if it varied so much.
const LEAST_DEVIATION: f64 = 0.001;

/// What one walk over both samples gives: integrals over the pooled range.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Distances {
    /// |F - G|
    absolute: f64,
    /// (F - G)²
    squared: f64,
    /// The square root of H (1 - H), H being both together.
    spread: f64,
    /// H (1 - H)
    variance: f64,
    /// The standard deviation of the reference.
    deviation: f64,
    /// 1 / n₁ + 1 / n₂
    per_value: f64,
}

impl Distances {
    pub(crate) fn of(samples: Samples<'_>) -> Self {
        let (n1, n2) = samples.sizes();
        let deviation = deviation(samples.reference);
        let mut all = Self { deviation, per_value: 1.0 / n1 + 1.0 / n2, ..Self::default() };
        let (mut seen1, mut seen2, mut last) = (0.0, 0.0, None);
        for tie in samples.ties() {
            if let Some(last) = last {
                let width = tie.value - last;
                let difference: f64 = seen1 / n1 - seen2 / n2;
                let pooled: f64 = (seen1 + seen2) / (n1 + n2);
                let variance = pooled * (1.0 - pooled);
                all.absolute += difference.abs() * width;
                all.squared += difference * difference * width;
                all.spread += variance.sqrt() * width;
                all.variance += variance * width;
            }
            seen1 += tie.reference;
            seen2 += tie.current;
            last = Some(tie.value);
        }
        all
    }

    /// The first Wasserstein distance in standard deviations of the reference.
    pub(crate) fn wasserstein(&self) -> Measure {
        Measure::distance(self.absolute / self.deviation)
    }

    /// Szekely's energy distance, in the square root of the unit of the values.
    pub(crate) fn energy(&self) -> Measure {
        Measure::distance(std::f64::consts::SQRT_2 * self.squared.sqrt())
    }

    /// From where on Wasserstein's matters: `floor`, and what it is on average without a change, the mean of a Brownian
    /// bridge's absolute value over the values as they lie.
    pub(crate) fn wasserstein_bar(&self, floor: f64) -> f64 {
        let noise = std::f64::consts::FRAC_2_PI.sqrt() * self.per_value.sqrt() * self.spread;
        floor.hypot(noise / self.deviation)
    }

    /// From where on the energy distance matters: as much as `floor` where the deviation is one, and its mean.
    pub(crate) fn energy_bar(&self, floor: f64) -> f64 {
        let noise = 2.0 * self.per_value * self.variance;
        (floor * floor * self.deviation + noise).sqrt()
    }
}

/// The standard deviation.
fn deviation(reference: &[f64]) -> f64 {
    let mean = sum::mean(reference);
    (sum::squares(reference, mean) / crate::count(reference.len())).sqrt().max(LEAST_DEVIATION)
}
