//! Distances between two empirical distribution functions, and what they are expected to be when nothing changed.

use crate::measure::Measure;
use crate::sum;
use crate::ties::Samples;

/// A reference that varies less counts as if it varied so much.
const LEAST_DEVIATION: f64 = 0.001;

/// What one walk over both samples gives: integrals over the pooled range.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Distances {
    /// The largest |F - G|.
    greatest: f64,
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
    /// Walks value by value: of equal ones all but the last have no width, and add nothing.
    pub(crate) fn of(samples: Samples<'_>) -> Self {
        let (n1, n2) = samples.sizes();
        let (left, right) = (samples.reference, samples.current);
        let deviation = deviation(left);
        let mut all = Self { deviation, per_value: 1.0 / n1 + 1.0 / n2, ..Self::default() };
        let shares = (1.0 / n1, 1.0 / n2, 1.0 / (n1 + n2));
        let mut last = samples.range().map_or(0.0, |(least, _)| least);
        let (mut i, mut j) = (0, 0);
        while let (Some(a), Some(b)) = (left.get(i), right.get(j)) {
            let is_left = a <= b;
            let value = if is_left { *a } else { *b };
            all.add(value - last, (i, j), shares);
            // Which one it is cannot be foreseen: nothing branches on it.
            i += usize::from(is_left);
            j += usize::from(!is_left);
            last = value;
        }
        for (at, value) in left.iter().enumerate().skip(i) {
            all.add(value - last, (at, right.len()), shares);
            last = *value;
        }
        for (at, value) in right.iter().enumerate().skip(j) {
            all.add(value - last, (left.len(), at), shares);
            last = *value;
        }
        all
    }

    /// A stretch without values above so many of both.
    fn add(&mut self, width: f64, (i, j): (usize, usize), shares: (f64, f64, f64)) {
        let (seen1, seen2) = (crate::count(i), crate::count(j));
        let difference = (seen1 * shares.0 - seen2 * shares.1).abs();
        let pooled = (seen1 + seen2) * shares.2;
        // It is 1 at the end, where rounding must not make it more.
        let variance = (pooled * (1.0 - pooled)).max(0.0);
        self.absolute += difference * width;
        self.squared += difference * difference * width;
        self.spread += variance.sqrt() * width;
        self.variance += variance * width;
        let seen = if width > 0.0 { difference } else { 0.0 };
        self.greatest = if seen > self.greatest { seen } else { self.greatest };
    }

    /// The largest difference, of Kolmogorov and Smirnov.
    pub(crate) fn greatest(&self) -> f64 {
        self.greatest
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
    let deviation = (sum::squares(reference, mean) / crate::count(reference.len())).sqrt();
    // What is no number stays none: numbers so large have no deviation.
    if deviation < LEAST_DEVIATION { LEAST_DEVIATION } else { deviation }
}
