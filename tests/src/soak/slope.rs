//! Lines through what was seen. Pure.

use super::Sight;
use std::time::Duration;

/// What is more after an hour.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Growth {
    /// Bytes of memory or disk.
    pub bytes: f64,
    /// Open files.
    pub files: f64,
    /// Threads.
    pub threads: f64,
}

impl Growth {
    /// The growth of what was seen.
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    pub fn of(seen: &[(Duration, Sight)]) -> Self {
        let of = |value: fn(&Sight) -> u64| {
            let points: Vec<_> = seen
                .iter()
                .map(|(at, sight)| (at.as_secs_f64() / 3600.0, value(sight) as f64))
                .collect();
            slope(&points)
        };
        Self {
            bytes: of(|sight| sight.bytes),
            files: of(|sight| sight.files),
            threads: of(|sight| sight.threads),
        }
    }
}

/// The slope of the line of least squares through `points`; 0 for a single point.
pub fn slope(points: &[(f64, f64)]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let count = points.len().max(1) as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let spread: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    let shared: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    if spread > 0.0 { shared / spread } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_slope_and_noise_little() {
        assert!((slope(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]) - 2.0).abs() < 1e-12);
        assert!(slope(&[(0.0, 1.0), (1.0, 2.0), (2.0, 1.0)]).abs() < 1e-12);
        assert!(slope(&[(1.0, 7.0)]).abs() < 1e-12 && slope(&[]).abs() < 1e-12);
    }
}
