//! Rules for what is read of releases.

use super::{HOUR, Rules};
use crate::reading::{Reading, ReadingSource};
use crate::strategy::Analysis;
use crate::value::Span;

/// Each shares the promise of few false verdicts with all others, and more would take long to tell anything.
const MOST: usize = 8;
/// What `stats` needs to know how much a number varies.
const LEAST: u32 = 5;
const SHORTEST: Span = Span::seconds(1);

/// `analysis` stands at `path`, and what it judges is held for `hold`.
pub(super) fn check(rules: &mut Rules<'_>, path: &str, analysis: &Analysis, hold: Span) {
    let path = format!("{path}.readings");
    if analysis.readings.len() > MOST {
        let message = format!("{} readings are too many to tell anything", analysis.readings.len());
        rules.broken(&path, message, format!("keep the {MOST} that matter most"));
    }
    for (name, reading) in &analysis.readings {
        let is_measured = match name.as_str() {
            "p50" => analysis.p50.is_some(),
            "p99" => analysis.p99.is_some(),
            _ => false,
        };
        if is_measured {
            let help = "choose another name, or leave out what is read";
            rules.broken(format!("{path}.{name}"), "the router measures this", help);
        }
        one(rules, &format!("{path}.{name}"), reading, hold);
    }
}

fn one(rules: &mut Rules<'_>, path: &str, reading: &Reading, hold: Span) {
    if let ReadingSource::Instances(asked) = &reading.source {
        rules.serving(&format!("{path}.instances.service"), &asked.service);
    }
    if reading.least.as_f64().is_none_or(|least| !least.is_finite() || least < 0.0) {
        let message = format!("{} is no difference", reading.least);
        rules.broken(format!("{path}.least"), message, "use a number that is not negative");
    }
    let path = format!("{path}.period");
    rules.lasts(&path, reading.period, SHORTEST, HOUR);
    let needed = reading.period.times(LEAST);
    if hold < needed {
        let message = format!("{LEAST} readings, the least that tell anything, take {needed}");
        rules.broken(path, message, format!("hold for longer than {hold}, or read more often"));
    }
}
