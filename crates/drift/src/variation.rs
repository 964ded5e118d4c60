//! Total variation, with the probability that chance labels the values so that they differ as much: a thousand
//! relabellings from a fixed seed, drawn as numpy draws them, of the rows in their order.

use crate::categories::Categories;
use crate::column::Column;
use crate::measure::{Measure, Obstacle};
use crate::sum;

/// With more values a table of many columns would take minutes.
const MOST: usize = 50_000;
const RELABELLINGS: u32 = 1000;

pub(crate) fn test(
    categories: &Categories,
    (reference, current): (&Column, &Column),
) -> Result<Measure, Obstacle> {
    let (n1, n2) = categories.sizes;
    if n1 + n2 > crate::count(MOST) {
        return Err(Obstacle::TooMany(MOST));
    }
    let both: Vec<f64> = categories.counts().map(|(one, other)| one + other).collect();
    let variation = |ones: &[f64]| -> f64 {
        let apart = ones.iter().zip(&both).map(|(one, all)| (one / n1 - (all - one) / n2).abs());
        0.5 * sum::of(&apart.collect::<Vec<_>>(), |part| part)
    };
    let ones: Vec<f64> = categories.counts().map(|(one, _)| one).collect();
    let observed = variation(&ones);
    let mut rows = categories.labels(reference, |it| it.reference);
    let drawn = rows.len();
    rows.extend(categories.labels(current, |it| it.current));
    let mut twister = Twister::new(0);
    let mut as_far = 0.0;
    for _ in 0..RELABELLINGS {
        let mut labels = rows.clone();
        twister.shuffle(&mut labels);
        let mut ones = vec![0.0; both.len()];
        for label in &labels[..drawn] {
            ones[*label] += 1.0;
        }
        as_far += f64::from(u8::from(observed <= variation(&ones)));
    }
    let p = as_far / f64::from(RELABELLINGS);
    Ok(Measure { statistic: Some(observed), p_value: Some(p), score: p })
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
