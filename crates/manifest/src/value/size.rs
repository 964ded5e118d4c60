//! How much: memory, processors, shares.

use super::InvalidValue;
use serde::{Deserialize, Serialize};
use std::fmt;

/// `12.5` as 1250 for two places after the point; nothing when it has more, or is no number.
fn fixed(text: &str, places: usize) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let no_fraction = text.contains('.') && fraction.is_empty();
    if whole.is_empty()
        || no_fraction
        || fraction.len() > places
        || !digits(whole)
        || !digits(fraction)
    {
        return None;
    }
    format!("{whole}{fraction:0<places$}").parse().ok()
}

/// The inverse of [`fixed`], without needless zeros.
fn unfixed(value: u64, places: u32) -> String {
    let scale = 10_u64.pow(places);
    let width = places as usize;
    let text = format!("{}.{:0width$}", value / scale, value % scale);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

const BYTES_RULE: &str = "write a number and B, KiB, MiB, GiB, TiB, kB, MB, GB or TB, like 512MiB";
const BYTES_UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1000),
    ("B", 1),
];

/// An amount of memory or disk: written `512MiB`, stored as a number of bytes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Bytes(u64);

impl Bytes {
    /// So many bytes.
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The amount in `text`.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let invalid = || InvalidValue::new("a size", text, BYTES_RULE);
        let end = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(invalid)?;
        let number: u64 = text[..end].parse().map_err(|_| invalid())?;
        let unit = BYTES_UNITS.iter().find(|unit| unit.0 == &text[end..]).ok_or_else(invalid)?;
        let bytes = number.checked_mul(unit.1).ok_or_else(invalid)?;
        // The engine and the database both count in i64.
        if i64::try_from(bytes).is_ok() { Ok(Self(bytes)) } else { Err(invalid()) }
    }

    /// The number of bytes.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// This and `other` together.
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

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |unit: &&(&str, u64)| self.0 >= unit.1 && self.0.is_multiple_of(unit.1);
        let (unit, scale) = BYTES_UNITS.iter().find(fits).unwrap_or(&("B", 1));
        write!(f, "{}{unit}", self.0 / scale)
    }
}

crate::grammar::scalar!(Bytes, "a size", Bytes::parse, Bytes(1 << 30));

/// A share, exact to a hundredth of a per cent: written `1%` or `0.5%`, stored as basis points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Percent(u32);

impl Percent {
    /// All of it.
    pub const HUNDRED: Self = Self(10_000);

    /// So many per cent.
    pub const fn new(percent: u32) -> Self {
        Self(percent.saturating_mul(100))
    }

    /// The share in `text`; the sign may be left out.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let rule = "write a number from 0 to 1000 with at most two decimals, like 10% or 0.5%";
        let number = text.strip_suffix('%').unwrap_or(text);
        fixed(number, 2)
            .and_then(|points| u32::try_from(points).ok())
            .filter(|points| *points <= 100_000)
            .map(Self)
            .ok_or_else(|| InvalidValue::new("a percentage", text, rule))
    }

    /// In hundredths of a per cent: 1 % is 100.
    pub const fn basis_points(self) -> u32 {
        self.0
    }

    /// As a factor: 50 % is 0.5.
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", unfixed(u64::from(self.0), 2))
    }
}

crate::grammar::scalar!(Percent, "a percentage", Percent::parse, Percent::HUNDRED);

/// An amount of processor time: written `1`, `0.5` or `250m`, stored as thousandths of a processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cpus(u32);

impl Cpus {
    /// The amount in `text`.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let rule = "write a number of processors above 0, like 1, 0.5 or 250m";
        let millis = match text.strip_suffix('m') {
            Some(millis) => fixed(millis, 0),
            None => fixed(text, 3),
        };
        millis
            .and_then(|millis| u32::try_from(millis).ok())
            .filter(|millis| (1..=1_024_000).contains(millis))
            .map(Self)
            .ok_or_else(|| InvalidValue::new("a number of processors", text, rule))
    }

    /// In thousandths of a processor.
    pub const fn millis(self) -> u32 {
        self.0
    }

    /// In billionths of a processor, as the engine counts.
    pub const fn nanos(self) -> i64 {
        self.0 as i64 * 1_000_000
    }
}

impl fmt::Display for Cpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&unfixed(u64::from(self.0), 3))
    }
}

crate::grammar::scalar!(Cpus, "a number of processors", Cpus::parse, Cpus(1000));

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_need_a_unit_and_name_it_exactly() {
        assert_eq!(Bytes::parse("512MiB").map(Bytes::get), Ok(512 << 20));
        assert_eq!(Bytes::parse("1GB").map(Bytes::get), Ok(1_000_000_000));
        for bad in ["512", "512m", "512mb", "1.5GiB", "", "MiB", "99999999TiB", "-1B"] {
            assert!(Bytes::parse(bad).is_err(), "{bad:?} must be refused");
        }
    }

    #[test]
    fn shares_are_exact() {
        assert_eq!(Percent::parse("0.5%").map(Percent::basis_points), Ok(50));
        assert_eq!(Percent::parse("10"), Ok(Percent::new(10)));
        for bad in ["", "%", "1.%", ".5%", "0.001%", "-1%", "1001%", "1e2"] {
            assert!(Percent::parse(bad).is_err(), "{bad:?} must be refused");
        }
    }

    #[test]
    fn processors_may_be_split() {
        assert_eq!(Cpus::parse("0.5").map(Cpus::millis), Ok(500));
        assert_eq!(Cpus::parse("250m").map(Cpus::nanos), Ok(250_000_000));
        assert!(Cpus::parse("0").is_err() && Cpus::parse("1.5m").is_err());
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_the_same(
            bytes in 0..=i64::MAX.cast_unsigned(), points in 0..=100_000_u32, cpus in 1..=1_024_000_u32,
        ) {
            prop_assert_eq!(Bytes::parse(&Bytes(bytes).to_string()), Ok(Bytes(bytes)));
            prop_assert_eq!(Percent::parse(&Percent(points).to_string()), Ok(Percent(points)));
            prop_assert_eq!(Cpus::parse(&Cpus(cpus).to_string()), Ok(Cpus(cpus)));
        }
    }
}
