//! How good each model is now, and whether it itself was better before, or the one before it was. Pure.

use super::quality::{Figures, Quality, float};
use crate::db::quality::Hour;
use chrono::{DateTime, TimeDelta, Utc};
use manifest::{Percent, Truth};

/// With fewer on either side nothing is said.
const LEAST: u64 = 100;
/// So many of a hundred more that are wrong matter, if nobody says otherwise.
const FLOOR: f64 = 0.02;
/// Numbers that are further off by so much matter, if nobody says otherwise.
const FLOOR_OF_DISTANCE: f64 = 0.1;
/// One in two hundred differences is larger by chance; two are looked at.
const SURE: f64 = 2.58;

/// From when on, and until when.
pub(crate) type Window = (DateTime<Utc>, DateTime<Utc>);

/// What is known of a model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Grade {
    pub(crate) model: String,
    /// The releases that answered with it, rising.
    pub(crate) releases: Vec<i64>,
    /// From the first hour that counts to the end of the last.
    pub(crate) window: Window,
    /// In the window.
    pub(crate) now: Figures,
    /// Before, or of the model that it is compared with.
    pub(crate) before: Figures,
    /// The model that it is compared with, when it is not itself.
    pub(crate) against: Option<String>,
    pub(crate) verdict: Verdict,
    pub(crate) because: String,
}

/// Whether a model is as good as it was; of two comparisons the lesser counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// It is worse.
    Worse,
    /// It is not.
    AsBefore,
    /// There is too little to say so.
    InsufficientData,
}

/// What counts as worse.
#[derive(Debug, Clone, Copy)]
struct Bar {
    /// From which score on something is predicted to be true.
    threshold: f64,
    /// How much matters.
    worse_by: Option<f64>,
}

/// The grades of all models of which something is known, the newest first, each by the last `span` of which something is.
pub(crate) fn grades(hours: &[Hour], span: TimeDelta, truth: &Truth) -> Vec<Grade> {
    let worse_by = truth.worse_by.map(Percent::fraction);
    let bar = Bar { threshold: truth.threshold.fraction(), worse_by };
    let mut models: Vec<&str> = Vec::new();
    for hour in hours.iter().rev().filter(|hour| hour.quality != Quality::Nothing) {
        if !models.contains(&hour.model.as_str()) {
            models.push(&hour.model);
        }
    }
    let former = models.iter().skip(1).copied().map(Some).chain([None]);
    let pairs = models.iter().copied().zip(former);
    pairs.map(|(model, former)| grade(hours, (model, former), (span, bar))).collect()
}

/// All that is known of a model since `from`, or before.
fn known(hours: &[Hour], model: &str, is_meant: impl Fn(&Hour) -> bool) -> Quality {
    let mut all = Quality::default();
    for hour in hours.iter().filter(|hour| hour.model == model && is_meant(hour)) {
        all.merge(&hour.quality);
    }
    all
}

/// From the first hour of a model since `from` of which something is known to the end of the last.
fn window(hours: &[Hour], model: &str, from: DateTime<Utc>) -> Window {
    let known = hours.iter().filter(|it| it.model == model && it.quality != Quality::Nothing);
    let begins = known.map(|hour| hour.begins).filter(|begins| *begins >= from);
    let last = begins.clone().max();
    (begins.min().unwrap_or(from), last.map_or(from, |last| last + TimeDelta::hours(1)))
}

fn grade(
    hours: &[Hour],
    (model, former): (&str, Option<&str>),
    (span, bar): (TimeDelta, Bar),
) -> Grade {
    let of_model = hours.iter().filter(|hour| hour.model == model);
    let mut releases: Vec<i64> = of_model.map(|hour| hour.number).collect();
    releases.sort_unstable();
    releases.dedup();
    let compared = |from: DateTime<Utc>, before: &Quality, against: Option<&str>| {
        let now = known(hours, model, |hour| hour.begins >= from);
        let (verdict, because) = judged(&now, before, bar);
        Grade {
            model: model.to_owned(),
            releases: releases.clone(),
            window: window(hours, model, from),
            now: now.figures(bar.threshold),
            before: before.figures(bar.threshold),
            against: against.map(str::to_owned),
            verdict,
            because,
        }
    };
    // By the clock, what is told later than the span is long would never be in it.
    let from = window(hours, model, DateTime::<Utc>::MIN_UTC).1 - span;
    let itself = compared(from, &known(hours, model, |hour| hour.begins < from), None);
    let Some(former) = former else { return itself };
    let before = known(hours, former, |_| true);
    let mut with_former = compared(from, &before, Some(former));
    if with_former.verdict == Verdict::InsufficientData {
        // All there is of a model may be enough.
        with_former = compared(DateTime::<Utc>::MIN_UTC, &before, Some(former));
    }
    // Beside itself one that was bad from its first day is as before.
    if with_former.verdict < itself.verdict { with_former } else { itself }
}

