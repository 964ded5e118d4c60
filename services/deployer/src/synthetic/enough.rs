//! Whether users send enough to judge a candidate by within the time that its share is held. Pure.

use stats::{Finding, Judgement, Metric, Verdict};
use std::time::Duration;

/// So long users are looked at first,
const FIRST: Duration = Duration::from_secs(10);
/// or this part of the hold, if that is less.
const PART: u32 = 10;

/// How it stands with a share that is held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    /// For how long it is looked at.
    pub(super) held: Duration,
    /// For how long it is held yet.
    pub(super) left: Duration,
    /// Requests of users that the candidate had in the time that it was looked at.
    pub(super) users: u64,
}

/// Whether Slipway has to send requests itself. Not before users were seen, not when what they send will do, and not when
/// requests change nothing: all is decided but readings.
pub(super) fn is_wanted(judgement: &Judgement, standing: Standing) -> bool {
    let Standing { held, left, users } = standing;
    let undecided = judgement.findings.iter().filter(|it| it.verdict == Verdict::Inconclusive);
    let needed = undecided.filter_map(needed).max().unwrap_or_default();
    let first = FIRST.min((held + left) / PART);
    if judgement.verdict != Verdict::Inconclusive || needed == 0 || held < first || held.is_zero() {
        return false;
    }
    // Users did not send enough by the end: a person is asked meanwhile, and nobody knows when users come again.
    left.is_zero() || expected(users, left.as_secs_f64() / held.as_secs_f64()) < needed
}

/// How many requests more tell of one metric; at least one, where it is not known how many. What models say to requests of
/// our own is not captured.
fn needed(finding: &Finding) -> Option<u64> {
    match finding.metric {
        Metric::Reading(_) | Metric::Predictions(_) | Metric::Disagreement => None,
        Metric::Errors | Metric::Differences | Metric::Latency(_) => {
            Some(finding.evidence.needed.unwrap_or(1))
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "an estimate, of counts that fit in 52 bits"
)]
fn expected(users: u64, times: f64) -> u64 {
    (users as f64 * times).max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use stats::{Analysis, Plan, Sight, Snapshot};

    /// After so many good requests of the candidate.
    fn judgement(requests: u64) -> Judgement {
        let snapshot = |requests: u64| {
            let counts = [requests, requests, requests];
            Snapshot::new(requests, 0, vec![0.1, 1.0], &counts).expect("counters")
        };
        let mut analysis = Analysis::new(Plan::default());
        for by in 0..=10 {
            let candidate = snapshot(requests * by / 10);
            let stable = snapshot(10_000 + requests * by / 10);
            analysis.observe(&Sight { candidate, stable, readings: Vec::new() });
        }
        analysis.judgement()
    }

    fn wanted(users: u64, (held, left): (u64, u64)) -> bool {
        let (held, left) = (Duration::from_secs(held), Duration::from_secs(left));
        is_wanted(&judgement(users), Standing { held, left, users })
    }

    #[test]
    fn a_service_without_users_gets_requests_after_a_look() {
        assert!(!wanted(0, (0, 300)) && !wanted(0, (9, 291)));
        assert!(wanted(0, (10, 290)));
        assert!(wanted(0, (1, 9)), "a short hold is not waited away");
    }

    #[test]
    fn users_who_send_enough_are_left_alone() {
        // Some 600 are needed.
        assert!(!wanted(50, (10, 290)));
        assert!(wanted(10, (10, 290)));
        assert!(!wanted(2000, (10, 290)), "it is decided");
    }

    #[test]
    fn while_a_person_is_asked_it_goes_on() {
        assert!(wanted(10, (400, 0)));
        assert!(wanted(500, (400, 0)), "users who are gone show nothing");
    }

    #[test]
    fn what_only_readings_can_tell_needs_no_requests() {
        let mut judgement = judgement(0);
        for finding in &mut judgement.findings {
            finding.metric = Metric::Reading("queue".to_owned());
        }
        let held = Duration::from_secs(100);
        assert!(!is_wanted(&judgement, Standing { held, left: held, users: 0 }));
    }
}
