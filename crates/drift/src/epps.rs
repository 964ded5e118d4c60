//! The test of T. Epps and K. Singleton (1986): two empirical characteristic functions at two points.

use crate::measure::{Measure, Obstacle};
use crate::special::gamma::chi_square_tail;
use crate::sum;
use crate::ties::Samples;

/// Where the functions are compared, in half interquartile ranges.
const POINTS: [f64; 2] = [0.4, 0.8];
/// Directions of the covariance that have less than this share of the largest are none.
const LEAST_SHARE: f64 = 4.0 * f64::EPSILON;
/// Below this many on both sides the statistic is corrected.
const FEW: f64 = 25.0;

type Matrix = [[f64; 4]; 4];

pub(crate) fn test(samples: Samples<'_>) -> Result<Measure, Obstacle> {
    let (n1, n2) = samples.sizes();
    let range = samples.quantile(0.75) - samples.quantile(0.25);
    if range <= 0.0 {
        return Err(Obstacle::NoQuartiles);
    }
    if n1.min(n2) < 5.0 {
        return Ok(Measure { statistic: Some(f64::NAN), p_value: Some(f64::NAN), score: f64::NAN });
    }
    let scale = range / 2.0;
    let (mean1, cover1) = moments(samples.reference, scale);
    let (mean2, cover2) = moments(samples.current, scale);
    let all = n1 + n2;
    let mut cover = [[0.0; 4]; 4];
    for (row, cells) in cover.iter_mut().enumerate() {
        for (column, cell) in cells.iter_mut().enumerate() {
            *cell = all / n1 * cover1[row][column] + all / n2 * cover2[row][column];
        }
    }
    let difference: [f64; 4] = std::array::from_fn(|i| mean1[i] - mean2[i]);
    let (mut statistic, rank) = form(cover, difference);
    statistic *= all;
    if n1.max(n2) < FEW {
        statistic /= 1.0 + all.powf(-0.45) + 10.1 * (n1.powf(-1.7) + n2.powf(-1.7));
    }
    Ok(Measure::p(statistic, chi_square_tail(rank, statistic)))
}

/// Mean and covariance of the cosines and sines.
fn moments(values: &[f64], scale: f64) -> ([f64; 4], Matrix) {
    let waves = |value: f64| -> [f64; 4] {
        let (sin1, cos1) = (POINTS[0] / scale * value).sin_cos();
        let (sin2, cos2) = (POINTS[1] / scale * value).sin_cos();
        [cos1, cos2, sin1, sin2]
    };
    let n = crate::count(values.len());
    // Added in pairs, so that the mean of equal waves is that wave.
    let mean: [f64; 4] = std::array::from_fn(|i| sum::of(values, |value| waves(value)[i]) / n);
    let mut cover = [[0.0; 4]; 4];
    // Equal values together: of a few values the matrix must have no more directions than they have.
    for run in values.chunk_by(|a, b| a.total_cmp(b).is_eq()) {
        let (all, weight) = (waves(run[0]), crate::count(run.len()) / n);
        let off: [f64; 4] = std::array::from_fn(|i| all[i] - mean[i]);
        for (cells, left) in cover.iter_mut().zip(off) {
            for (cell, right) in cells.iter_mut().zip(off) {
                *cell += left * right * weight;
            }
        }
    }
    (mean, cover)
}

/// d' C⁺ d and the rank of C, by Jacobi's rotations.
fn form(mut matrix: Matrix, difference: [f64; 4]) -> (f64, f64) {
    let mut axes: Matrix =
        std::array::from_fn(|i| std::array::from_fn(|j| f64::from(u8::from(i == j))));
    for _ in 0..60 {
        for p in 0..4 {
            for q in p + 1..4 {
                rotate(&mut matrix, &mut axes, (p, q));
            }
        }
    }
    let largest = (0..4).map(|i| matrix[i][i].abs()).fold(0.0, f64::max);
    let (mut sum, mut rank) = (0.0, 0.0);
    for i in 0..4 {
        if matrix[i][i].abs() > LEAST_SHARE * largest {
            let along: f64 = (0..4).map(|j| axes[j][i] * difference[j]).sum();
            sum += along * along / matrix[i][i];
            rank += 1.0;
        }
    }
    (sum, rank)
}

fn rotate(matrix: &mut Matrix, axes: &mut Matrix, (p, q): (usize, usize)) {
    if matrix[p][q].abs() <= f64::MIN_POSITIVE {
        return;
    }
    let angle = (matrix[q][q] - matrix[p][p]) / (2.0 * matrix[p][q]);
    let tangent = angle.signum() / (angle.abs() + angle.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = tangent * cosine;
    for row in matrix.iter_mut() {
        (row[p], row[q]) = (cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]);
    }
    let (above, below) = (matrix[p], matrix[q]);
    matrix[p] = std::array::from_fn(|k| cosine * above[k] - sine * below[k]);
    matrix[q] = std::array::from_fn(|k| sine * above[k] + cosine * below[k]);
    for row in axes.iter_mut() {
        (row[p], row[q]) = (cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]);
    }
}
