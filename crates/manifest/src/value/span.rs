//! Lengths of time.

use super::InvalidValue;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

const RULE: &str = "write a number and ms, s, m, h or d, like 300s, 250ms or 1h30m";
const UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
/// A year; nothing a manifest speaks of takes longer.
const MAX_MILLIS: u64 = 366 * 86_400_000;

/// A length of time, in whole milliseconds: written `1h30m`, stored as a number.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Span(u64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// So many milliseconds.
    pub const fn millis(millis: u64) -> Self {
        Self(millis)
    }

    /// So many seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// The span in `text`.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let invalid = || InvalidValue::new("a duration", text, RULE);
        let mut total: u64 = 0;
        let mut rest = text;
        let mut largest = usize::MAX;
        while !rest.is_empty() {
            let (number, unit, after) = part(rest).ok_or_else(invalid)?;
            let place = UNITS.len() - UNITS.iter().position(|u| u.0 == unit).ok_or_else(invalid)?;
            if place >= largest {
                return Err(invalid());
            }
            largest = place;
            let scale = UNITS[UNITS.len() - place].1;
            let millis = number.checked_mul(scale).ok_or_else(invalid)?;
            total = total.checked_add(millis).ok_or_else(invalid)?;
            rest = after;
        }
        if text.is_empty() || total > MAX_MILLIS { Err(invalid()) } else { Ok(Self(total)) }
    }

    /// For timers.
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }

    /// For columns and messages.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// This and `other`, one after the other.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// This, `times` over.
    #[must_use]
    pub const fn times(self, times: u32) -> Self {
        Self(self.0.saturating_mul(times as u64))
    }
}

/// Splits a leading `NUMBER UNIT` off `text`.
fn part(text: &str) -> Option<(u64, &str, &str)> {
    let unit = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, rest) = text.split_at(unit);
    let end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(end);
    Some((number.parse().ok()?, unit, rest))
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (unit, scale) in UNITS {
            if rest >= scale {
                write!(f, "{}{unit}", rest / scale)?;
                rest %= scale;
            }
        }
        Ok(())
    }
}

crate::grammar::scalar!(Span, "a duration", Span::parse, Span::ZERO);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spans_are_read_as_people_write_them() {
        for (text, millis) in [("300s", 300_000), ("1h30m", 5_400_000), ("250ms", 250), ("0s", 0)] {
            assert_eq!(Span::parse(text).map(Span::as_millis), Ok(millis), "{text}");
        }
        for bad in
            ["", "5", "5 m", "m", "-5s", "1m1h", "5s5s", "1.5h", "367d", "99999999999999999999s"]
        {
            assert!(Span::parse(bad).is_err(), "{bad:?} must be refused");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_the_same(millis in 0..=MAX_MILLIS) {
            let span = Span::millis(millis);
            prop_assert_eq!(Span::parse(&span.to_string()), Ok(span));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,20}") {
            if let Ok(span) = Span::parse(&text) {
                prop_assert!(span.as_millis() <= MAX_MILLIS);
            }
        }
    }
}
