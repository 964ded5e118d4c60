//! When releases may begin: windows that open by the clocks of a place, and last for so many real hours. Pure.

use crate::environment::{Freeze, Window};
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use std::fmt;

/// What did not open after so many windows is not waited for.
const MOST_WINDOWS: usize = 1000;
/// So many days ahead an `allow` window is looked for.
const YEAR: u64 = 366;
/// The most minutes that clocks ever skipped: a day, when a country changed its side of the date line.
const MOST_SKIPPED: i64 = 24 * 60;

/// Why a release may not begin, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Closed {
    /// The window that holds it.
    pub why: String,
    /// When it may begin; nothing when no such time is in sight.
    pub until: Option<DateTime<Utc>>,
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.until {
            Some(until) => write!(f, "until {}: {}", until.format("%Y-%m-%d %H:%MZ"), self.why),
            None => write!(f, "with no end in sight: {}", self.why),
        }
    }
}

/// Why a release may not begin `now`; nothing when it may.
pub fn closed(freezes: &[Freeze], now: DateTime<Utc>) -> Option<Closed> {
    let Held { why, mut until } = held(freezes, now)?;
    for _ in 0..MOST_WINDOWS {
        let Some(next) = until else { break };
        match held(freezes, next) {
            Some(again) => until = again.until,
            None => return Some(Closed { why, until }),
        }
    }
    Some(Closed { why, until: None })
}

/// What holds a release at one time, and until when at least.
struct Held {
    why: String,
    until: Option<DateTime<Utc>>,
}

fn held(freezes: &[Freeze], time: DateTime<Utc>) -> Option<Held> {
    let (deny, allow): (Vec<_>, Vec<_>) =
        freezes.iter().partition(|freeze| matches!(freeze.window, Window::Deny(_)));
    let ends = deny.into_iter().filter_map(|freeze| Some((end(freeze, time)?, freeze)));
    if let Some((until, freeze)) = ends.max_by_key(|(end, _)| *end) {
        return Some(Held { why: format!("within {freeze}"), until: Some(until) });
    }
    if allow.is_empty() || allow.iter().any(|freeze| end(freeze, time).is_some()) {
        return None;
    }
    let until = allow.iter().filter_map(|freeze| next(freeze, time)).min();
    let windows: Vec<_> = allow.iter().map(ToString::to_string).collect();
    Some(Held { why: format!("outside of {}", windows.join(" and ")), until })
}

/// The end of the window that `time` is in.
fn end(freeze: &Freeze, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let lasts = TimeDelta::from_std(freeze.lasts.duration()).ok()?;
    let today = time.with_timezone(&zone(freeze)).date_naive();
    let back = u64::try_from(lasts.num_days()).ok()? + 1;
    let days = (0..=back).filter_map(|back| today.checked_sub_days(Days::new(back)));
    let begin = days.flat_map(|day| starts(freeze, day).rev()).find(|start| *start <= time)?;
    begin.checked_add_signed(lasts).filter(|end| *end > time)
}

/// When the window begins for the first time after `time`.
fn next(freeze: &Freeze, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let today = time.with_timezone(&zone(freeze)).date_naive();
    let days = (0..=YEAR).filter_map(|ahead| today.checked_add_days(Days::new(ahead)));
    days.flat_map(|day| starts(freeze, day)).find(|start| *start > time)
}

/// When the window begins on a day of its place, in order.
fn starts(freeze: &Freeze, day: NaiveDate) -> impl DoubleEndedIterator<Item = DateTime<Utc>> {
    let (Window::Deny(schedule) | Window::Allow(schedule)) = &freeze.window;
    let weekday = day.weekday().num_days_from_sunday();
    let is_today = schedule.fires_on(day.day(), day.month(), weekday);
    let minutes = if is_today { 0..24 * 60 } else { 0..0 };
    let fires = move |minute: &u32| schedule.fires_at(minute % 60, minute / 60);
    let zone = zone(freeze);
    minutes
        .filter(fires)
        .filter_map(move |minute| instant(zone, day.and_hms_opt(minute / 60, minute % 60, 0)?))
}

/// When clocks first show this, or what comes next where they skip it.
fn instant(zone: Tz, local: NaiveDateTime) -> Option<DateTime<Utc>> {
    let shown = |minutes: i64| {
        let local = local.checked_add_signed(TimeDelta::minutes(minutes))?;
        zone.from_local_datetime(&local).earliest()
    };
    (0..=MOST_SKIPPED).find_map(shown).map(|time| time.with_timezone(&Utc))
}

/// What is no zone is refused where the manifest is read.
fn zone(freeze: &Freeze) -> Tz {
    freeze.timezone.zone().unwrap_or(Tz::UTC)
}

impl fmt::Display for Freeze {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, schedule) = match &self.window {
            Window::Deny(schedule) => ("deny", schedule),
            Window::Allow(schedule) => ("allow", schedule),
        };
        write!(f, "{word} \"{schedule}\" for {} in {}", self.lasts, self.timezone)
    }
}

#[cfg(test)]
mod tests;
