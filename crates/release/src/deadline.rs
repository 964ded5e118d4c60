//! How long a state may last. Only the ends of a life, and what waits for an operator, have no limit.

use crate::{Plan, Shift, State};
use std::time::Duration;

impl Plan {
    /// How long `state` may last after it was entered; nothing for an end.
    pub fn limit(&self, state: &State) -> Option<Duration> {
        let limits = &self.limits;
        match state {
            State::Queued { .. } => Some(limits.queue),
            State::AwaitingCi { .. } => Some(limits.ci),
            State::AwaitingApproval { .. } => Some(limits.approval),
            State::AwaitingWindow { .. } => Some(limits.window),
            State::Preparing => Some(limits.prepare),
            State::RunningJobs => Some(limits.jobs),
            State::Starting => Some(limits.start),
            State::Warming => Some(limits.warm),
            State::Verifying => Some(limits.verify),
            State::Shifting { phase: Shift::Applying, .. } => Some(limits.shift),
            State::Shifting { step, phase: Shift::Holding } => Some(self.hold(*step)),
            State::Shifting { phase: Shift::Deciding | Shift::Asking { .. }, .. } => {
                Some(limits.decide)
            }
            State::Baking => Some(limits.bake),
            State::Settling => Some(limits.settle),
            State::RollingBack { .. } => Some(limits.undo),
            State::Live
            | State::Retained
            | State::Collected
            | State::RolledBack { .. }
            | State::Failed { .. }
            | State::Cancelled { .. }
            | State::Superseded { .. }
            | State::Stuck { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Strategy;

    fn canary(holds: &[u64]) -> Plan {
        let holds = holds.iter().map(|minutes| Duration::from_mins(*minutes)).collect();
        Plan {
            strategy: Strategy::Canary { steps: vec![10, 50, 100], holds },
            ..Plan::blue_green()
        }
    }

    fn held(plan: &Plan) -> [Option<Duration>; 2] {
        [0, 1].map(|step| plan.limit(&State::Shifting { step, phase: Shift::Holding }))
    }

    #[test]
    fn each_step_may_be_held_for_its_own_time() {
        assert_eq!(held(&canary(&[20, 15])), [20, 15].map(|n| Some(Duration::from_mins(n))));
        let alike = Some(Plan::blue_green().limits.hold);
        assert_eq!(held(&canary(&[])), [alike, alike]);
    }

    #[test]
    fn a_plan_of_before_holds_all_its_steps_alike() {
        let stored = r#"{"kind":"canary","steps":[10,50,100]}"#;
        let strategy: Strategy = serde_json::from_str(stored).expect("it was stored so");
        assert_eq!(strategy, canary(&[]).strategy);
        assert_eq!(serde_json::to_string(&strategy).expect("is JSON"), stored);
        let own = serde_json::to_string(&canary(&[20, 15])).expect("is JSON");
        assert_eq!(serde_json::from_str::<Plan>(&own).expect("it was stored"), canary(&[20, 15]));
    }
}
