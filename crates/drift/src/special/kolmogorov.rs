//! The distribution of the one-sample Kolmogorov-Smirnov statistic for finite n, by the ways and within the limits that
//! R. Simard and P. L'Ecuyer, "Computing the Two-Sided Kolmogorov-Smirnov Distribution" (2011), chose.

use super::binomial::{binomial, stirling_error};
use std::f64::consts::{PI, TAU};

/// Up to here every term of Smirnov's sum is added; above, the sum is as smooth as an integral.
const EVERY_TERM: f64 = 20_000.0;
const STRIDES: f64 = 8192.0;

/// The probability that the statistic of n values is x or more.
pub(crate) fn survival(n: f64, x: f64) -> f64 {
    let t = n * x;
    if t <= 0.5 {
        return 1.0;
    }
    if x >= 1.0 {
        return 0.0;
    }
    if t <= 1.0 {
        // n! / n^n (2t - 1)^n, by Ruben and Gambino
        let log = 0.5 * (TAU * n).ln() - n + stirling_error(n) + n * (2.0 * t - 1.0).ln();
        return clip(1.0 - log.exp());
    }
    if t >= n - 1.0 {
        return clip(2.0 * (n * (-x).ln_1p()).exp());
    }
    let square = t * x;
    if x >= 0.5 || square > 4.0 || (n > 140.0 && square >= 2.2) {
        return if square >= 370.0 { 0.0 } else { clip(2.0 * smirnov(n, x)) };
    }
    if n <= 140.0 || (n <= 100_000.0 && n * x.powf(1.5) <= 1.4) {
        return clip(1.0 - durbin(n, x));
    }
    clip(pelz_good(n, x))
}

fn clip(p: f64) -> f64 {
    p.clamp(0.0, 1.0)
}

/// The probability that the one-sided statistic is x or more.
fn smirnov(n: f64, x: f64) -> f64 {
    let term = |j: f64| {
        let hit = x + j / n;
        if hit < 1.0 { binomial(j, n, hit) / hit } else { 0.0 }
    };
    let last = (n * (1.0 - x)).floor();
    // Far from its ends the sum is analytic and nothing at them: wide strides lose no digit.
    let stride = if n <= EVERY_TERM { 1.0 } else { n / STRIDES };
    let (mut sum, mut j) = (0.0, if n <= EVERY_TERM { 0.0 } else { stride });
    while j <= last {
        sum += term(j);
        j += stride;
    }
    x * sum * stride
}

