//! The states a release went through, with their times, from its log. Pure.

use crate::db::log::Line;
use crate::db::release::Release;
use chrono::{DateTime, Utc};
use release::{Entry, Input, State};

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
    /// The release ended, or goes back, because of it.
    pub(crate) failed: bool,
}

impl Step {
    fn begun(name: &'static str, started_at: DateTime<Utc>) -> Self {
        Self { name, started_at, ended_at: None, detail: String::new(), failed: false }
    }
}

/// The states of `release` in order; the last one lasts, unless it is an end.
pub(crate) fn steps(release: &Release, log: &[Line]) -> Vec<Step> {
    let mut steps = vec![Step::begun("queued", release.created_at)];
    for line in log {
        if let Some(before) = steps.last_mut() {
            before.ended_at = Some(line.at);
            before.detail = detail(&line.entry.input);
            before.failed = is_failure(&line.entry);
        }
        steps.push(Step::begun(line.entry.state.name(), line.at));
    }
    if let Some(last) = steps.last_mut().filter(|_| release.state.is_settled()) {
        last.ended_at = Some(last.started_at);
        last.detail = release.state.failure().map(ToString::to_string).unwrap_or_default();
    }
    steps
}

/// Whether it ended the state before because that did not go as wanted; a state that ends late may still lead on.
fn is_failure(Entry { input, state }: &Entry) -> bool {
    let went_wrong = matches!(input, Input::Failed { .. } | Input::DeadlinePassed { .. });
    let leads_back = state.failure().is_some() || matches!(state, State::RollingBack { .. });
    went_wrong && leads_back
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

#[cfg(test)]
mod tests {
    use super::*;
    use release::{Ending, Failure, Shift, Undo};

    fn failure() -> Failure {
        Failure::new("CRASHED", "it ended")
    }

    fn rolling_back() -> State {
        State::RollingBack { undo: Undo::Candidate, ending: Ending::Failed { failure: failure() } }
    }

    fn is_failure_of(input: Input, state: State) -> bool {
        is_failure(&Entry { input, state })
    }

    #[test]
    fn what_went_wrong_is_the_step_that_failed() {
        let (failed, late) =
            (Input::Failed { failure: failure() }, Input::DeadlinePassed { last: String::new() });
        assert!(is_failure_of(failed.clone(), rolling_back()));
        assert!(is_failure_of(late.clone(), State::Failed { failure: failure() }));
        assert!(!is_failure_of(failed, State::Live), "what is left of the old one is swept up");
        let deciding = State::Shifting { step: 0, phase: Shift::Deciding };
        assert!(!is_failure_of(late, deciding), "a person is asked");
    }

    #[test]
    fn what_was_done_or_ended_by_somebody_did_not_fail() {
        let done = Input::Done { detail: String::new() };
        assert!(
            !is_failure_of(done, State::Failed { failure: failure() }),
            "the way back ended well"
        );
        let by = events::PrincipalName::new("ada");
        assert!(!is_failure_of(Input::Cancel { by }, rolling_back()));
    }
}
