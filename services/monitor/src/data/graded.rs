//! How good each model is now, and whether it itself was better before, or the one before it was; where somebody said that
//! it is well so, whether it is worse than it was then. Pure.

use super::quality::{Figures, Quality, float};
use crate::db::quality::Hour;
use crate::db::standard::Standard;
use chrono::{DateTime, TimeDelta, Utc};
use manifest::{Percent, Truth};
use std::mem::discriminant;

/// With fewer on either side nothing is said.
pub(super) const LEAST: u64 = 100;
/// So many of a hundred more that are wrong matter, if nobody says otherwise.
const FLOOR: f64 = 0.02;
/// Numbers that are further off by so much matter, if nobody says otherwise.
const FLOOR_OF_DISTANCE: f64 = 0.1;
/// One in two hundred differences is larger by chance; two are looked at.
const SURE: f64 = 2.58;

/// From when on, and until when.
pub(crate) type Window = (DateTime<Utc>, DateTime<Utc>);

/// What is known of a place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a> {
    /// The oldest first.
    pub(crate) hours: &'a [Hour],
    /// What somebody accepted, one of a model.
    pub(crate) standards: &'a [Standard],
}

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
    /// What that was made of.
    pub(crate) counts: Quality,
    /// Before, or of the model that it is compared with.
    pub(crate) before: Figures,
    /// The model that it is compared with, when it is not itself.
    pub(crate) against: Option<String>,
    /// What was accepted of the model, or of the one that it is compared with, when it is compared with that.
    pub(crate) standard: Option<Standard>,
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
pub(crate) fn grades(known: Known<'_>, span: TimeDelta, truth: &Truth) -> Vec<Grade> {
    let worse_by = truth.worse_by.map(Percent::fraction);
    let bar = Bar { threshold: truth.threshold.fraction(), worse_by };
    let mut models: Vec<&str> = Vec::new();
    for hour in known.hours.iter().rev().filter(|hour| hour.quality != Quality::Nothing) {
        if !models.contains(&hour.model.as_str()) {
            models.push(&hour.model);
        }
    }
    let former = models.iter().skip(1).copied().map(Some).chain([None]);
    let pairs = models.iter().copied().zip(former);
    pairs.map(|(model, former)| grade(known, (model, former), (span, bar))).collect()
}

impl Known<'_> {
    /// All of a model in the hours that are meant.
    pub(super) fn of(&self, model: &str, is_meant: impl Fn(&Hour) -> bool) -> Quality {
        let mut all = Quality::default();
        for hour in self.hours.iter().filter(|hour| hour.model == model && is_meant(hour)) {
            all.merge(&hour.quality);
        }
        all
    }

    /// What is known of a model in the last `span` of which something is, and of when that is.
    pub(super) fn last(&self, model: &str, span: TimeDelta) -> (Quality, Window) {
        let from = self.since(model, span);
        (self.of(model, |hour| hour.begins >= from), window(self.hours, model, from))
    }

    /// When the last `span` of a model begins.
    fn since(&self, model: &str, span: TimeDelta) -> DateTime<Utc> {
        // By the clock, what is told later than the span is long would never be in it.
        window(self.hours, model, DateTime::<Utc>::MIN_UTC).1 - span
    }

    /// What was accepted of a model; with what is of another kind than it is told now nothing can be compared.
    fn standard(&self, model: &str) -> Option<&Standard> {
        let known = self.hours.iter().filter(|it| it.quality != Quality::Nothing);
        let last = known.rev().find(|hour| hour.model == model)?;
        let kind = discriminant(&last.quality);
        let is_meant = |it: &&Standard| it.model == model && discriminant(&it.quality) == kind;
        self.standards.iter().find(is_meant)
    }
}

/// From the first hour of a model since `from` of which something is known to the end of the last.
fn window(hours: &[Hour], model: &str, from: DateTime<Utc>) -> Window {
    let known = hours.iter().filter(|it| it.model == model && it.quality != Quality::Nothing);
    let begins = known.map(|hour| hour.begins).filter(|begins| *begins >= from);
    let last = begins.clone().max();
    (begins.min().unwrap_or(from), last.map_or(from, |last| last + TimeDelta::hours(1)))
}

fn grade(
    known: Known<'_>,
    (model, former): (&str, Option<&str>),
    (span, bar): (TimeDelta, Bar),
) -> Grade {
    let hours = known.hours;
    let of_model = hours.iter().filter(|hour| hour.model == model);
    let mut releases: Vec<i64> = of_model.map(|hour| hour.number).collect();
    releases.sort_unstable();
    releases.dedup();
    let compared = |from: DateTime<Utc>, before: &Quality, against: Option<&str>| {
        let now = known.of(model, |hour| hour.begins >= from);
        let (verdict, because) = judged(&now, before, bar);
        Grade {
            model: model.to_owned(),
            releases: releases.clone(),
            window: window(hours, model, from),
            now: now.figures(bar.threshold),
            before: before.figures(bar.threshold),
            counts: now,
            against: against.map(str::to_owned),
            standard: None,
            verdict,
            because,
        }
    };
    let from = known.since(model, span);
    if let Some(standard) = known.standard(model) {
        let against = |from: DateTime<Utc>| {
            let grade = compared(from, &standard.quality, None);
            Grade { standard: Some(standard.clone()), ..grade }
        };
        // Of few requests all are, but for what may have made the standard.
        return sufficient(against(from), || against(standard.at));
    }
    let itself = compared(from, &known.of(model, |hour| hour.begins < from), None);
    let Some(former) = former else { return itself };
    let standard = known.standard(former);
    let before = standard.map_or_else(|| known.of(former, |_| true), |it| it.quality.clone());
    let against = |from: DateTime<Utc>| {
        let grade = compared(from, &before, Some(former));
        Grade { standard: standard.cloned(), ..grade }
    };
    // All there is of a model may be enough.
    let with_former = sufficient(against(from), || against(DateTime::<Utc>::MIN_UTC));
    // Beside itself one that was bad from its first day is as before.
    if with_former.verdict < itself.verdict { with_former } else { itself }
}

/// By the last window, or by `longer` where only that is enough.
fn sufficient(last: Grade, longer: impl FnOnce() -> Grade) -> Grade {
    if last.verdict != Verdict::InsufficientData {
        return last;
    }
    let longer = longer();
    if longer.verdict == Verdict::InsufficientData { last } else { longer }
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
mod tests;
