//! For tests: numbers that look random and are the same everywhere and always (`SplitMix64`).

pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        // Mixed, so that the streams of two seeds have nothing in common.
        Self(mixed(mixed(seed).wrapping_add(1)))
    }

    /// 0 to 1.
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let high = u32::try_from(mixed(self.0) >> 32).unwrap_or(0);
        (f64::from(high) + 0.5) / 4_294_967_296.0
    }

    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// How many of so many happen.
    pub(crate) fn hits(&mut self, of: u32, share: f64) -> f64 {
        (0..of).map(|_| f64::from(u8::from(self.uniform() < share))).sum()
    }
}

fn mixed(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}
