//! The table: state and input to the next state.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "most pairs do nothing; the snapshot of the whole table shows what a new state does"
)]

use crate::{Cleared, Ending, Failure, Input, Plan, Shift, State, Strategy, Undo};
use events::{EventType, PrincipalName};

/// What an input does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Transition {
    /// What the release becomes.
    pub next: State,
    /// What is said about it.
    pub announce: EventType,
}

/// Why an input does nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The release is past it, or not there yet; the input is late, early or a duplicate.
    #[error("a release that is {state} does not react to {input}")]
    NotNow {
        /// The state.
        state: &'static str,
        /// The input.
        input: &'static str,
    },
    /// It is too late for what was asked.
    #[error(
        "the release is {state} and can no longer be ended; use `slipway rollback` when it is live"
    )]
    TooLate {
        /// The state.
        state: &'static str,
    },
    /// Only a person who says so sends users back past a job that cannot be undone.
    #[error(
        "a job of the release cannot be undone, and users are on it; `slipway rollback --confirm-irreversible` sends them back all the same"
    )]
    Irreversible,
}

/// What becomes of a release in `state` by `input`.
pub fn step(plan: &Plan, state: &State, input: Input) -> Result<Transition, Refused> {
    let not_now = Refused::NotNow { state: state.name(), input: input.name() };
    let next = match input {
        Input::Done { .. } => done(plan, state),
        Input::Undecided { .. } => undecided(state),
        // Somebody is asked already.
        Input::Failed { .. } if is_asking(state) => None,
        Input::Failed { failure } => failed(plan, state, failure),
        Input::DeadlinePassed { last } => deadline_passed(plan, state, &last),
        Input::Admitted { in_window } => admitted(plan, state, in_window),
        Input::Approved => approved(state),
        Input::WindowOpened => opened(state),
        Input::Refused { by, reason } => refused(state, &by, &reason),
        Input::Cancel { by } => return cancelled(plan, state, Ending::Cancelled { by }),
        Input::Supersede { by } => return superseded(plan, state, Ending::Superseded { by }),
        Input::Rollback { by, reason } => {
            return ended(plan, state, Ending::RolledBack { failure: asked(&by, &reason) });
        }
        Input::Promote { step, .. } => promoted(plan, state, step),
        Input::Replaced => matches!(state, State::Live).then_some(State::Retained),
        Input::Collect => matches!(state, State::Retained).then_some(State::Collected),
        Input::Removed { by } => removed(state, by),
    };
    next.map(announced).ok_or(not_now)
}

fn asked(by: &PrincipalName, reason: &str) -> Failure {
    let reason = if reason.is_empty() { "no reason given" } else { reason };
    Failure::new("OPERATOR", format!("{by} asked for the stable release: {reason}"))
}

/// The state's effect is done: on to the next state that has something to do.
fn done(plan: &Plan, state: &State) -> Option<State> {
    let next = match state {
        State::AwaitingCi { cleared } => {
            State::Queued { cleared: Cleared { ci: true, ..*cleared } }
        }
        State::Preparing if plan.jobs => State::RunningJobs,
        State::Preparing | State::RunningJobs => State::Starting,
        State::Starting if plan.warm => State::Warming,
        State::Starting | State::Warming if plan.verify => State::Verifying,
        State::Starting | State::Warming | State::Verifying => {
            State::Shifting { step: 0, phase: Shift::Applying }
        }
        State::Shifting { phase: Shift::Asking { .. }, .. } => return None,
        State::Shifting { step, phase } => shifted(plan, *step, phase),
        State::Baking => State::Settling,
        State::Settling => State::Live,
        State::RollingBack { undo: Undo::Traffic, ending } => {
            State::RollingBack { undo: Undo::Candidate, ending: ending.clone() }
        }
        State::RollingBack { undo: Undo::Candidate, ending } => ending.clone().into(),
        _ => return None,
    };
    Some(next)
}

/// The share was held for its time: it stays, and a person may decide.
fn undecided(state: &State) -> Option<State> {
    match state {
        State::Shifting { step, phase: Shift::Holding } => {
            Some(State::Shifting { step: *step, phase: Shift::Deciding })
        }
        _ => None,
    }
}

