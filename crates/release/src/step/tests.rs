//! Stories of single lives, the whole table as one snapshot, and properties of every reachable life.

mod gates;
mod irreversible;
mod shadow;

use super::*;
use crate::{Entry, replay};
use events::ReleaseId;
use proptest::prelude::{Just, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Strategy as Generator;
use std::collections::BTreeSet;

fn by() -> PrincipalName {
    PrincipalName::new("ana")
}

fn newer() -> ReleaseId {
    ReleaseId::new(uuid::Uuid::from_u128(9))
}

fn failure() -> Failure {
    Failure::new("CRASHED", "exit code 1")
}

fn ok() -> Input {
    Input::Done { detail: String::new() }
}

fn bad() -> Input {
    Input::Failed { failure: failure() }
}

/// The environment is free, and the window closed.
fn admitted() -> Input {
    Input::Admitted { in_window: false }
}

fn inputs() -> Vec<Input> {
    vec![
        admitted(),
        Input::Approved,
        Input::Refused { by: by(), reason: "not today".to_owned() },
        Input::WindowOpened,
        ok(),
        bad(),
        Input::DeadlinePassed { last: String::new() },
        Input::Cancel { by: by() },
        Input::Rollback { by: by(), reason: String::new() },
        Input::Promote { by: by(), step: 0 },
        Input::Undecided { detail: String::new() },
        Input::Supersede { by: newer() },
        Input::Replaced,
        Input::Collect,
        Input::Removed { by: by() },
    ]
}

/// The names of the states that `inputs` lead through.
fn life(plan: &Plan, inputs: impl IntoIterator<Item = Input>) -> String {
    let mut state = State::queued();
    let mut names = vec![state.name()];
    for input in inputs {
        state = step(plan, &state, input).expect("the story is possible").next;
        names.push(state.name());
    }
    names.join(" > ")
}

#[test]
fn a_blue_green_release_goes_live() {
    let inputs = std::iter::once(admitted()).chain(std::iter::repeat_n(ok(), 5));
    assert_eq!(
        life(&Plan::blue_green(), inputs),
        "queued > preparing > starting > shifting > baking > settling > live"
    );
}

#[test]
fn every_gate_in_the_plan_is_passed_in_order() {
    let plan = Plan {
        ci: true,
        approval: true,
        window: true,
        jobs: true,
        warm: true,
        verify: true,
        ..Plan::blue_green()
    };
    let start = [
        admitted(),
        ok(),
        admitted(),
        Input::Approved,
        admitted(),
        Input::WindowOpened,
        admitted(),
    ];
    assert_eq!(
        life(&plan, start.into_iter().chain(std::iter::repeat_n(ok(), 8))),
        "queued > awaiting_ci > queued > awaiting_approval > queued > awaiting_window > queued > preparing > \
         running_jobs > starting > warming > verifying > shifting > baking > settling > live"
    );
}

#[test]
fn a_canary_holds_each_step_but_the_last() {
    use crate::Effect::{Judge, Shift, Watch};
    let plan = Plan {
        strategy: Strategy::Canary { steps: vec![10, 50, 100], holds: Vec::new() },
        ..Plan::blue_green()
    };
    let mut state = State::Verifying;
    let mut weights = Vec::new();
    while !matches!(state, State::Baking) {
        state = step(&plan, &state, ok()).expect("goes on").next;
        weights.extend(plan.effect(&state));
    }
    let wanted = [
        Shift { weight: 10 },
        Judge { step: 0 },
        Shift { weight: 50 },
        Judge { step: 1 },
        Shift { weight: 100 },
        Watch,
    ];
    assert_eq!(weights, wanted);
}

#[test]
fn what_cannot_be_judged_waits_for_a_person_and_then_goes_back_unpinned() {
    let plan = Plan {
        strategy: Strategy::Canary { steps: vec![10, 100], holds: Vec::new() },
        ..Plan::blue_green()
    };
    let next = |state: &State, input: Input| step(&plan, state, input).expect("it reacts");
    let held = State::Shifting { step: 0, phase: Shift::Holding };
    let waits = next(&held, Input::Undecided { detail: String::new() });
    assert_eq!(waits.announce, EventType::ReleaseWaiting);
    let promote = |step| Input::Promote { by: by(), step };
    let on = State::Shifting { step: 1, phase: Shift::Applying };
    assert_eq!(next(&waits.next, promote(0)).next, on);
    assert!(step(&plan, &waits.next, promote(1)).is_err(), "nobody has seen that step");
    let late = next(&waits.next, Input::DeadlinePassed { last: String::new() }).next;
    let failure = late.failure().expect("why");
    assert_eq!((failure.reason.as_str(), failure.is_of_the_release()), ("INCONCLUSIVE", false));
}

#[test]
fn a_candidate_that_never_gets_ready_leaves_the_stable_release_alone() {
    assert_eq!(
        life(&Plan::blue_green(), [admitted(), ok(), bad(), ok()]),
        "queued > preparing > starting > rolling_back > failed"
    );
}

#[test]
fn an_alarm_in_the_bake_moves_traffic_back_before_the_candidate_goes() {
    let plan = Plan::blue_green();
    let back = step(&plan, &State::Baking, bad()).expect("goes back").next;
    assert_eq!(plan.effect(&back), Some(crate::Effect::RestoreTraffic));
    let gone = step(&plan, &back, ok()).expect("goes on").next;
    assert_eq!(plan.effect(&gone), Some(crate::Effect::RemoveCandidate));
    assert_eq!(
        step(&plan, &gone, ok()).expect("ends").next,
        State::RolledBack { failure: failure() }
    );
}

#[test]
fn recreate_restores_the_stopped_stable_release() {
    let plan = Plan { strategy: Strategy::Recreate, ..Plan::blue_green() };
    assert_eq!(
        plan.effect(&State::Starting),
        Some(crate::Effect::StartCandidate { stop_stable: true })
    );
    let back = step(&plan, &State::Starting, bad()).expect("goes back").next;
    assert_eq!(plan.effect(&back), Some(crate::Effect::RestoreTraffic));
}

#[test]
fn a_stuck_undo_is_tried_again_only_when_a_person_asks() {
    let plan = Plan::blue_green();
    let ending = Ending::Failed { failure: failure() };
    let stuck = State::Stuck { failure: failure(), undo: Undo::Candidate, ending: ending.clone() };
    assert!(step(&plan, &stuck, Input::Supersede { by: newer() }).is_err());
    assert_eq!(
        step(&plan, &stuck, Input::Cancel { by: by() }).expect("tries again").next,
        State::RollingBack { undo: Undo::Candidate, ending }
    );
}

#[test]
fn an_app_that_is_deleted_ends_whatever_state_its_release_is_in() {
    let plan = full_plan();
    for state in reachable(&plan) {
        let Ok(over) = step(&plan, &state, Input::Removed { by: by() }) else { continue };
        let wanted = match state {
            State::Live | State::Retained => State::Collected,
            _ => State::Cancelled { by: by() },
        };
        assert_eq!(over.next, wanted, "{}", state.name());
    }
}

/// Every state that some inputs lead to under `plan`, in the order found.
fn reachable(plan: &Plan) -> Vec<State> {
    let mut found = vec![State::queued()];
    let mut next = 0;
    while next < found.len() {
        let state = found[next].clone();
        for input in inputs() {
            let Ok(transition) = step(plan, &state, input) else { continue };
            if !found.contains(&transition.next) {
                found.push(transition.next);
            }
        }
        next += 1;
    }
    found
}

fn full_plan() -> Plan {
    Plan {
        strategy: Strategy::Canary { steps: vec![10, 100], holds: Vec::new() },
        ci: true,
        approval: true,
        window: true,
        jobs: true,
        warm: true,
        verify: true,
        ..Plan::blue_green()
    }
}

/// A state in few words, with what it carries where that decides.
fn brief(state: &State) -> String {
    let ending = |ending: &Ending| State::from(ending.clone()).name();
    match state {
        State::Shifting { step, phase } => format!("shifting {step} {phase:?}"),
        State::RollingBack { undo, ending: end } => {
            format!("rolling_back {undo:?} -> {}", ending(end))
        }
        State::Stuck { undo, ending: end, .. } => format!("stuck {undo:?} -> {}", ending(end)),
        State::Queued { cleared }
        | State::AwaitingCi { cleared }
        | State::AwaitingApproval { cleared }
        | State::AwaitingWindow { cleared } => {
            format!(
                "{}{}{}{}",
                state.name(),
                if cleared.ci { " green" } else { "" },
                if cleared.approval { " approved" } else { "" },
                if cleared.window { " in-window" } else { "" }
            )
        }
        _ => state.name().to_owned(),
    }
}

#[test]
fn the_whole_table_is_as_it_was_agreed() {
    let plan = full_plan();
    let mut lines = BTreeSet::new();
    for state in reachable(&plan) {
        for input in inputs() {
            let name = input.name();
            if let Ok(transition) = step(&plan, &state, input) {
                lines.insert(format!("{} + {name} = {}", brief(&state), brief(&transition.next)));
            }
        }
    }
    insta::assert_snapshot!(lines.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn every_state_that_is_not_an_end_has_a_deadline_and_an_effect_or_an_owner() {
    let plan = full_plan();
    for state in reachable(&plan) {
        assert_eq!(plan.limit(&state).is_none(), state.is_settled(), "{}", state.name());
        let acts = plan.effect(&state).is_some();
        assert_eq!(acts, !state.is_settled() && !state.is_waiting(), "{}", state.name());
    }
}

#[test]
fn traffic_moves_only_after_the_candidate_was_proved() {
    let plan = Plan::blue_green();
    for state in reachable(&plan) {
        for input in inputs() {
            let Ok(transition) = step(&plan, &state, input) else { continue };
            if matches!(transition.next, State::Shifting { step: 0, .. }) {
                assert_eq!(state, State::Starting, "only a proved candidate takes traffic");
            }
        }
    }
}

fn any_plan() -> impl Generator<Value = Plan> {
    let flags = proptest::collection::vec(any::<bool>(), 8);
    let strategy = prop_oneof![
        Just(Strategy::BlueGreen),
        Just(Strategy::Recreate),
        Just(Strategy::Shadow),
        proptest::collection::vec(1_u32..=100, 1..4)
            .prop_map(|steps| Strategy::Canary { steps, holds: Vec::new() }),
    ];
    (flags, strategy).prop_map(|(flags, strategy)| Plan {
        strategy,
        limits: crate::Limits::default(),
        approval: flags[0],
        window: flags[1],
        jobs: flags[2],
        warm: flags[3],
        verify: flags[4],
        bake: flags[5],
        has_stable: flags[6],
        ci: flags[7],
        irreversible: false,
    })
}

proptest! {
    /// From wherever wild inputs lead, good news alone brings every release to an end.
    #[test]
    fn with_faults_off_every_life_ends(plan in any_plan(), wild in proptest::collection::vec(0_usize..15, 0..40)) {
        let mut state = State::queued();
        for index in wild {
            if let Ok(transition) = step(&plan, &state, inputs()[index].clone()) {
                state = transition.next;
            }
        }
        for _ in 0..30 {
            let kind = [ok(), admitted(), Input::Approved, Input::WindowOpened];
            let next = kind.into_iter().find_map(|input| step(&plan, &state, input).ok());
            match next {
                Some(transition) => state = transition.next,
                None => break,
            }
        }
        prop_assert!(state.is_settled(), "{} does not end", state.name());
    }

    /// A log of any life replays to the same state, and survives being stored.
    #[test]
    fn a_log_replays(plan in any_plan(), wild in proptest::collection::vec(0_usize..15, 0..40)) {
        let mut state = State::queued();
        let mut log = Vec::new();
        for index in wild {
            let input = inputs()[index].clone();
            if let Ok(transition) = step(&plan, &state, input.clone()) {
                state = transition.next;
                log.push(Entry { input, state: state.clone() });
            }
        }
        let stored = serde_json::to_string(&log).expect("a log is JSON");
        let read: Vec<Entry> = serde_json::from_str(&stored).expect("a log reads back");
        prop_assert_eq!(replay(&plan, &read).expect("faithful"), state);
    }

    /// An end stays an end, but for a live release that is replaced and a stuck one that a person frees.
    #[test]
    fn ends_do_not_react(plan in any_plan(), index in 0_usize..15) {
        for state in reachable(&plan).into_iter().filter(State::is_settled) {
            let moved = step(&plan, &state, inputs()[index].clone()).is_ok();
            let may = matches!(state, State::Live | State::Retained | State::Stuck { .. });
            prop_assert!(may || !moved, "{} moved", state.name());
        }
    }
}
