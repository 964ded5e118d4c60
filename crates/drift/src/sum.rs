//! Sums in pairs, as numpy adds: the same rounding for columns of one value, where a difference of the last digit is
//! the whole result.

/// Below this many, eight sums run side by side.
const BLOCK: usize = 128;

/// The sum of what `each` makes of the values.
#[expect(clippy::many_single_char_names, reason = "eight sums side by side")]
pub(crate) fn of(values: &[f64], each: impl Fn(f64) -> f64 + Copy) -> f64 {
    if values.len() < 8 {
        return values.iter().fold(0.0, |sum, value| sum + each(*value));
    }
    if values.len() <= BLOCK {
        let mut lanes = [0.0; 8];
        let blocks = values.chunks_exact(8);
        let rest = blocks.remainder();
        for (at, block) in blocks.enumerate() {
            for (lane, value) in lanes.iter_mut().zip(block) {
                *lane = if at == 0 { each(*value) } else { *lane + each(*value) };
            }
        }
        let [a, b, c, d, e, f, g, h] = lanes;
        let sum = ((a + b) + (c + d)) + ((e + f) + (g + h));
        return rest.iter().fold(sum, |sum, value| sum + each(*value));
    }
    let half = values.len() / 2;
    let (left, right) = values.split_at(half - half % 8);
    of(left, each) + of(right, each)
}

/// The mean.
pub(crate) fn mean(values: &[f64]) -> f64 {
    of(values, |value| value) / crate::count(values.len())
}

/// The mean of sorted values, also where they are far from zero and close together.
pub(crate) fn mean_of_sorted(values: &[f64]) -> f64 {
    let middle = values.get(values.len() / 2).copied().unwrap_or(f64::NAN);
    middle + of(values, |value| value - middle) / crate::count(values.len())
}

/// The sum of the squared differences from `middle`.
pub(crate) fn squares(values: &[f64], middle: f64) -> f64 {
    of(values, |value| (value - middle) * (value - middle))
}
