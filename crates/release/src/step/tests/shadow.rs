//! A candidate that gets copies of requests before it gets any.

use super::{bad, by, failure, life, newer, ok};
use crate::{Effect, Input, Plan, Shift, State, Strategy, Undo, step};

fn plan() -> Plan {
    Plan { strategy: Strategy::Shadow, ..Plan::blue_green() }
}

fn shadowing(phase: Shift) -> State {
    State::Shifting { step: 0, phase }
}

#[test]
fn it_gets_copies_is_judged_and_then_gets_everything() {
    let mut state = State::Starting;
    let mut effects = Vec::new();
    while state != State::Baking {
        state = step(&plan(), &state, ok()).expect("goes on").next;
        effects.extend(plan().effect(&state));
    }
    let wanted = [
        Effect::Shift { weight: 0 },
        Effect::Judge { step: 0 },
        Effect::Shift { weight: 100 },
        Effect::Watch,
    ];
    assert_eq!(effects, wanted);
}

#[test]
fn what_only_got_copies_has_failed_and_leaves_the_table_before_it_goes() {
    for phase in [Shift::Applying, Shift::Holding, Shift::Deciding] {
        let state = shadowing(phase);
        assert!(plan().is_shadowing(&state) && !plan().has_users(&state));
        let back = step(&plan(), &state, bad()).expect("goes back").next;
        assert_eq!(plan().effect(&back), Some(Effect::RestoreTraffic));
        let gone = step(&plan(), &back, ok()).expect("goes on").next;
        let end = step(&plan(), &gone, ok()).expect("ends").next;
        assert_eq!(end, State::Failed { failure: failure() });
    }
}

#[test]
fn what_goes_wrong_with_all_traffic_was_noticed_by_users() {
    let state = State::Shifting { step: 1, phase: Shift::Applying };
    assert!(plan().has_users(&state));
    let back = step(&plan(), &state, bad()).expect("goes back").next;
    assert_eq!(life_of(back), State::RolledBack { failure: failure() });
}

fn life_of(mut state: State) -> State {
    while let Ok(transition) = step(&plan(), &state, ok()) {
        state = transition.next;
    }
    state
}

#[test]
fn too_few_copies_wait_for_a_person_as_a_canary_does() {
    let next = |state: &State, input| step(&plan(), state, input).expect("it reacts").next;
    let waits = next(&shadowing(Shift::Holding), Input::Undecided { detail: String::new() });
    assert_eq!(waits, shadowing(Shift::Deciding));
    let on = next(&waits, Input::Promote { by: by(), step: 0 });
    assert_eq!(on, State::Shifting { step: 1, phase: Shift::Applying });
}

#[test]
fn nobody_is_on_a_shadow_so_what_cannot_be_undone_makes_way() {
    let plan = Plan { irreversible: true, ..plan() };
    for wanted in [bad(), Input::Supersede { by: newer() }, Input::Cancel { by: by() }] {
        let back = step(&plan, &shadowing(Shift::Holding), wanted).expect("it goes back").next;
        assert!(matches!(back, State::RollingBack { undo: Undo::Traffic, .. }), "{back:?}");
    }
}

#[test]
fn the_first_release_has_nothing_to_be_compared_with() {
    let plan = Plan { has_stable: false, ..plan() };
    let inputs = std::iter::once(super::admitted()).chain(std::iter::repeat_n(ok(), 5));
    assert_eq!(
        life(&plan, inputs),
        "queued > preparing > starting > shifting > baking > settling > live"
    );
}