/// A person vouches for what is held.
fn promoted(plan: &Plan, state: &State, seen: usize) -> Option<State> {
    let State::Shifting { phase, .. } = state else { return None };
    (state.held()? == seen).then(|| shifted(plan, seen, phase))
}

fn shifted(plan: &Plan, step: usize, phase: &Shift) -> State {
    let is_last = step + 1 >= plan.weights().len();
    match phase {
        Shift::Applying if is_last && plan.bake => State::Baking,
        // Whoever keeps what asks has seen what it does with all traffic.
        Shift::Applying | Shift::Asking { .. } if is_last => State::Settling,
        Shift::Applying => State::Shifting { step, phase: Shift::Holding },
        Shift::Holding | Shift::Deciding | Shift::Asking { .. } => {
            State::Shifting { step: step + 1, phase: Shift::Applying }
        }
    }
}

/// The step of traffic to ask a person about instead of going back: users are on what cannot be undone.
fn asked_about(plan: &Plan, state: &State) -> Option<usize> {
    let step = match state {
        State::Shifting { step, .. } if plan.has_users(state) => *step,
        State::Baking => plan.weights().len().saturating_sub(1),
        _ => return None,
    };
    (plan.irreversible && plan.has_stable).then_some(step)
}

/// The state's effect cannot be done.
fn failed(plan: &Plan, state: &State, failure: Failure) -> Option<State> {
    if let Some(step) = asked_about(plan, state) {
        return Some(State::Shifting { step, phase: Shift::Asking { failure } });
    }
    match state {
        State::AwaitingCi { .. } => Some(State::Failed { failure }),
        // The new release serves everybody; what is left of the old one is swept up later.
        State::Settling => Some(State::Live),
        State::RollingBack { undo, ending } => {
            Some(State::Stuck { failure, undo: *undo, ending: ending.clone() })
        }
        _ if state.is_moving() && !matches!(state, State::Stuck { .. }) => {
            let ending = if touched_traffic(plan, state) {
                Ending::RolledBack { failure }
            } else {
                Ending::Failed { failure }
            };
            Some(undo(plan, state, ending))
        }
        _ => None,
    }
}

/// The state lasted longer than it may.
fn deadline_passed(plan: &Plan, state: &State, last: &str) -> Option<State> {
    let late = |what: &str| {
        let hint =
            if last.is_empty() { String::new() } else { format!("; the last try said: {last}") };
        Failure::new(
            format!("{}_TIMEOUT", state.name().to_uppercase()),
            format!("{what} did not end in time{hint}"),
        )
    };
    match state {
        State::AwaitingCi { .. } => {
            let last = if last.is_empty() { "nothing was heard of it" } else { last };
            let message = format!("the forge's CI was not green in time: {last}");
            Some(State::Failed { failure: Failure::new("CI_EXPIRED", message) })
        }
        State::AwaitingApproval { .. } => {
            let message = "not enough people agreed in time; release again to ask anew";
            Some(State::Failed { failure: Failure::new("APPROVAL_EXPIRED", message) })
        }
        State::Queued { .. } | State::AwaitingWindow { .. } => {
            Some(State::Failed { failure: late("waiting") })
        }
        // Nobody answered: they are asked again.
        State::Shifting { phase: Shift::Asking { .. }, .. } => Some(state.clone()),
        // Nobody judged it in time; silence is no reason to go back at once.
        State::Shifting { phase: Shift::Holding, .. } => undecided(state),
        State::Shifting { phase: Shift::Deciding, .. } => {
            let message = "a person was to judge the release, and nobody decided in time";
            failed(plan, state, Failure::new("INCONCLUSIVE", message))
        }
        _ => failed(plan, state, late(state.name())),
    }
}

/// CI first: nobody is asked about what is red. Then people: a window that is open when they are asked may be closed when they have agreed.
fn admitted(plan: &Plan, state: &State, in_window: bool) -> Option<State> {
    let State::Queued { cleared } = state else { return None };
    let cleared = *cleared;
    Some(match () {
        () if plan.ci && !cleared.ci => State::AwaitingCi { cleared },
        () if plan.approval && !cleared.approval => State::AwaitingApproval { cleared },
        () if plan.window && !cleared.window && !in_window => State::AwaitingWindow { cleared },
        () => State::Preparing,
    })
}

