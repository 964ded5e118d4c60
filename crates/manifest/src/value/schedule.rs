//! Cron expressions.

use super::InvalidValue;
use serde::{Deserialize, Serialize};
use std::fmt;

const RULE: &str = "write five fields MINUTE HOUR DAY MONTH WEEKDAY, like \"0 2 * * *\"";
const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A cron expression of five fields, with names, lists, ranges and steps; Sunday is 0 or 7. When day and
/// weekday are both restricted, either is enough.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Schedule {
    text: String,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
}

impl Schedule {
    /// The schedule in `text`.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let invalid = || InvalidValue::new("a schedule", text, RULE);
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else { return Err(invalid()) };
        let field = |text, range, names| field(text, range, names).ok_or_else(invalid);
        let weekdays = field(weekday, (0, 7), &WEEKDAYS)?;
        Ok(Self {
            text: fields.join(" "),
            minutes: field(minute, (0, 59), &[])?,
            hours: field(hour, (0, 23), &[])?,
            days: field(day, (1, 31), &[])?,
            months: field(month, (1, 12), &MONTHS)?,
            weekdays: (weekdays | weekdays >> 7) & 0x7f,
        })
    }

    /// Whether it fires in the minute named, with months and days from 1 and weekdays from Sunday 0.
    pub fn fires(&self, minute: u32, hour: u32, day: u32, month: u32, weekday: u32) -> bool {
        self.fires_on(day, month, weekday) && self.fires_at(minute, hour)
    }

    /// Whether it fires in that minute of the days on which it fires.
    pub(crate) fn fires_at(&self, minute: u32, hour: u32) -> bool {
        has(self.minutes, minute) && has(self.hours, hour)
    }

    /// Whether it fires on that day.
    pub(crate) fn fires_on(&self, day: u32, month: u32, weekday: u32) -> bool {
        let (on_day, on_weekday) = (has(self.days, day), has(self.weekdays, weekday));
        let mut fields = self.text.split(' ').skip(2);
        let any_day = fields.next().is_some_and(|day| day.starts_with('*'));
        let any_weekday = fields.nth(1).is_some_and(|weekday| weekday.starts_with('*'));
        let today =
            if any_day || any_weekday { on_day && on_weekday } else { on_day || on_weekday };
        today && has(self.months, month)
    }

    /// Whether it fires in every hour of the days on which it fires.
    pub(crate) fn fires_every_hour(&self) -> bool {
        (0..24).all(|hour| has(self.hours, hour))
    }

    /// The five fields.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

fn has(set: u64, n: u32) -> bool {
    set.checked_shr(n).is_some_and(|rest| rest & 1 == 1)
}

/// The numbers that one field means, as bits.
fn field(text: &str, (low, high): (u32, u32), names: &[&str]) -> Option<u64> {
    text.split(',').try_fold(0, |bits, item| {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(number(step)?)),
            None => (item, None),
        };
        let value = |text: &str| {
            let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
            match named {
                Some(n) => u32::try_from(n).ok().map(|n| n + low),
                None => number(text).filter(|n| (low..=high).contains(n)),
            }
        };
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (low, high),
            Some((first, last)) => (value(first)?, value(last)?),
            None if step.is_some() => (value(range)?, high),
            None => (value(range)?, value(range)?),
        };
        let step = step.unwrap_or(1);
        if first > last || step == 0 {
            return None;
        }
        Some((first..=last).step_by(step as usize).fold(bits, |bits, n| bits | 1 << n))
    })
}

fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for Schedule {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        Self::parse(&text)
    }
}

impl From<Schedule> for String {
    fn from(schedule: Schedule) -> String {
        schedule.text
    }
}

crate::grammar::scalar!(
    Schedule,
    "a schedule",
    Schedule::parse,
    Schedule {
        text: "* * * * *".to_owned(),
        minutes: u64::MAX,
        hours: u64::MAX,
        days: u64::MAX,
        months: u64::MAX,
        weekdays: u64::MAX,
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    fn fires(text: &str, (minute, hour, day, month, weekday): (u32, u32, u32, u32, u32)) -> bool {
        Schedule::parse(text).is_ok_and(|s| s.fires(minute, hour, day, month, weekday))
    }

    #[test]
    fn a_schedule_fires_when_cron_would() {
        assert!(fires("0 2 * * *", (0, 2, 9, 9, 3)) && !fires("0 2 * * *", (1, 2, 9, 9, 3)));
        assert!(
            fires("0 17 * * FRI", (0, 17, 1, 1, 5)) && !fires("0 17 * * fri", (0, 17, 1, 1, 4))
        );
        assert!(fires("*/15 8-18/2 * JAN,jul *", (45, 10, 1, 7, 0)));
        assert!(fires("0 0 * * 7", (0, 0, 1, 1, 0)));
    }

    #[test]
    fn a_day_and_a_weekday_are_alternatives() {
        assert!(fires("0 0 13 * FRI", (0, 0, 13, 1, 2)) && fires("0 0 13 * FRI", (0, 0, 1, 1, 5)));
        assert!(!fires("0 0 13 * FRI", (0, 0, 1, 1, 2)));
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        let bad =
            ["", "* * * *", "60 * * * *", "* * 0 * *", "5-1 * * * *", "*/0 * * * *", "a * * * *"];
        for text in bad.into_iter().chain(["* * * * 8", "* * * * * *", "1,,2 * * * *", "@daily"]) {
            assert!(Schedule::parse(text).is_err(), "{text:?} must be refused");
        }
    }
}
