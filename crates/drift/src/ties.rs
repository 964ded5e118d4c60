//! Two sorted samples walked together: each different value once, with how often either has it.

/// A value with how often it is in both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tie {
    pub(crate) value: f64,
    pub(crate) reference: f64,
    pub(crate) current: f64,
}

/// Two sorted samples.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Samples<'a> {
    pub(crate) reference: &'a [f64],
    pub(crate) current: &'a [f64],
}

impl<'a> Samples<'a> {
    /// How many values each has.
    pub(crate) fn sizes(self) -> (f64, f64) {
        (crate::count(self.reference.len()), crate::count(self.current.len()))
    }

    /// The different values, rising.
    pub(crate) fn ties(self) -> impl Iterator<Item = Tie> + use<'a> {
        Ties { left: self.reference, right: self.current }
    }

    /// The smallest and the largest value; nothing when both are empty.
    pub(crate) fn range(self) -> Option<(f64, f64)> {
        let ends = |sorted: &[f64]| Some((*sorted.first()?, *sorted.last()?));
        match (ends(self.reference), ends(self.current)) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (one, other) => one.or(other),
        }
    }

    /// The value at this share of both together; between two of them as scipy rounds.
    pub(crate) fn quantile(self, share: f64) -> f64 {
        let all = self.reference.len() + self.current.len();
        let at = share * (crate::count(all) - 1.0);
        let (mut low, mut seen) = (None, 0.0);
        for tie in self.ties() {
            seen += tie.reference + tie.current;
            if seen > at.floor() && low.is_none() {
                low = Some(tie.value);
            }
            if let Some(low) = low.filter(|_| seen > at.ceil()) {
                let share = at.fract();
                let is_one = low.total_cmp(&tie.value).is_eq();
                return if is_one { low } else { (1.0 - share) * low + share * tie.value };
            }
        }
        low.unwrap_or(f64::NAN)
    }
}

struct Ties<'a> {
    left: &'a [f64],
    right: &'a [f64],
}

impl Iterator for Ties<'_> {
    type Item = Tie;

    fn next(&mut self) -> Option<Tie> {
        let value = match (self.left.first(), self.right.first()) {
            (Some(a), Some(b)) => a.min(*b),
            (one, other) => *one.or(other)?,
        };
        let (reference, current) = (run(&mut self.left, value), run(&mut self.right, value));
        Some(Tie { value, reference, current })
    }
}

/// Takes what is not above `value`, and says how much it was.
fn run(sorted: &mut &[f64], value: f64) -> f64 {
    let length = sorted.iter().take_while(|it| **it <= value).count();
    *sorted = &sorted[length..];
    crate::count(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_comes_once() {
        let samples = Samples { reference: &[1.0, 1.0, 3.0], current: &[1.0, 2.0] };
        let seen: Vec<_> = samples.ties().map(|t| (t.value, t.reference, t.current)).collect();
        assert_eq!(seen, [(1.0, 2.0, 1.0), (2.0, 0.0, 1.0), (3.0, 1.0, 0.0)]);
        assert_eq!(samples.quantile(0.25).to_bits(), 1.0_f64.to_bits());
        assert_eq!(samples.quantile(0.875).to_bits(), 2.5_f64.to_bits());
    }
}