fn approved(state: &State) -> Option<State> {
    let State::AwaitingApproval { cleared } = state else { return None };
    Some(State::Queued { cleared: Cleared { approval: true, ..*cleared } })
}

fn opened(state: &State) -> Option<State> {
    let State::AwaitingWindow { cleared } = state else { return None };
    Some(State::Queued { cleared: Cleared { window: true, ..*cleared } })
}

fn refused(state: &State, by: &PrincipalName, reason: &str) -> Option<State> {
    let State::AwaitingApproval { .. } = state else { return None };
    let failure = Failure::new("APPROVAL_REFUSED", format!("{by} refused it: {reason}"));
    Some(State::Failed { failure })
}

/// A person wants it ended, or a stuck undo tried again.
fn ended(plan: &Plan, state: &State, ending: Ending) -> Result<Transition, Refused> {
    let next = match state {
        State::Stuck { undo, ending, .. } => {
            State::RollingBack { undo: *undo, ending: ending.clone() }
        }
        _ if state.is_waiting() => ending.into(),
        State::Settling => return Err(Refused::TooLate { state: state.name() }),
        State::RollingBack { .. } => {
            return Err(Refused::NotNow { state: state.name(), input: "cancel" });
        }
        _ if state.is_moving() => undo(plan, state, ending),
        _ => return Err(Refused::TooLate { state: state.name() }),
    };
    Ok(announced(next))
}

/// A newer release does not free a stuck one: what is in its way needs a person.
fn superseded(plan: &Plan, state: &State, ending: Ending) -> Result<Transition, Refused> {
    match state {
        State::Stuck { .. } => Err(Refused::NotNow { state: state.name(), input: "supersede" }),
        _ => cancelled(plan, state, ending),
    }
}

/// Ended for another reason than that it should go back, which what cannot be undone does not do.
fn cancelled(plan: &Plan, state: &State, ending: Ending) -> Result<Transition, Refused> {
    match asked_about(plan, state) {
        Some(_) => Err(Refused::Irreversible),
        None => ended(plan, state, ending),
    }
}

fn is_asking(state: &State) -> bool {
    matches!(state, State::Shifting { phase: Shift::Asking { .. }, .. })
}

/// Users may have felt it: weight moved, or the stable release was stopped for it.
fn touched_traffic(plan: &Plan, state: &State) -> bool {
    let stopped_stable = plan.strategy == Strategy::Recreate
        && plan.has_stable
        && matches!(state, State::Starting | State::Warming | State::Verifying);
    stopped_stable || plan.has_users(state)
}

fn undo(plan: &Plan, state: &State, ending: Ending) -> State {
    // A router that gives it copies must be told, too.
    let is_routed = touched_traffic(plan, state) || state.has_traffic();
    let undo = if is_routed { Undo::Traffic } else { Undo::Candidate };
    State::RollingBack { undo, ending }
}

/// Its app was deleted. Nothing is undone: there will be nothing to go back to.
fn removed(state: &State, by: PrincipalName) -> Option<State> {
    match state {
        State::Live | State::Retained => Some(State::Collected),
        _ => (state.is_waiting() || state.is_moving()).then_some(State::Cancelled { by }),
    }
}

fn announced(next: State) -> Transition {
    let announce = match &next {
        State::AwaitingCi { .. }
        | State::AwaitingApproval { .. }
        | State::AwaitingWindow { .. }
        | State::Shifting { phase: Shift::Deciding | Shift::Asking { .. }, .. } => {
            EventType::ReleaseWaiting
        }
        State::Preparing => EventType::ReleaseStarted,
        State::Live => EventType::ReleaseLive,
        State::RolledBack { .. } => EventType::ReleaseRolledBack,
        State::Failed { .. } => EventType::ReleaseFailed,
        State::Cancelled { .. } => EventType::ReleaseCancelled,
        State::Superseded { .. } => EventType::ReleaseSuperseded,
        State::Stuck { .. } => EventType::ReleaseStuck,
        State::Queued { .. }
        | State::RunningJobs
        | State::Starting
        | State::Warming
        | State::Verifying
        | State::Shifting { .. }
        | State::Baking
        | State::Settling
        | State::Retained
        | State::Collected
        | State::RollingBack { .. } => EventType::ReleaseProgressed,
    };
    Transition { next, announce }
}

#[cfg(test)]
mod tests;
