//! Binomial and hypergeometric probabilities without the loss of digits that differences of logarithms of factorials
//! have: the saddle-point expansion of C. Loader, "Fast and Accurate Computation of Binomial Probabilities" (2000).

use std::f64::consts::TAU;

/// From here on the series of Stirling's error is exact to the last digit.
const SERIES_FROM: f64 = 16.0;

/// The error of Stirling's formula for the logarithm of n!.
pub(crate) fn stirling_error(n: f64) -> f64 {
    const S: [f64; 6] =
        [1.0 / 12.0, 1.0 / 360.0, 1.0 / 1260.0, 1.0 / 1680.0, 1.0 / 1188.0, 691.0 / 360_360.0];
    if n <= 0.0 {
        return 0.0;
    }
    if n < SERIES_FROM {
        return libm::lgamma(n + 1.0) - (n + 0.5) * n.ln() + n - 0.5 * TAU.ln();
    }
    let nn = n * n;
    let inner = S[3] - (S[4] - S[5] / nn) / nn;
    (S[0] - (S[1] - (S[2] - inner / nn) / nn) / nn) / n
}

/// x ln(x / mean) + mean - x, also where both are close.
fn deviance(x: f64, mean: f64) -> f64 {
    let difference = x - mean;
    if difference.abs() >= 0.1 * (x + mean) {
        return x * (x / mean).ln() - difference;
    }
    let ratio = difference / (x + mean);
    let mut sum = difference * ratio;
    let mut power = 2.0 * x * ratio;
    for odd in (3..2000).step_by(2) {
        power *= ratio * ratio;
        let next = sum + power / f64::from(odd);
        if next.to_bits() == sum.to_bits() {
            break;
        }
        sum = next;
    }
    sum
}

/// The probability of x hits in n trials, each with probability `hit`; x need not be whole.
pub(crate) fn binomial(x: f64, n: f64, hit: f64) -> f64 {
    let miss = 1.0 - hit;
    if x < 0.0 || x > n {
        return 0.0;
    }
    if hit <= 0.0 || miss <= 0.0 {
        let certain = if hit <= 0.0 { 0.0 } else { n };
        return f64::from(u8::from((x - certain).abs() < 0.5));
    }
    if x <= 0.0 {
        return (n * (-hit).ln_1p()).exp();
    }
    if n - x <= 0.0 {
        return (n * hit.ln()).exp();
    }
    let errors = stirling_error(n) - stirling_error(x) - stirling_error(n - x);
    let log = errors - deviance(x, n * hit) - deviance(n - x, n * miss);
    (log - 0.5 * (TAU * x * (1.0 - x / n)).ln()).exp()
}

/// The marks of a two-by-two table: `hits` of `hits + misses` are marked, `drawn` of all are drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hypergeometric {
    pub(crate) hits: f64,
    pub(crate) misses: f64,
    pub(crate) drawn: f64,
}

impl Hypergeometric {
    /// The probability of x marked ones among those that are drawn.
    pub(crate) fn probability(self, x: f64) -> f64 {
        if x < (self.drawn - self.misses).max(0.0) || x > self.drawn.min(self.hits) {
            return 0.0;
        }
        let all = self.hits + self.misses;
        let share = self.drawn / all;
        if share <= 0.0 || share >= 1.0 {
            return 1.0;
        }
        let marked = binomial(x, self.hits, share);
        let others = binomial(self.drawn - x, self.misses, share);
        marked * others / binomial(self.drawn, all, share)
    }

    /// The likeliest number.
    pub(crate) fn mode(self) -> f64 {
        ((self.drawn + 1.0) * (self.hits + 1.0) / (self.hits + self.misses + 2.0)).floor()
    }

    /// The probability of x or fewer; x is not above the mode.
    pub(crate) fn up_to(self, x: f64) -> f64 {
        let step = |at: f64| {
            at * (self.misses - self.drawn + at)
                / ((self.hits - at + 1.0) * (self.drawn - at + 1.0))
        };
        tail(self.probability(x), x, -1.0, step)
    }

    /// The probability of x or more; x is not below the mode.
    pub(crate) fn from(self, x: f64) -> f64 {
        let step = |at: f64| {
            (self.hits - at) * (self.drawn - at)
                / ((at + 1.0) * (self.misses - self.drawn + at + 1.0))
        };
        tail(self.probability(x), x, 1.0, step)
    }
}

/// The sum of probabilities that fall, each the one before times what `ratio` gives.
fn tail(first: f64, start: f64, by: f64, ratio: impl Fn(f64) -> f64) -> f64 {
    let (mut sum, mut term, mut at) = (first, first, start);
    loop {
        term *= ratio(at);
        at += by;
        let next = sum + term;
        if term <= 0.0 || next.to_bits() == sum.to_bits() {
            return next;
        }
        sum = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_add_up_to_one() {
        let sum: f64 = (0..=500).map(|x| binomial(f64::from(x), 500.0, 0.03)).sum();
        assert!((sum - 1.0).abs() < 1e-13, "{sum}");
        let table = Hypergeometric { hits: 40.0, misses: 1000.0, drawn: 90.0 };
        let sum: f64 = (0..=40).map(|x| table.probability(f64::from(x))).sum();
        assert!((sum - 1.0).abs() < 1e-13, "{sum}");
        assert!((table.up_to(3.0) + table.from(4.0) - 1.0).abs() < 1e-13);
    }
}
