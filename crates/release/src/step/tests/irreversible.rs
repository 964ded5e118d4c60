//! A release with a job that cannot be undone.

use super::{bad, by, failure, newer, ok};
use crate::{Effect, Input, Plan, State, Transition, step};
use events::EventType;

/// What became of a release with a job that cannot be undone, which failed in the bake.
fn asking(plan: &Plan) -> Transition {
    step(plan, &State::Baking, bad()).expect("it reacts")
}

#[test]
fn past_what_cannot_be_undone_only_a_person_goes_back() {
    let plan = Plan { irreversible: true, ..Plan::blue_green() };
    let Transition { next: asks, announce } = asking(&plan);
    assert_eq!((asks.failure(), announce), (Some(&failure()), EventType::ReleaseWaiting));
    assert_eq!((plan.effect(&asks), plan.limit(&asks)), (None, Some(plan.limits.decide)));
    let unwanted = [ok(), bad(), Input::Cancel { by: by() }, Input::Supersede { by: newer() }];
    for unwanted in unwanted {
        assert!(step(&plan, &asks, unwanted.clone()).is_err(), "{unwanted:?}");
    }
    let late = Input::DeadlinePassed { last: String::new() };
    assert_eq!(step(&plan, &asks, late).expect("they are asked again").next, asks);
    let back = Input::Rollback { by: by(), reason: String::new() };
    let back = step(&plan, &asks, back).expect("it goes back").next;
    assert_eq!(plan.effect(&back), Some(Effect::RestoreTraffic));
}

#[test]
fn who_is_asked_may_keep_what_cannot_be_undone() {
    let plan = Plan { irreversible: true, ..Plan::blue_green() };
    let kept = step(&plan, &asking(&plan).next, Input::Promote { by: by(), step: 0 });
    assert_eq!(kept.expect("it stays").next, State::Settling);
}

#[test]
fn what_cannot_be_undone_goes_back_by_itself_while_nobody_is_on_it() {
    let plan = Plan { irreversible: true, ..Plan::blue_green() };
    let back = step(&plan, &State::Starting, bad()).expect("goes back").next;
    assert_eq!(plan.effect(&back), Some(Effect::RemoveCandidate));
    let first = Plan { has_stable: false, ..plan };
    assert!(matches!(asking(&first).next, State::RollingBack { .. }));
}
