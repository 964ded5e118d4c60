//! The Mann-Whitney rank test: exact where one side has eight values at most and no two are equal, otherwise normal with
//! corrections for ties and continuity.

use crate::measure::Measure;
use crate::special::normal;
use crate::ties::Samples;

/// Up to so many values on either side the probability is exact.
const EXACT_TO: f64 = 8.0;

/// Which differences count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Both.
    Two,
    /// That the current values are larger.
    Upward,
}

pub(crate) fn test(samples: Samples<'_>, side: Side) -> Measure {
    let (n1, n2) = samples.sizes();
    let (mut ranks, mut seen, mut ties) = (0.0, 0.0, 0.0);
    let mut is_tied = false;
    for tie in samples.ties() {
        let here = tie.reference + tie.current;
        ranks += tie.reference * (seen + f64::midpoint(here, 1.0));
        seen += here;
        ties += here * (here * here - 1.0);
        is_tied |= here > 1.0;
    }
    let u1 = ranks - n1 * (n1 + 1.0) / 2.0;
    let u2 = n1 * n2 - u1;
    let (u, factor) = match side {
        Side::Two => (u1.max(u2), 2.0),
        Side::Upward => (u2, 1.0),
    };
    let p = if n1.min(n2) > EXACT_TO || is_tied {
        let all = n1 + n2;
        let deviation = (n1 * n2 / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)))).sqrt();
        normal::above((u - n1 * n2 / 2.0 - 0.5) / deviation)
    } else {
        exact(u, n1.min(n2), n1.max(n2))
    };
    // Not a number stays it: one value on each side has no deviation.
    Measure::p(u1, if p.is_nan() { p } else { (p * factor).clamp(0.0, 1.0) })
}

/// The probability of u or more: the lower tail of the symmetric distribution, by the generating function of
/// H. Mann and D. Whitney, the product of (1 - q^(n2 + i)) / (1 - q^i).
fn exact(u: f64, n1: f64, n2: f64) -> f64 {
    let product = n1 * n2;
    let mirrored = product - u;
    let at = whole(u.min(mirrored));
    let ways = ways(at, whole(n1), whole(n2));
    let mut all = 1.0;
    for i in 1..=whole(n1) {
        all *= (n2 + crate::count(i)) / crate::count(i);
    }
    let below = ways.iter().sum::<f64>() / all;
    if u < mirrored { 1.0 - below + ways[at] / all } else { below }
}

/// In how many ways each u up to `most` comes about.
fn ways(most: usize, n1: usize, n2: usize) -> Vec<f64> {
    let mut ways = vec![0.0; most + 1];
    ways[0] = 1.0;
    for i in 1..=n1 {
        let step = n2 + i;
        for at in (step..=most).rev() {
            ways[at] -= ways[at - step];
        }
        for at in i..=most {
            ways[at] += ways[at - i];
        }
    }
    ways
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
fn whole(value: f64) -> usize {
    value as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_against_three_is_counted_by_hand() {
        let samples = Samples { reference: &[1.0, 2.0, 3.0], current: &[4.0, 5.0, 6.0] };
        let up = test(samples, Side::Upward);
        assert!((up.score - 0.05).abs() < 1e-15, "{up:?}");
        let two = test(samples, Side::Two);
        assert!((two.score - 0.1).abs() < 1e-15, "{two:?}");
    }
}
