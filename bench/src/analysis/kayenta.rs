//! A judge like Kayenta's: one value of each metric a minute and release, and after an hour one two-sided Mann-Whitney
//! test of each with 98 % confidence: the interval of the shift must lie beyond a quarter of its estimate. A minute
//! without requests has no value. All metrics must pass.

use super::judge::Judge;
use super::traffic::{Counts, LOOKS_A_MINUTE, Look, bounds, quantile};

/// Minutes until it judges.
const WINDOW: usize = 60;
/// The normal quantile of 98 % on two sides.
const CONFIDENCE: f64 = 2.326_347_874;
/// The part of the estimated shift that is tolerated.
const TOLERANCE: f64 = 0.25;

/// What it knows.
#[derive(Debug, Default)]
pub(crate) struct Kayenta {
    minute: (Counts, Counts),
    looks: usize,
    errors: Series,
    latency: Series,
}

/// Values of candidate and stable release, of the minutes that have one.
#[derive(Debug, Default)]
struct Series {
    candidate: Vec<f64>,
    stable: Vec<f64>,
}

impl Judge for Kayenta {
    fn look(&mut self, look: &Look) -> Option<bool> {
        self.minute.0.add(&look.candidate);
        self.minute.1.add(&look.stable);
        self.looks += 1;
        if self.looks.is_multiple_of(LOOKS_A_MINUTE) {
            let (candidate, stable) = std::mem::take(&mut self.minute);
            self.errors.candidate.extend(error_share(&candidate));
            self.errors.stable.extend(error_share(&stable));
            let p95 = |counts: &Counts| quantile(&bounds(), &counts.latency, 0.95);
            self.latency.candidate.extend(p95(&candidate));
            self.latency.stable.extend(p95(&stable));
        }
        (self.looks >= WINDOW * LOOKS_A_MINUTE)
            .then(|| !(self.errors.is_high() || self.latency.is_high()))
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests fit in 52 bits")]
fn error_share(counts: &Counts) -> Option<f64> {
    (counts.requests > 0).then(|| counts.failed as f64 / counts.requests as f64)
}

impl Series {
    /// Without any value it is no data, which with half of the metrics fails.
    fn is_high(&self) -> bool {
        let (candidate, stable) = (&self.candidate, &self.stable);
        if candidate.is_empty() || stable.is_empty() {
            return true;
        }
        let first = candidate[0];
        if candidate.iter().chain(stable).all(|value| value.total_cmp(&first).is_eq()) {
            return false;
        }
        let estimate = shift(candidate, stable, 0.0);
        shift(candidate, stable, CONFIDENCE) > TOLERANCE * estimate.abs()
    }
}

/// The shift of `candidate` at which the standardised rank sum is `wanted`: its lower limit when that is the quantile
/// of the confidence, about the Hodges-Lehmann estimate when it is 0.
fn shift(candidate: &[f64], stable: &[f64], wanted: f64) -> f64 {
    let least = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = |values: &[f64]| values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut low = least(candidate) - most(stable);
    let mut high = most(candidate) - least(stable);
    // Where most values are equal the sum jumps at 0; what is left of halving must not count as a shift.
    let nothing = 1e-9 * (high - low);
    for _ in 0..50 {
        let middle = f64::midpoint(low, high);
        if standardised(candidate, stable, middle, wanted) > wanted {
            low = middle;
        } else {
            high = middle;
        }
    }
    let found = f64::midpoint(low, high);
    if found.abs() < nothing { 0.0 } else { found }
}

/// The rank sum of the candidate's values less `shift`, in standard deviations, corrected for ties and continuity.
fn standardised(candidate: &[f64], stable: &[f64], shift: f64, wanted: f64) -> f64 {
    let shifted = candidate.iter().map(|value| (value - shift, true));
    let mut all: Vec<(f64, bool)> = shifted.chain(stable.iter().map(|&it| (it, false))).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (m, n) = (count(candidate.len()), count(stable.len()));
    let (mut ranks, mut ties, mut before) = (0.0, 0.0, 0.0);
    for tied in all.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let size = count(tied.len());
        let rank = before + 0.5 * (size + 1.0);
        ranks += rank * count(tied.iter().filter(|(_, is_candidate)| *is_candidate).count());
        ties += size * size * size - size;
        before += size;
    }
    let off = ranks - m * (m + 1.0) / 2.0 - m * n / 2.0;
    let correction = if wanted == 0.0 { 0.0 } else { 0.5 * wanted.signum() };
    let variance = m * n / 12.0 * (m + n + 1.0 - ties / ((m + n) * (m + n - 1.0)));
    (off - correction) / variance.sqrt().max(f64::MIN_POSITIVE)
}

fn count(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Limits of R's `wilcox.test(candidate, stable, conf.int = TRUE, conf.level = 0.98, exact = FALSE)`, computed with
    /// its formula in numpy.
    #[test]
    fn it_agrees_with_numbers_computed_elsewhere() {
        let candidate = [1.1, 2.3, 2.9, 3.8, 4.4, 5.2, 6.1, 7.7];
        let stable = [0.3, 0.9, 1.7, 2.2, 2.6, 3.1, 3.3, 4.0, 4.9];
        assert!((shift(&candidate, &stable, CONFIDENCE) - -1.0).abs() < 1e-6);
        assert!((shift(&candidate, &stable, 0.0) - 1.4).abs() < 1e-6);
    }

    #[test]
    fn what_is_clearly_higher_is_high_and_what_is_equal_is_not() {
        let stable: Vec<f64> = (0..60).map(|i| f64::from(i % 7)).collect();
        let candidate: Vec<f64> = stable.iter().map(|value| value + 3.0).collect();
        assert!(Series { candidate, stable: stable.clone() }.is_high());
        assert!(!Series { candidate: stable.clone(), stable }.is_high());
        let nothing = || vec![0.0; 60];
        assert!(!Series { candidate: nothing(), stable: nothing() }.is_high());
        assert!(Series::default().is_high());
        let rare = |every: usize| (0..60).map(|i| f64::from(u8::from(i % every == 0))).collect();
        assert!(!Series { candidate: rare(9), stable: rare(10) }.is_high());
    }
}
