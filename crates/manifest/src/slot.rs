//! When a schedule is due, by the clocks of a place. Pure.

use crate::value::Schedule;
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// So many days ahead it is looked: what is due on 29 February may not be for eight years.
const HORIZON: u64 = 8 * 366;
/// The most minutes that clocks ever skipped: a day, when a country changed its side of the date line.
const MOST_SKIPPED: i64 = 24 * 60;

/// When `schedule` is due for the first time after `after`; nothing when it never is, like 30 February.
///
/// A time that clocks skip is due when they go on, and one that they show twice is due once; but what is due in every
/// hour is due whenever clocks show it, so that no hour goes without.
pub(crate) fn next_slot(
    schedule: &Schedule,
    zone: Tz,
    after: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let today = after.with_timezone(&zone).date_naive();
    // Clocks that were put back may show yesterday again.
    let first = today.checked_sub_days(Days::new(1))?;
    let mut days = (0..=HORIZON).filter_map(|ahead| first.checked_add_days(Days::new(ahead)));
    days.find_map(|day| on(schedule, zone, day).into_iter().filter(|slot| *slot > after).min())
}

impl Schedule {
    /// When it is due for the first time after `after`, in UTC; nothing when it never is.
    pub fn due_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        next_slot(self, Tz::UTC, after)
    }
}

/// Every time at which it is due on a day of the place, in no order.
fn on(schedule: &Schedule, zone: Tz, day: NaiveDate) -> Vec<DateTime<Utc>> {
    let weekday = day.weekday().num_days_from_sunday();
    if !schedule.fires_on(day.day(), day.month(), weekday) {
        return Vec::new();
    }
    let fires = |minute: &u32| schedule.fires_at(minute % 60, minute / 60);
    let shown = (0..24 * 60).filter(fires);
    let local = shown.filter_map(|minute| day.and_hms_opt(minute / 60, minute % 60, 0));
    let every_hour = schedule.fires_every_hour();
    local.flat_map(|local| instants(zone, local, every_hour)).collect()
}

fn instants(zone: Tz, local: NaiveDateTime, every_hour: bool) -> Vec<DateTime<Utc>> {
    let found = if every_hour {
        let shown = zone.from_local_datetime(&local);
        [shown.earliest(), shown.latest()]
    } else {
        let at = |minutes| zone.from_local_datetime(&(local + TimeDelta::minutes(minutes)));
        [(0..=MOST_SKIPPED).find_map(|minutes| at(minutes).earliest()), None]
    };
    found.into_iter().flatten().map(|time| time.with_timezone(&Utc)).collect()
}

#[cfg(test)]
mod tests;
