//! Windows against a calendar: weekends, changes of the clock, windows over windows.

use super::*;
use crate::value::{Schedule, Span, Timezone};
use proptest::prelude::*;

fn window(text: &str, lasts: &str, timezone: &str) -> Freeze {
    let (word, schedule) = text.split_once(' ').expect("a word and a schedule");
    let schedule = Schedule::parse(schedule).expect("a schedule");
    let window = if word == "deny" { Window::Deny(schedule) } else { Window::Allow(schedule) };
    let (lasts, timezone) = (Span::parse(lasts), Timezone::parse(timezone));
    Freeze { window, lasts: lasts.expect("a span"), timezone: timezone.expect("a zone") }
}

fn at(time: &str) -> DateTime<Utc> {
    format!("{time}:00Z").parse().expect("a time")
}

/// Until when it is closed.
fn until(freezes: &[Freeze], time: &str) -> String {
    match closed(freezes, at(time)) {
        None => "open".to_owned(),
        Some(Closed { until: None, .. }) => "never".to_owned(),
        Some(Closed { until: Some(until), .. }) => until.format("%a %F %R").to_string(),
    }
}

#[test]
fn a_weekend_begins_and_ends_by_the_clocks_of_its_place() {
    let weekend = [window("deny 0 17 * * FRI", "60h", "Europe/Berlin")];
    let told = ["2026-11-27T15:59", "2026-11-27T16:00", "2026-11-30T03:59", "2026-11-30T04:00"]
        .map(|time| until(&weekend, time));
    assert_eq!(told, ["open", "Mon 2026-11-30 04:00", "Mon 2026-11-30 04:00", "open"]);
    let why = closed(&weekend, at("2026-11-28T00:00")).expect("it is frozen").to_string();
    assert_eq!(
        why,
        "until 2026-11-30 04:00Z: within deny \"0 17 * * FRI\" for 2d12h in Europe/Berlin"
    );
}

#[test]
fn a_time_that_clocks_skip_or_show_twice_counts_once() {
    let night = [window("deny 30 2 * * *", "1h", "Europe/Berlin")];
    // On 29 March clocks go from 2 to 3, which is 1:00Z.
    assert_eq!(until(&night, "2026-03-29T00:59"), "open");
    assert_eq!(until(&night, "2026-03-29T01:00"), "Sun 2026-03-29 02:00");
    // On 25 October they show 2:30 at 0:30Z, and again an hour later.
    assert_eq!(until(&night, "2026-10-25T00:30"), "Sun 2026-10-25 01:30");
    assert_eq!(until(&night, "2026-10-25T01:30"), "open");
}

#[test]
fn an_hour_of_a_window_is_an_hour() {
    let weekend = [window("deny 0 17 * * FRI", "60h", "Europe/Berlin")];
    assert_eq!(until(&weekend, "2026-03-28T12:00"), "Mon 2026-03-30 04:00");
}

#[test]
fn deny_beats_allow_and_without_allow_everything_is() {
    let hours = window("allow 0 9 * * MON-FRI", "8h", "UTC");
    let lunch = window("deny 0 12 * * *", "1h", "UTC");
    let both = [hours, lunch];
    let told = ["2026-11-23T10:00", "2026-11-23T12:30", "2026-11-27T18:00", "2026-11-28T12:30"]
        .map(|time| until(&both, time));
    assert_eq!(
        told,
        ["open", "Mon 2026-11-23 13:00", "Mon 2026-11-30 09:00", "Mon 2026-11-30 09:00"]
    );
    assert_eq!(until(&[], "2026-11-28T12:30"), "open");
}

#[test]
fn windows_that_overlap_are_one() {
    let days = [window("deny 0 0 * * SAT", "1d", "UTC"), window("deny 0 20 * * SAT", "28h", "UTC")];
    assert_eq!(until(&days, "2026-11-28T10:00"), "Mon 2026-11-30 00:00");
    let months = [window("deny 0 0 1 12 *", "60d", "America/New_York")];
    assert_eq!(until(&months, "2027-01-15T00:00"), "Sat 2027-01-30 05:00");
}

#[test]
fn what_never_opens_is_said_to() {
    assert_eq!(until(&[window("deny * * * * *", "1m", "UTC")], "2026-11-28T10:00"), "never");
    assert_eq!(until(&[window("allow 0 0 30 2 *", "1d", "UTC")], "2026-11-28T10:00"), "never");
}

fn any_freeze() -> impl Strategy<Value = Freeze> {
    let schedules =
        prop::sample::select(vec!["0 17 * * FRI", "30 2 * * *", "15 */6 * * *", "0 0 1,15 * *"]);
    let words = prop::sample::select(vec!["deny", "allow"]);
    let zones =
        prop::sample::select(vec!["UTC", "Europe/Berlin", "Asia/Kolkata", "Pacific/Auckland"]);
    (words, schedules, 1_u32..4000, zones).prop_map(|(word, schedule, minutes, zone)| {
        window(&format!("{word} {schedule}"), &format!("{minutes}m"), zone)
    })
}

proptest! {
    /// From now until the time that is told everything is closed, and then it is open.
    #[test]
    fn what_is_told_is_so(
        freezes in prop::collection::vec(any_freeze(), 1..4),
        minute in 0_i64..1_000_000,
        between in 0_i64..1000,
    ) {
        let now = at("2026-01-01T00:00") + TimeDelta::minutes(minute);
        if let Some(Closed { until: Some(until), .. }) = closed(&freezes, now) {
            prop_assert!(until > now);
            prop_assert_eq!(closed(&freezes, until), None);
            let some_time = now + (until - now) / 1000 * i32::try_from(between).unwrap_or(0);
            let then = closed(&freezes, some_time).and_then(|closed| closed.until);
            prop_assert_eq!(then, Some(until));
        }
    }
}
