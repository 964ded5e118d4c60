//! Numbers that look random and are the same on every machine (`SplitMix64`), and counts drawn with them.

/// A stream of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

/// From so many expected hits (and misses) on a count is drawn as about normal.
const MANY: f64 = 30.0;

impl Chance {
    /// The stream of `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        // Mixed, so that the streams of two seeds have nothing in common.
        Self(mixed(mixed(seed).wrapping_add(1)))
    }

    /// Between 0 and 1, neither of both.
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let high = u32::try_from(mixed(self.0) >> 32).unwrap_or(0);
        (f64::from(high) + 0.5) / 4_294_967_296.0
    }

    /// Mean 0, variance 1.
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// How many come when `mean` are expected.
    pub(crate) fn arrivals(&mut self, mean: f64) -> u32 {
        if mean > MANY {
            return whole(mean + mean.sqrt() * self.normal());
        }
        let (mut left, mut count) = ((-mean).exp(), 0);
        loop {
            left /= self.uniform();
            if left >= 1.0 {
                return count;
            }
            count += 1;
        }
    }

    /// How many of so many happen.
    pub(crate) fn hits(&mut self, of: u32, share: f64) -> u32 {
        let expected = f64::from(of) * share;
        if share > 0.5 {
            return of - self.hits(of, 1.0 - share);
        }
        if expected > MANY {
            let noise = (expected * (1.0 - share)).sqrt() * self.normal();
            return whole(expected + noise).min(of);
        }
        if share <= 0.0 {
            return 0;
        }
        // From one hit to the next is a geometric number of tries.
        let (mut count, mut tries) = (0, 0.0);
        let each = (1.0 - share).ln();
        loop {
            tries += (self.uniform().ln() / each).floor() + 1.0;
            if tries > f64::from(of) {
                return count;
            }
            count += 1;
        }
    }
}

fn mixed(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
fn whole(count: f64) -> u32 {
    count.max(0.0).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(mut draw: impl FnMut() -> u32) -> f64 {
        (0..20_000).map(|_| f64::from(draw())).sum::<f64>() / 20_000.0
    }

    #[test]
    fn counts_have_their_means() {
        let mut chance = Chance::new(1);
        for expected in [0.2, 5.0, 29.0, 400.0] {
            let ratio = mean(|| chance.arrivals(expected)) / expected;
            assert!((ratio - 1.0).abs() < 0.05, "{expected}: {ratio}");
        }
        for (of, share) in [(3, 0.1), (100, 0.02), (100, 0.97), (10_000, 0.3)] {
            let ratio = mean(|| chance.hits(of, share)) / (f64::from(of) * share);
            assert!((ratio - 1.0).abs() < 0.03, "{of} {share}: {ratio}");
        }
    }
}
