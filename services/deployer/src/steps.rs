//! The states a release went through, with their times, from its log. Pure.

use crate::db::log::Line;
use crate::db::release::Release;
use chrono::{DateTime, Utc};
use release::Input;

/// One state and how long it lasted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// The state.
    pub(crate) name: &'static str,
    pub(crate) started_at: DateTime<Utc>,
    /// Nothing while it lasts.
    pub(crate) ended_at: Option<DateTime<Utc>>,
    /// What people want to know of it.
    pub(crate) detail: String,
}

/// The states of `release` in order; the last one lasts, unless it is an end.
pub(crate) fn steps(release: &Release, log: &[Line]) -> Vec<Step> {
    let start = Step {
        name: "queued",
        started_at: release.created_at,
        ended_at: None,
        detail: String::new(),
    };
    let mut steps = vec![start];
    for line in log {
        if let Some(before) = steps.last_mut() {
            before.ended_at = Some(line.at);
            before.detail = detail(&line.entry.input);
        }
        let name = line.entry.state.name();
        steps.push(Step { name, started_at: line.at, ended_at: None, detail: String::new() });
    }
    if let Some(last) = steps.last_mut().filter(|_| release.state.is_settled()) {
        last.ended_at = Some(last.started_at);
        last.detail = release.state.failure().map(ToString::to_string).unwrap_or_default();
    }
    steps
}

fn detail(input: &Input) -> String {
    match input {
        Input::Done { detail } | Input::Undecided { detail } => detail.clone(),
        Input::Failed { failure } => failure.to_string(),
        Input::DeadlinePassed { last } if last.is_empty() => "its time was over".to_owned(),
        Input::DeadlinePassed { last } => format!("its time was over; the last try said: {last}"),
        Input::Cancel { by } => format!("ended by {by}"),
        Input::Refused { by, .. } => format!("refused by {by}"),
        Input::Rollback { by, .. } => format!("{by} asked for the stable release"),
        Input::Promote { by, .. } => format!("{by} let it go on"),
        Input::Removed { by } => format!("{by} deleted the app"),
        Input::Supersede { .. } => "a newer release took its place".to_owned(),
        Input::Approved => "enough people agreed".to_owned(),
        Input::Admitted { .. } | Input::WindowOpened | Input::Replaced | Input::Collect => {
            String::new()
        }
    }
}
