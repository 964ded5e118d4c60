//! Whether a model is made anew because data drifted. Pure.
//!
//! A retraining never leads to another: while one is due, goes on, or is on its way to users, drift is answered.

use events::RunId;
use manifest::{Retrain, RetrainMode};

/// What is so when drift is told.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Situation {
    /// What drifted are the requests of what is live now.
    pub(crate) is_of_live: bool,
    /// The run of the job that waits until somebody agrees.
    pub(crate) asked_for: Option<RunId>,
    /// A run of the job is due, goes on, or waits until somebody agrees.
    pub(crate) is_open: bool,
    /// What a run made was committed, and is not released yet.
    pub(crate) is_on_its_way: bool,
    /// A release waits or moves.
    pub(crate) is_moving: bool,
    /// Runs for drift within the time of the budget.
    pub(crate) ordered: i64,
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Nothing is ordered, and why.
    Nothing(&'static str),
    /// This run waits until somebody agrees, and is asked for because of this, too.
    AskAlso(RunId),
    /// It runs when somebody agrees; why it does not run at once, if it might have.
    Ask(Option<&'static str>),
    /// It runs.
    Run,
}

/// What follows of drift that was told.
pub(crate) fn decide(retrain: &Retrain, now: Situation) -> Decision {
    if retrain.mode == RetrainMode::Propose {
        return Decision::Nothing("a person is to ask for it");
    }
    if !now.is_of_live {
        return Decision::Nothing("another release is live by now");
    }
    if let Some(run) = now.asked_for {
        return Decision::AskAlso(run);
    }
    if now.is_open {
        return Decision::Nothing("a run is due or goes on already");
    }
    if now.is_on_its_way {
        return Decision::Nothing("the model of a run is on its way");
    }
    if retrain.mode == RetrainMode::Approval {
        return Decision::Ask(None);
    }
    if now.is_moving {
        return Decision::Ask(Some("another release is on its way"));
    }
    if now.ordered >= i64::from(retrain.budget.count) {
        return Decision::Ask(Some("the budget is spent"));
    }
    Decision::Run
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn retrain(mode: &str) -> Retrain {
        let json = serde_json::json!({"job": null, "mode": mode, "budget": {"count": 2, "within": 604_800_000}});
        serde_json::from_value(json).expect("retrain")
    }

    const CALM: Situation = Situation {
        is_of_live: true,
        asked_for: None,
        is_open: false,
        is_on_its_way: false,
        is_moving: false,
        ordered: 0,
    };

    #[test]
    fn each_mode_has_its_answer() {
        let told = ["propose", "approval", "automatic"].map(|mode| decide(&retrain(mode), CALM));
        let proposed = Decision::Nothing("a person is to ask for it");
        assert_eq!(told, [proposed, Decision::Ask(None), Decision::Run]);
    }

    #[test]
    fn what_goes_beyond_the_budget_or_meets_a_release_is_for_a_person() {
        let automatic = retrain("automatic");
        assert_eq!(decide(&automatic, Situation { ordered: 1, ..CALM }), Decision::Run);
        let spent = decide(&automatic, Situation { ordered: 2, ..CALM });
        assert_eq!(spent, Decision::Ask(Some("the budget is spent")));
        let moving = decide(&automatic, Situation { is_moving: true, ..CALM });
        assert_eq!(moving, Decision::Ask(Some("another release is on its way")));
    }

    #[test]
    fn what_waits_for_people_is_asked_for_because_of_the_next_drift_too() {
        let run = RunId::new(Uuid::from_u128(7));
        let waits = Situation { asked_for: Some(run), is_open: true, ..CALM };
        assert_eq!(decide(&retrain("approval"), waits), Decision::AskAlso(run));
        assert_eq!(decide(&retrain("automatic"), waits), Decision::AskAlso(run));
        let other = decide(&retrain("approval"), Situation { is_of_live: false, ..waits });
        assert_eq!(other, Decision::Nothing("another release is live by now"));
    }

    proptest! {
        #[test]
        fn drift_that_is_answered_orders_nothing(
            mode in prop_oneof!["propose", "approval", "automatic"],
            flags in any::<[bool; 4]>(),
            ordered in 0..4_i64,
        ) {
            let [is_of_live, is_open, is_on_its_way, is_moving] = flags;
            let now = Situation { is_of_live, is_open, is_on_its_way, is_moving, ordered, ..CALM };
            if is_open || is_on_its_way || !is_of_live {
                prop_assert!(matches!(decide(&retrain(&mode), now), Decision::Nothing(_)));
            }
        }
    }
}
