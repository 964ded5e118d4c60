//! Response times in buckets: quantiles, and where slow begins.

/// Fewer requests say too little about where the slow ones begin.
const LEAST: f64 = 100.0;
/// How fast slow requests become rarer, as a power of the time: from "hardly" to "at once".
const SLOPES: (f64, f64) = (0.5, 20.0);

/// Where slow begins: for the stable release at a bound near its quantile, for the candidate later by what is allowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cut {
    /// The stable release is slow above this bound.
    at: usize,
    /// The candidate is slow within this bucket
    over: usize,
    /// as to this part of it, and above.
    part: f64,
}

impl Cut {
    /// From what was seen of the stable release before; `None` when that is too little or too slow.
    pub(crate) fn choose(
        bounds: &[f64],
        recent: &[f64],
        quantile: f64,
        multiple: f64,
    ) -> Option<Self> {
        let total: f64 = recent.iter().sum();
        let last = *bounds.last()?;
        if total < LEAST {
            return None;
        }
        let off = |at: usize| ((above(recent, at) / total) / (1.0 - quantile)).ln().abs();
        let usable =
            (0..bounds.len()).filter(|&at| above(recent, at) > 0.0 && bounds[at] * multiple < last);
        let at = usable.min_by(|&a, &b| off(a).total_cmp(&off(b)))?;
        let from = bounds[at] * multiple;
        let over = bounds.partition_point(|&bound| bound < from);
        let part = part_above(bounds, over, from, slope(bounds, recent, at));
        Some(Self { at, over, part })
    }

    /// How many of the stable release were slow.
    pub(crate) fn slow_stable(&self, counts: &[f64]) -> f64 {
        above(counts, self.at)
    }

    /// How many of the candidate were.
    pub(crate) fn slow_candidate(&self, counts: &[f64]) -> f64 {
        self.part * counts[self.over] + above(counts, self.over)
    }
}

fn above(counts: &[f64], bound: usize) -> f64 {
    counts[bound + 1..].iter().sum()
}

/// How fast slow requests become rarer around a bound.
fn slope(bounds: &[f64], counts: &[f64], at: usize) -> f64 {
    let (low, high) = (at.saturating_sub(1), (at + 1).min(bounds.len() - 1));
    let rarer = ((above(counts, low) + 0.5) / (above(counts, high) + 0.5)).ln();
    let slope = rarer / (bounds[high] / bounds[low]).ln();
    if slope.is_nan() { SLOPES.0 } else { slope.clamp(SLOPES.0, SLOPES.1) }
}

/// The part of a bucket above `from`, when what is above a time falls with a power of it.
fn part_above(bounds: &[f64], bucket: usize, from: f64, slope: f64) -> f64 {
    let high = (bounds[bucket] / from).powf(-slope);
    let low = match bucket.checked_sub(1) {
        Some(below) => (bounds[below] / from).powf(-slope),
        // The first bucket begins at no time at all: as long again as `from` says little.
        None => 2.0_f64.powf(slope),
    };
    ((1.0 - high) / (low - high)).clamp(0.0, 1.0)
}

/// The quantile, as Prometheus reads it from buckets; `None` when they are empty.
pub(crate) fn quantile(bounds: &[f64], counts: &[f64], quantile: f64) -> Option<f64> {
    let total: f64 = counts.iter().sum();
    let rank = quantile * total;
    if total <= 0.0 {
        return None;
    }
    let mut below = 0.0;
    for (bucket, &bound) in bounds.iter().enumerate() {
        let count = counts[bucket];
        if below + count >= rank && count > 0.0 {
            let low = bucket.checked_sub(1).map_or(0.0, |below| bounds[below]);
            return Some(low + (bound - low) * ((rank - below) / count).clamp(0.0, 1.0));
        }
        below += count;
    }
    bounds.last().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: [f64; 4] = [0.1, 0.2, 0.4, 0.8];

    #[test]
    fn a_quantile_is_read_as_prometheus_does() {
        let counts = [50.0, 40.0, 8.0, 2.0, 0.0];
        assert_eq!(quantile(&BOUNDS, &counts, 0.5), Some(0.1));
        let p95 = quantile(&BOUNDS, &counts, 0.95).expect("there are requests");
        assert!((p95 - (0.2 + 0.2 * 5.0 / 8.0)).abs() < 1e-12);
        assert_eq!(quantile(&BOUNDS, &[0.0; 5], 0.95), None);
        assert_eq!(quantile(&BOUNDS, &[0.0, 0.0, 0.0, 0.0, 9.0], 0.95), Some(0.8));
    }

    #[test]
    fn slow_begins_at_the_bound_nearest_to_the_quantile() {
        let recent = [500.0, 400.0, 60.0, 30.0, 10.0];
        let cut = Cut::choose(&BOUNDS, &recent, 0.95, 1.2).expect("enough was seen");
        assert_eq!((cut.at, cut.over), (2, 3));
        assert!((cut.slow_stable(&recent) - 40.0).abs() < 1e-12);
        // 40 are above 0.4 and 10 above 0.8, as if falling with the power of 1.6: most of the bucket lies early.
        assert!(cut.part > 0.4 && cut.part < 0.8, "{}", cut.part);
    }

    #[test]
    fn a_division_that_follows_a_power_is_exact() {
        let power = |time: f64| time.powf(-3.0);
        let part = part_above(&BOUNDS, 2, 0.24, 3.0);
        let truth = (power(0.24) - power(0.4)) / (power(0.2) - power(0.4));
        assert!((part - truth).abs() < 1e-12);
    }

    #[test]
    fn too_little_or_too_slow_is_not_divided() {
        assert_eq!(Cut::choose(&BOUNDS, &[0.0, 0.0, 50.0, 49.0, 0.0], 0.95, 1.2), None);
        assert_eq!(Cut::choose(&[], &[1000.0], 0.95, 1.2), None);
        assert_eq!(Cut::choose(&[0.1], &[0.0, 1000.0], 0.95, 1.2), None);
    }
}
