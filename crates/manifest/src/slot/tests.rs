//! Schedules against a calendar: changes of the clock, days that are rare, days that never come.

use super::*;
use proptest::prelude::*;

fn schedule(text: &str) -> Schedule {
    Schedule::parse(text).expect("a schedule")
}

fn at(time: &str) -> DateTime<Utc> {
    format!("{time}:00Z").parse().expect("a time")
}

/// The first three times after `after`.
fn next(text: &str, zone: Tz, after: &str) -> Vec<String> {
    let schedule = schedule(text);
    let following = |time: &DateTime<Utc>| next_slot(&schedule, zone, *time);
    let slots = std::iter::successors(Some(at(after)), following).skip(1).take(3);
    slots.map(|slot| slot.format("%m-%d %R").to_string()).collect()
}

#[test]
fn a_time_that_clocks_skip_is_due_when_they_go_on() {
    // On 29 March clocks in Berlin go from 2 to 3, which is 1:00Z.
    let night = next("30 2 * * *", Tz::Europe__Berlin, "2026-03-27T12:00");
    assert_eq!(night, ["03-28 01:30", "03-29 01:00", "03-30 00:30"]);
}

#[test]
fn a_time_that_clocks_show_twice_is_due_once() {
    // On 25 October they show 2:30 at 0:30Z, and again an hour later.
    let night = next("30 2 * * *", Tz::Europe__Berlin, "2026-10-24T12:00");
    assert_eq!(night, ["10-25 00:30", "10-26 01:30", "10-27 01:30"]);
}

#[test]
fn what_is_due_every_hour_is_due_in_each() {
    let back = next("30 * * * *", Tz::Europe__Berlin, "2026-10-25T00:00");
    assert_eq!(back, ["10-25 00:30", "10-25 01:30", "10-25 02:30"]);
    let forth = next("30 * * * *", Tz::Europe__Berlin, "2026-03-29T00:00");
    assert_eq!(forth, ["03-29 00:30", "03-29 01:30", "03-29 02:30"]);
}

#[test]
fn rare_days_are_found_and_days_that_never_come_are_not() {
    assert_eq!(next("0 0 29 2 *", Tz::UTC, "2097-01-01T00:00"), ["02-29 00:00"; 3]);
    assert_eq!(next("0 0 30 2 *", Tz::UTC, "2026-01-01T00:00"), [""; 0]);
    assert_eq!(next("0 9 * * MON", Tz::Asia__Kolkata, "2026-11-22T00:00")[0], "11-23 03:30");
}

fn any_schedule() -> impl Strategy<Value = Schedule> {
    let texts = [
        "0 2 * * *",
        "30 2 * * *",
        "*/15 * * * *",
        "15 */6 * * *",
        "0 0 1,15 * *",
        "5 1-3 * * SUN",
    ];
    prop::sample::select(texts.map(schedule).to_vec())
}

fn any_zone() -> impl Strategy<Value = Tz> {
    prop::sample::select(vec![
        Tz::UTC,
        Tz::Europe__Berlin,
        Tz::America__New_York,
        Tz::Australia__Lord_Howe,
        Tz::Pacific__Apia,
    ])
}

proptest! {
    /// The next time is later, none is left out before it, and it is one that clocks show or the end of what they skip.
    #[test]
    fn none_is_left_out(schedule in any_schedule(), zone in any_zone(), minute in 0_i64..9_000_000, part in 0_i32..100) {
        let after = at("2010-01-01T00:00") + TimeDelta::minutes(minute);
        let slot = next_slot(&schedule, zone, after).expect("it is due some day");
        prop_assert!(slot > after);
        let between = after + (slot - after) * part / 100;
        prop_assert_eq!(next_slot(&schedule, zone, between), Some(slot));
        let shown = slot.with_timezone(&zone).naive_local();
        let (weekday, time) = (shown.weekday().num_days_from_sunday(), shown.format("%-M %-H").to_string());
        let (minute, hour) = time.split_once(' ').expect("two numbers");
        let fires = schedule.fires(
            minute.parse().expect("a number"), hour.parse().expect("a number"), shown.day(), shown.month(), weekday,
        );
        let before = zone.from_local_datetime(&(shown - TimeDelta::minutes(1))).earliest();
        prop_assert!(fires || before.is_none(), "{slot} is {shown}");
    }

    /// What has a fixed time is due once on each of its days, whatever clocks do.
    #[test]
    fn a_fixed_time_is_due_once_a_day(zone in any_zone(), day in 0_u64..6000) {
        let nightly = schedule("30 2 * * *");
        let first = NaiveDate::from_ymd_opt(2010, 1, 1).expect("a day") + Days::new(day);
        prop_assert_eq!(on(&nightly, zone, first).len(), 1);
    }
}
