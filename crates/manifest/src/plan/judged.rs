//! What a candidate is judged by, beside the stable release.

use super::JudgePlan;
use crate::prediction::Consequence;
use crate::reading::{Better, Reading, ReadingSource};
use crate::resolved::Resolved;
use crate::strategy::{Analysis, Strategy};
use crate::value::Percent;
use serde_json::Number;

/// Nothing where nothing runs: there is nothing to compare with.
pub(super) fn judged(resolved: &Resolved, running: Option<&Resolved>) -> Vec<JudgePlan> {
    let (Some(analysis), Some(_)) = (resolved.strategy.analysis(), running) else {
        return Vec::new();
    };
    let differences = match &resolved.strategy {
        Strategy::Shadow(shadow) => Some(shadow.differences),
        Strategy::Canary(_) | Strategy::BlueGreen | Strategy::Recreate => None,
    };
    let judge = |name: &str, worse_by: Percent, why: &str| {
        let why = why.to_owned();
        JudgePlan { name: name.to_owned(), worse_by, why }
    };
    let differences = differences.filter(|it| is_judged(*it));
    let differences = differences.map(|it| judge("differences", it, "answers are others"));
    let errors = judge("errors", analysis.errors.worse_by, "more requests fail, in points");
    let latency = [
        ("p50", analysis.p50.as_ref()),
        ("p95", Some(&analysis.p95)),
        ("p99", analysis.p99.as_ref()),
    ];
    let latency =
        latency.into_iter().filter_map(|(name, it)| Some(judge(name, it?.worse_by, "slower")));
    let readings = analysis
        .readings
        .iter()
        .map(|(name, reading)| judge(name.as_str(), reading.worse_by, &read(reading)));
    let predictions = predictions(resolved, analysis);
    let measured = [errors].into_iter().chain(differences).chain(latency);
    measured.chain(predictions).chain(readings).collect()
}

fn is_judged(allowed: Percent) -> bool {
    allowed < Percent::HUNDRED
}

/// What the model says, where it is known where that stands.
fn predictions(resolved: &Resolved, analysis: &Analysis) -> Vec<JudgePlan> {
    let data = resolved.drift.data.as_ref();
    if data.is_none_or(|data| data.capture.prediction.is_none()) {
        return Vec::new();
    }
    let wanted = &analysis.predictions;
    let then = match wanted.then {
        Consequence::Ask => "a person is asked about more",
        Consequence::Fail => "with more it goes back",
    };
    let is_shadow = matches!(resolved.strategy, Strategy::Shadow(_));
    let moved = ("predictions", wanted.moved, "are elsewhere, in points");
    let disagree = ("disagreement", wanted.disagree, "are others for the same requests");
    let all = [Some(moved), is_shadow.then_some(disagree)].into_iter().flatten();
    let judged = all.filter(|(_, allowed, _)| is_judged(*allowed));
    let judge = |(name, worse_by, what): (&str, Percent, &str)| JudgePlan {
        name: name.to_owned(),
        worse_by,
        why: format!("{what}; {then}"),
    };
    judged.map(judge).collect()
}

/// Where and how often a number is read, and what is worse.
fn read(reading: &Reading) -> String {
    let place = match &reading.source {
        ReadingSource::Prometheus(asked) => format!("a query at {}", asked.url),
        ReadingSource::Http(asked) => {
            // What stands behind it may be a key.
            let url = asked.url.as_str().split('?').next().unwrap_or_default();
            format!("{} of {url}", asked.pointer)
        }
        ReadingSource::Instances(asked) => {
            format!("{} of {} of each instance of {}", asked.pointer, asked.get, asked.service)
        }
    };
    let worse = match reading.better {
        Better::Lower => "higher",
        Better::Higher => "lower",
    };
    let least = if reading.least == Number::from(0) {
        String::new()
    } else {
        format!(" by more than {}", reading.least)
    };
    format!("{worse}{least}: {place}, each {}", reading.period)
}