/// The distribution function by Durbin's matrix, as G. Marsaglia, W. Tsang and J. Wang, "Evaluating Kolmogorov's
/// Distribution" (2003).
#[expect(clippy::many_single_char_names, reason = "as in the paper")]
fn durbin(n: f64, x: f64) -> f64 {
    let k = (n * x).ceil();
    let h = k - n * x;
    let middle = index(k) - 1;
    let mut power = Power::new(matrix(2 * middle + 1, h));
    let (mut left, mut result) = (n, Power::one(2 * middle + 1));
    while left >= 1.0 {
        if left % 2.0 >= 1.0 {
            result = result.times(&power, middle);
        }
        power = power.times(&power, middle);
        left = (left / 2.0).floor();
    }
    let (mut p, mut exponent) = (result.cells[middle * (2 * middle + 1) + middle], result.exponent);
    let mut i = 1.0;
    while i <= n {
        p *= i / n;
        if p < 1e-140 {
            p *= 1e140;
            exponent -= 140;
        }
        i += 1.0;
    }
    p * 10_f64.powi(exponent)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small whole number")]
fn index(value: f64) -> usize {
    value as usize
}

fn matrix(m: usize, h: f64) -> Vec<f64> {
    let mut cells = vec![0.0; m * m];
    let mut inverse = vec![1.0; m + 1];
    for i in 1..=m {
        inverse[i] = inverse[i - 1] / crate::count(i);
    }
    for row in 0..m {
        for column in 0..m.min(row + 2) {
            cells[row * m + column] = inverse[row + 1 - column];
        }
    }
    let mut powers = h;
    for i in 0..m {
        cells[i * m] -= powers * inverse[i + 1];
        cells[(m - 1) * m + (m - 1 - i)] -= powers * inverse[i + 1];
        powers *= h;
    }
    let size = i32::try_from(m).unwrap_or(i32::MAX);
    cells[(m - 1) * m] += (2.0 * h - 1.0).max(0.0).powi(size) * inverse[m];
    cells
}

/// A square matrix times a power of ten.
struct Power {
    cells: Vec<f64>,
    size: usize,
    exponent: i32,
}

impl Power {
    fn new(cells: Vec<f64>) -> Self {
        let size = cells.len().isqrt();
        Self { cells, size, exponent: 0 }
    }

    fn one(size: usize) -> Self {
        let mut cells = vec![0.0; size * size];
        cells.iter_mut().step_by(size + 1).for_each(|cell| *cell = 1.0);
        Self { cells, size, exponent: 0 }
    }

    fn times(&self, other: &Self, middle: usize) -> Self {
        let size = self.size;
        let mut cells = vec![0.0; size * size];
        for row in 0..size {
            for inner in 0..size {
                let factor = self.cells[row * size + inner];
                for column in 0..size {
                    cells[row * size + column] += factor * other.cells[inner * size + column];
                }
            }
        }
        let mut exponent = self.exponent + other.exponent;
        if cells[middle * size + middle] > 1e140 {
            for cell in &mut cells {
                *cell *= 1e-140;
            }
            exponent += 140;
        }
        Self { cells, size, exponent }
    }
}

/// One minus the distribution function by the expansion of W. Pelz and I. Good, "Approximating the Lower Tail-Areas of
/// the Kolmogorov-Smirnov One-Sample Statistic" (1976).
fn pelz_good(n: f64, x: f64) -> f64 {
    let z = n.sqrt() * x;
    let (z2, z4, z6) = (z.powi(2), z.powi(4), z.powi(6));
    let p2 = PI * PI;
    let log = -p2 / 8.0 / z2;
    if log < -708.0 {
        return 1.0;
    }
    let most = index((16.0 * z / PI).ceil());
    let mut sums = [0.0; 4];
    for k in 1..=most {
        let odd = crate::count(2 * k - 1);
        let (m2, m4, m6) = (odd.powi(2), odd.powi(4), odd.powi(6));
        let weight = (log * m2).exp();
        let k2 = 6.0 * z6
            + 2.0 * z4
            + (2.0 * z4 - 5.0 * z2) * p2 / 4.0 * m2
            + p2 * p2 * (1.0 - 2.0 * z2) / 16.0 * m4;
        let k3 = -30.0 * z6 - 90.0 * z.powi(8)
            + p2 * (135.0 * z4 - 96.0 * z6) / 4.0 * m2
            + p2 * p2 * (-60.0 * z2 + 212.0 * z4) / 16.0 * m4
            + p2 * p2 * p2 * (5.0 - 30.0 * z2) / 64.0 * m6;
        for (sum, part) in sums.iter_mut().zip([1.0, p2 / 4.0 * m2 - z2, k2, k3]) {
            *sum += weight * part;
        }
    }
    let root = TAU.sqrt();
    let parts = [z, 6.0 * z4, 72.0 * z.powi(7), 6480.0 * z.powi(10)];
    for (sum, part) in sums.iter_mut().zip(parts) {
        *sum *= root / part;
    }
    let (mut even2, mut even3) = (0.0, 0.0);
    for k in 1..=most {
        let k = crate::count(k);
        let weight = k * k * (-p2 / 2.0 / z2 * k * k).exp();
        even2 += weight;
        even3 += weight * (3.0 * z2 - p2 * k * k);
    }
    sums[2] -= even2 * p2 * root / (36.0 * z.powi(3));
    sums[3] += even3 * p2 * root / (216.0 * z6);
    1.0 - sums[0] - sums[1] / n.sqrt() - sums[2] / n - sums[3] / (n * n.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_gives_what_the_tables_say() {
        // scipy.stats.kstwo.sf
        for (n, x, p) in [
            (50.0, 0.1, 0.662_311_270_465_818_6),
            (50.0, 0.2, 0.031_438_777_769_532_41),
            (5000.0, 0.02, 0.036_139_413_953_256_37),
            (5000.0, 0.01, 0.695_455_725_391_385_3),
            (500_000.0, 0.002, 0.036_582_179_671_620_585),
            (500_000.0, 0.001, 0.698_980_144_366_366_1),
            (20.0, 0.6, 2.048_301_164_971_985_3e-7),
            (141.0, 0.05, 0.854_845_693_009_663),
            (3.0, 0.4, 0.594_666_666_666_666_5),
            (100_000.0, 0.0045, 0.034_739_868_616_438_185),
            (30_000.0, 0.01, 0.004_924_125_582_072_432),
        ] {
            let ours = survival(n, x);
            assert!((ours - p).abs() < 1e-12 + 1e-9 * p, "{n} {x}: {ours} {p}");
        }
    }
}
