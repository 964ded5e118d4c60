//! What a release waits for before it begins: the forge's CI, people, and a window.

use super::{admitted, by, full_plan, life};
use crate::{Cleared, Failure, Input, Plan, State, step};

#[test]
fn an_open_window_is_not_waited_for() {
    let plan = Plan { approval: true, window: true, ..Plan::blue_green() };
    let open = || Input::Admitted { in_window: true };
    assert_eq!(
        life(&plan, [open(), Input::Approved, open()]),
        "queued > awaiting_approval > queued > preparing"
    );
}

#[test]
fn who_is_refused_or_not_answered_has_failed_for_that() {
    let plan = full_plan();
    let asked = State::AwaitingApproval { cleared: Cleared::default() };
    let failure = |input| {
        let next = step(&plan, &asked, input).expect("it reacts").next;
        next.failure().expect("why").to_string()
    };
    let refused = failure(Input::Refused { by: by(), reason: "not today".to_owned() });
    let expired = failure(Input::DeadlinePassed { last: String::new() });
    assert_eq!(refused, "APPROVAL_REFUSED: ana refused it: not today");
    assert!(expired.starts_with("APPROVAL_EXPIRED: "), "{expired}");
}

#[test]
fn what_is_red_or_not_green_in_time_has_failed_for_that() {
    let plan = full_plan();
    let waits = State::AwaitingCi { cleared: Cleared::default() };
    let failure = |input| {
        let next = step(&plan, &waits, input).expect("it reacts").next;
        next.failure().expect("why").to_string()
    };
    let red = failure(Input::Failed { failure: Failure::new("CI_FAILED", "unit failed") });
    assert_eq!(red, "CI_FAILED: unit failed");
    let late = failure(Input::DeadlinePassed { last: "unit is queued".to_owned() });
    assert_eq!(late, "CI_EXPIRED: the forge's CI was not green in time: unit is queued");
}

#[test]
fn a_state_of_before_has_no_gate_of_ci_behind_it() {
    let read = r#"{"state":"queued","cleared":{"approval":true,"window":false}}"#;
    let read: State = serde_json::from_str(read).expect("it was written once");
    let cleared = Cleared { approval: true, ..Cleared::default() };
    assert_eq!(read, State::Queued { cleared });
}

#[test]
fn a_log_of_before_reads_as_it_was_meant() {
    let read = |text: &str| serde_json::from_str::<Input>(text).expect("it was written once");
    assert_eq!(read(r#"{"input":"admitted"}"#), admitted());
    let refused = Input::Refused { by: by(), reason: String::new() };
    assert_eq!(read(r#"{"input":"refused","by":"ana"}"#), refused);
}
