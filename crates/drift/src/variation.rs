//! Total variation, with the probability that chance labels the values so that they differ as much: a thousand
//! relabellings from a fixed seed, drawn as numpy draws them.

use crate::categories::Categories;
use crate::measure::{Measure, Obstacle};

/// With more values it would take minutes.
const MOST: usize = 200_000;
const RELABELLINGS: u32 = 1000;

pub(crate) fn test(categories: &Categories) -> Result<Measure, Obstacle> {
    let (n1, n2) = categories.sizes;
    if n1 + n2 > crate::count(MOST) {
        return Err(Obstacle::TooMany(MOST));
    }
    let both: Vec<f64> = categories.counts().map(|(one, other)| one + other).collect();
    let variation = |ones: &[f64]| -> f64 {
        let apart = ones.iter().zip(&both).map(|(one, all)| (one / n1 - (all - one) / n2).abs());
        0.5 * apart.sum::<f64>()
    };
    let reference: Vec<f64> = categories.counts().map(|(one, _)| one).collect();
    let observed = variation(&reference);
    let mut labels: Vec<usize> = Vec::new();
    for (at, (_, current)) in categories.counts().enumerate() {
        labels.resize(labels.len() + whole(current), at);
    }
    let drawn = whole(n2);
    for (at, (reference, _)) in categories.counts().enumerate() {
        labels.resize(labels.len() + whole(reference), at);
    }
    let mut twister = Twister::new(0);
    let mut as_far = 0.0;
    for _ in 0..RELABELLINGS {
        twister.shuffle(&mut labels);
        let mut ones = both.clone();
        for label in &labels[..drawn] {
            ones[*label] -= 1.0;
        }
        as_far += f64::from(u8::from(variation(&ones) >= observed));
    }
    let p = as_far / f64::from(RELABELLINGS);
    Ok(Measure { statistic: Some(observed), p_value: Some(p), score: p })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
fn whole(value: f64) -> usize {
    value as usize
}

/// M. Matsumoto and T. Nishimura, "Mersenne Twister" (1998).
struct Twister {
    state: [u32; 624],
    at: usize,
}

impl Twister {
    fn new(seed: u32) -> Self {
        let mut state = [seed; 624];
        for (at, i) in (1_u32..).zip(1..624) {
            let last: u32 = state[i - 1];
            state[i] = (last ^ (last >> 30)).wrapping_mul(1_812_433_253).wrapping_add(at);
        }
        Self { state, at: 624 }
    }

    fn next(&mut self) -> u32 {
        if self.at == 624 {
            for i in 0..624 {
                let y = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % 624] & 0x7fff_ffff);
                let twist = if y & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[i] = self.state[(i + 397) % 624] ^ (y >> 1) ^ twist;
            }
            self.at = 0;
        }
        let mut y = self.state[self.at];
        self.at += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    fn shuffle(&mut self, all: &mut [usize]) {
        for last in (1..all.len()).rev() {
            let most = u32::try_from(last).unwrap_or(u32::MAX);
            let mask = u32::MAX >> most.leading_zeros();
            let mut other = self.next() & mask;
            while other > most {
                other = self.next() & mask;
            }
            all.swap(last, usize::try_from(other).unwrap_or(last));
        }
    }
}
