//! A release while it moves: a block that is redrawn on a terminal, lines that are appended elsewhere.

use super::{release, steps, waiting};
use crate::exit::Exit;
use chrono::{DateTime, Utc};
use proto::v1::{Release, release::State};

/// Everything about the release as it is now.
pub(crate) fn block(shown: &Release, now: DateTime<Utc>) -> Vec<String> {
    let mut lines = vec![head(shown)];
    lines.extend(steps::lines(&timed(shown), is_bad(shown), now));
    lines.extend(release::canary(shown));
    lines.extend(waiting::lines(shown));
    lines.extend(end(shown));
    lines
}

/// What is new about the release since `before`.
pub(crate) fn news(before: Option<&Release>, after: &Release, now: DateTime<Utc>) -> Vec<String> {
    let known = before.map(timed).unwrap_or_default();
    let mut lines: Vec<_> = before.is_none().then(|| head(after)).into_iter().collect();
    lines.extend(steps::news(&known, &timed(after), is_bad(after), now));
    let asked = before.and_then(release::decision);
    lines.extend(release::decision(after).filter(|_| asked.is_none()));
    if before.is_none_or(|before| before.state() != after.state()) {
        lines.extend(end(after));
    }
    lines
}

fn timed(shown: &Release) -> Vec<steps::Step<'_>> {
    shown.steps.iter().map(steps::Step::from).collect()
}

fn is_bad(shown: &Release) -> bool {
    release::outcome(shown.state()) == Some(Exit::Failed)
}

fn head(shown: &Release) -> String {
    let strategy = if shown.strategy.is_empty() { "" } else { ", " };
    let by = if shown.by.is_empty() { String::new() } else { format!(" by {}", shown.by) };
    format!(
        "{}: {}{strategy}{}, {}{by}",
        release::title(shown),
        release::content(shown),
        shown.strategy.replace('_', "-"),
        shown.cause,
    )
}

fn end(shown: &Release) -> Vec<String> {
    if release::outcome(shown.state()).is_none() {
        return Vec::new();
    }
    let mut lines = vec![release::end(shown)];
    lines.extend(shown.failure.iter().map(release::failure));
    if shown.state() == State::Stuck {
        lines.push(
            "it needs a person: `slipway doctor` and the failure above say what to do".to_owned(),
        );
    }
    lines
}

#[cfg(test)]
mod tests;