fn judged(now: &Quality, before: &Quality, bar: Bar) -> (Verdict, String) {
    let floor = bar.worse_by.unwrap_or(FLOOR);
    let compared = match (now, before) {
        (Quality::Score { .. }, Quality::Score { .. }) => {
            let ([yes, no], [yes_before, no_before]) =
                (now.missed(bar.threshold), before.missed(bar.threshold));
            vec![
                shares(("of what was true", "was missed"), yes, yes_before, floor),
                shares(("of what was not", "was said to be"), no, no_before, floor),
            ]
        }
        (Quality::Class { right, wrong }, Quality::Class { right: r, wrong: w }) => {
            vec![shares(("of all", "was wrong"), (right + wrong, *wrong), (r + w, *w), floor)]
        }
        (Quality::Number { .. }, Quality::Number { .. }) => {
            vec![distances(now, before, bar.worse_by.unwrap_or(FLOOR_OF_DISTANCE))]
        }
        _ => Vec::new(),
    };
    let compared: Vec<(bool, String)> = compared.into_iter().flatten().collect();
    if let Some((_, why)) = compared.iter().find(|(is_worse, _)| *is_worse) {
        return (Verdict::Worse, why.clone());
    }
    if let Some((_, why)) = compared.into_iter().next() {
        return (Verdict::AsBefore, why);
    }
    let why = format!("{LEAST} are needed in the window, and as many from before");
    (Verdict::InsufficientData, why)
}

/// Whether a share rose, and how; nothing of too few.
fn shares(
    (of, what): (&str, &str),
    (all, hits): (u64, u64),
    (all_before, hits_before): (u64, u64),
    floor: f64,
) -> Option<(bool, String)> {
    if all < LEAST || all_before < LEAST {
        return None;
    }
    let (share, before) = (float(hits) / float(all), float(hits_before) / float(all_before));
    let pooled = float(hits + hits_before) / float(all + all_before);
    let noise = (pooled * (1.0 - pooled) * (1.0 / float(all) + 1.0 / float(all_before))).sqrt();
    let is_worse = share - before > floor && share - before > SURE * noise;
    let told = format!("{of} {:.1} % {what}, {:.1} % before", share * 100.0, before * 100.0);
    Some((is_worse, told))
}

