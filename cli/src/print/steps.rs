//! The timed steps of a build or a release.

use super::time;
use chrono::{DateTime, Utc};
use proto::v1::{BuildStep, ReleaseStep};
use std::time::Duration;

/// One timed step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// When it began.
    pub(crate) start: Option<DateTime<Utc>>,
    /// When it ended; nothing while it runs.
    pub(crate) end: Option<DateTime<Utc>>,
    /// What people want to know of it.
    pub(crate) detail: &'a str,
    /// It is known to be what did not go as wanted.
    pub(crate) failed: bool,
}

impl<'a> From<&'a ReleaseStep> for Step<'a> {
    fn from(step: &'a ReleaseStep) -> Self {
        let (start, end) = (step.start_time.as_ref(), step.end_time.as_ref());
        let (start, end, failed) = (time::at(start), time::at(end), step.failed);
        Self { name: &step.step, start, end, detail: &step.detail, failed }
    }
}

impl<'a> From<&'a BuildStep> for Step<'a> {
    fn from(step: &'a BuildStep) -> Self {
        let (start, end) = (step.start_time.as_ref(), step.end_time.as_ref());
        let (start, end) = (time::at(start), time::at(end));
        Self { name: &step.step, start, end, detail: &step.detail, failed: false }
    }
}

impl Step<'_> {
    /// How long it took, or has taken until `now`.
    fn took(&self, now: DateTime<Utc>) -> Duration {
        self.start.map_or(Duration::ZERO, |start| time::between(start, self.end.unwrap_or(now)))
    }

    fn line(&self, now: DateTime<Utc>, mark: char) -> String {
        let name = self.name.replace('_', " ");
        let line = format!("  {mark} {name:20} {:>7}  {}", time::span(self.took(now)), self.detail);
        line.trim_end().to_owned()
    }
}

/// A line for every step. Where all of it `failed`, the step that did is marked; the last one, when none is known.
pub(crate) fn lines(steps: &[Step<'_>], failed: bool, now: DateTime<Utc>) -> Vec<String> {
    let last = steps.len().saturating_sub(1);
    let is_known = steps.iter().any(|step| step.failed);
    let mark = |place: usize, step: &Step<'_>| match step.end {
        _ if step.failed || (failed && place == last && !is_known) => '✗',
        // The end that the failed step led to.
        Some(_) if failed && place == last => '·',
        Some(_) => '✓',
        None => '→',
    };
    steps.iter().enumerate().map(|(place, step)| step.line(now, mark(place, step))).collect()
}

/// The lines of steps that began or ended since `before`, for output that cannot be redrawn.
pub(crate) fn news(
    before: &[Step<'_>],
    after: &[Step<'_>],
    failed: bool,
    now: DateTime<Utc>,
) -> Vec<String> {
    let told = lines(after, failed, now);
    let is_new = |(place, step): (usize, &Step<'_>)| {
        let known = before.get(place);
        known.is_none_or(|known| known.end != step.end || known.detail != step.detail)
    };
    let new = after.iter().enumerate().map(is_new);
    told.into_iter().zip(new).filter_map(|(line, is_new)| is_new.then_some(line)).collect()
}