fn distances(now: &Quality, before: &Quality, floor: f64) -> Option<(bool, String)> {
    let of = |quality: &Quality| {
        let Quality::Number { count, absolute, squares } = quality else { return None };
        let count = Some(*count).filter(|count| *count >= LEAST).map(float)?;
        let mean = absolute / count;
        Some((mean, (squares / count - mean * mean).max(0.0) / count))
    };
    let ((mean, noise), (mean_before, noise_before)) = (of(now)?, of(before)?);
    let more = mean - mean_before;
    let is_sure = more > SURE * (noise + noise_before).sqrt();
    let is_worse = is_sure && more > floor * mean_before;
    Some((is_worse, format!("off by {mean:.3} on average, by {mean_before:.3} before")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;
    const HALF: &str = r#"{"key":null,"kind":"class","threshold":5000}"#;

    fn hour(age: i64, number: i64, quality: Quality) -> Hour {
        let model = format!("sha256:{}", number / 2);
        Hour { begins: NOW - TimeDelta::hours(age), number, model, quality }
    }

    fn classes(right: u64, wrong: u64) -> Quality {
        Quality::Class { right, wrong }
    }

    /// As a release keeps it: shares in hundredths of a per cent.
    fn graded(hours: &[Hour], truth: &str) -> Vec<Grade> {
        let truth = serde_json::from_str(truth).expect("a truth");
        grades(hours, TimeDelta::hours(24), &truth)
    }

    fn told(hours: &[Hour]) -> Vec<(Verdict, String)> {
        let grades = graded(hours, HALF);
        grades.into_iter().map(|grade| (grade.verdict, grade.because)).collect()
    }

    #[test]
    fn a_model_is_compared_with_itself() {
        let hours = [
            hour(90, 2, classes(90, 10)),
            hour(80, 3, classes(90, 10)),
            hour(3, 3, classes(180, 20)),
            hour(2, 4, classes(20, 80)),
        ];
        let all = graded(&hours, HALF);
        assert_eq!(
            all.iter().map(|it| it.releases.clone()).collect::<Vec<_>>(),
            [vec![4], vec![2, 3]]
        );
        assert_eq!((all[1].before.told, all[1].now.told), (200, 200));
        assert_eq!(
            (all[1].against.as_deref(), all[0].against.as_deref()),
            (None, Some("sha256:1"))
        );
        assert_eq!(
            (all[1].verdict, all[1].because.as_str()),
            (Verdict::AsBefore, "of all 10.0 % was wrong, 10.0 % before")
        );
    }

    #[test]
    fn what_is_worse_is_told_with_how() {
        let classes = told(&[hour(90, 1, classes(950, 50)), hour(1, 1, classes(900, 100))]);
        assert_eq!(classes, [(Verdict::Worse, "of all 10.0 % was wrong, 5.0 % before".to_owned())]);
        let score =
            |found: u64, missed: u64| Quality::Score { yes: vec![missed, found], no: vec![0, 9] };
        let low = r#"{"key":null,"kind":"score","threshold":100}"#;
        let at = graded(&[hour(90, 1, score(90, 10)), hour(1, 1, score(60, 40))], low);
        assert_eq!(at[0].because, "of what was true 40.0 % was missed, 10.0 % before");
        let number = |each: f64| Quality::Number {
            count: 400,
            absolute: 400.0 * each,
            squares: 500.0 * each * each,
        };
        let numbers = told(&[hour(90, 1, number(2.0)), hour(1, 1, number(3.0))]);
        assert_eq!(
            numbers,
            [(Verdict::Worse, "off by 3.000 on average, by 2.000 before".to_owned())]
        );
    }

    #[test]
    fn a_model_that_is_too_new_is_compared_with_the_one_before_it() {
        let hours = |right: u64| {
            [
                hour(3, 1, classes(950, 50)),
                hour(2, 1, classes(950, 50)),
                hour(1, 2, classes(right, 100)),
            ]
        };
        let worse = told(&hours(900));
        assert_eq!(worse[0], (Verdict::Worse, "of all 10.0 % was wrong, 5.0 % before".to_owned()));
        assert_eq!(worse[1].0, Verdict::InsufficientData);
        assert_eq!(told(&hours(1_900))[0].0, Verdict::AsBefore);
    }

    #[test]
    fn a_model_that_is_as_bad_as_on_its_first_day_is_worse_than_the_one_before_it() {
        let hours = |right: u64| {
            [
                hour(150, 1, classes(1_900, 100)),
                hour(90, 2, classes(900, 100)),
                hour(1, 2, classes(right, 100)),
            ]
        };
        let bad = graded(&hours(900), HALF);
        assert_eq!(bad[0].because, "of all 10.0 % was wrong, 5.0 % before");
        assert_eq!((bad[0].verdict, bad[0].against.as_deref()), (Verdict::Worse, Some("sha256:0")));
        // It is over when its last window is as good.
        let good = graded(&hours(1_900), HALF);
        assert_eq!((good[0].verdict, good[0].against.as_deref()), (Verdict::AsBefore, None));
        assert_eq!(good[0].because, "of all 5.0 % was wrong, 10.0 % before");
    }

    #[test]
    fn the_window_is_of_what_was_compared() {
        let ago = |hours: i64| NOW - TimeDelta::hours(hours);
        let mut hours = vec![
            hour(200, 1, classes(950, 50)),
            hour(90, 2, classes(60, 20)),
            hour(8, 2, classes(30, 10)),
            hour(1, 2, classes(30, 10)),
        ];
        // Of few requests all are compared with the model before.
        let all = graded(&hours, HALF);
        assert_eq!((all[0].verdict, all[0].now.told), (Verdict::Worse, 160));
        assert_eq!(all[0].window, (ago(90), NOW));
        hours.extend([hour(80, 2, classes(60, 20)), hour(0, 2, classes(90, 30))]);
        let last = graded(&hours, HALF);
        assert_eq!((last[0].now.told, last[0].window), (200, (ago(8), ago(-1))));
    }

    #[test]
    fn what_is_told_late_is_judged_by_when_it_was_predicted() {
        let hours = |late: i64| {
            [hour(90 + late, 1, classes(950, 50)), hour(1 + late, 1, classes(900, 100))]
        };
        for late in [0, 1_000] {
            let grades = graded(&hours(late), HALF);
            assert_eq!(grades[0].verdict, Verdict::Worse, "{late}");
            assert_eq!(grades[0].window.1, NOW - TimeDelta::hours(late));
        }
    }

    #[test]
    fn how_much_matters_is_declared() {
        let lenient = r#"{"key":null,"kind":"class","threshold":5000,"worse_by":600}"#;
        let hours = [hour(90, 1, classes(950, 50)), hour(1, 1, classes(900, 100))];
        assert_eq!(graded(&hours, lenient)[0].verdict, Verdict::AsBefore);
        assert_eq!(graded(&hours, HALF)[0].verdict, Verdict::Worse);
    }

    #[test]
    fn little_is_not_told_for_no_difference() {
        let few = told(&[hour(90, 1, classes(50, 5)), hour(1, 1, classes(5, 50))]);
        assert_eq!(few[0].0, Verdict::InsufficientData);
        // Of so few, two points more are chance.
        let chance = told(&[hour(90, 1, classes(95, 5)), hour(1, 1, classes(92, 8))]);
        assert_eq!(chance[0].0, Verdict::AsBefore);
        assert_eq!(told(&[]), []);
    }
}
