//! What answers mean: an instance is starting, ready or not ready. Pure; time is given as time since start.
//!
//! Success counts at once. Failure counts at most once in a period, not before the initial delay and the start
//! period are over, and not while nothing of the instance ever answered: such a one is starting still, and the
//! gate's end decides about it.

use std::time::Duration;

/// What the answers to a probe mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// Nothing is asked for so long after the start.
    pub initial_delay: Duration,
    /// From one question to the next.
    pub period: Duration,
    /// Good answers in a row that make it ready.
    pub successes: u32,
    /// Bad answers in a row that make it not ready.
    pub failures: u32,
    /// Failures do not count for so long after the start.
    pub start_period: Duration,
}

/// What an instance is by its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It was never ready.
    Starting,
    /// It may get requests.
    Ready,
    /// It may not.
    Unready,
}

/// Until it was ready, an instance is asked this often at least.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// And no more often than this.
const SHORTEST_PAUSE: Duration = Duration::from_millis(25);

/// A pause is this part of the time it took so far: waiting makes the start a tenth longer at most.
const PART_OF_START: u32 = 10;

/// Counts the answers of one instance.
#[derive(Debug, Clone)]
pub struct ProbeState {
    thresholds: Thresholds,
    phase: Phase,
    good_in_row: u32,
    bad_in_row: u32,
    last_counted: Option<Duration>,
    was_answered: bool,
}

impl ProbeState {
    /// Nothing was asked yet.
    pub fn new(thresholds: Thresholds) -> Self {
        Self {
            thresholds,
            phase: Phase::Starting,
            good_in_row: 0,
            bad_in_row: 0,
            last_counted: None,
            was_answered: false,
        }
    }

    /// It is ready, as an earlier count says.
    pub fn ready(thresholds: Thresholds) -> Self {
        Self { phase: Phase::Ready, was_answered: true, ..Self::new(thresholds) }
    }

    /// What it is now.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Bad answers in a row that counted.
    pub fn failures(&self) -> u32 {
        self.bad_in_row
    }

    /// Bad answers in a row that are too many.
    pub fn failures_allowed(&self) -> u32 {
        self.thresholds.failures
    }

    /// Notes an answer that came `at` after the start, from the instance or for want of one.
    pub fn record(&mut self, at: Duration, good: bool, from_instance: bool) -> Phase {
        self.was_answered |= from_instance;
        if good {
            self.succeeded();
        } else {
            self.good_in_row = 0;
            self.failed(at);
        }
        self.phase
    }

    fn succeeded(&mut self) {
        self.bad_in_row = 0;
        self.last_counted = None;
        self.good_in_row = self.good_in_row.saturating_add(1);
        if self.good_in_row >= self.thresholds.successes {
            self.phase = Phase::Ready;
        }
    }

    fn failed(&mut self, at: Duration) {
        let grace = self.thresholds.start_period.max(self.thresholds.initial_delay);
        let is_grace = self.phase == Phase::Starting && (at < grace || !self.was_answered);
        let is_early =
            self.last_counted.is_some_and(|last| at < last.saturating_add(self.thresholds.period));
        if is_grace || is_early {
            return;
        }
        self.last_counted = Some(at);
        self.bad_in_row = self.bad_in_row.saturating_add(1);
        if self.bad_in_row >= self.thresholds.failures {
            self.phase = Phase::Unready;
        }
    }

    /// How long until the next question, `at` after the start. Short at first, so that an instance that is
    /// there in no time is found ready in no time.
    pub fn pause(&self, at: Duration) -> Duration {
        if self.phase != Phase::Starting || self.good_in_row > 0 {
            return self.thresholds.period;
        }
        let pause = (at / PART_OF_START).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
        pause.min(self.thresholds.period)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    fn thresholds() -> Thresholds {
        Thresholds {
            initial_delay: Duration::ZERO,
            period: seconds(10),
            successes: 1,
            failures: 3,
            start_period: Duration::ZERO,
        }
    }

    fn bad_at(state: &mut ProbeState, at: impl IntoIterator<Item = u64>) -> Phase {
        at.into_iter().map(|at| state.record(seconds(at), false, true)).last().unwrap()
    }

    #[test]
    fn one_success_is_enough_and_three_failures_are_needed() {
        let mut state = ProbeState::new(thresholds());
        assert_eq!(state.record(seconds(0), true, true), Phase::Ready);
        assert_eq!(bad_at(&mut state, [10, 20]), Phase::Ready);
        assert_eq!(bad_at(&mut state, [30]), Phase::Unready);
        assert_eq!(state.record(seconds(40), true, true), Phase::Ready);
    }

    #[test]
    fn quick_questions_count_once_in_a_period() {
        let mut state = ProbeState::new(thresholds());
        assert_eq!(bad_at(&mut state, 0..20), Phase::Starting);
        assert_eq!(bad_at(&mut state, [20]), Phase::Unready);
    }

    #[test]
    fn failures_in_the_start_period_do_not_count_and_success_does() {
        let mut state = ProbeState::new(Thresholds { start_period: seconds(300), ..thresholds() });
        assert_eq!(bad_at(&mut state, (0..300).step_by(10)), Phase::Starting);
        assert_eq!(state.failures(), 0);
        assert_eq!(bad_at(&mut state.clone(), [300, 310, 320]), Phase::Unready);
        assert_eq!(state.record(seconds(100), true, true), Phase::Ready);
    }

    #[test]
    fn who_never_answered_is_starting_still() {
        let mut state = ProbeState::new(thresholds());
        for at in (0..300).step_by(10) {
            assert_eq!(state.record(seconds(at), false, false), Phase::Starting);
        }
    }

    #[test]
    fn who_was_ready_and_is_gone_is_not_ready() {
        let mut state = ProbeState::new(thresholds());
        state.record(seconds(0), true, true);
        let gone: Vec<_> = [10, 20, 30].map(|at| state.record(seconds(at), false, false)).into();
        assert_eq!(gone, [Phase::Ready, Phase::Ready, Phase::Unready]);
    }

    #[test]
    fn several_successes_must_follow_each_other() {
        let mut state = ProbeState::new(Thresholds { successes: 2, ..thresholds() });
        assert_eq!(state.record(seconds(0), true, true), Phase::Starting);
        bad_at(&mut state, [10]);
        assert_eq!(state.record(seconds(20), true, true), Phase::Starting);
        assert_eq!(state.record(seconds(30), true, true), Phase::Ready);
    }

    #[test]
    fn questions_are_quick_at_first_and_then_every_second() {
        let mut state = ProbeState::new(thresholds());
        let millis = |at| state.pause(Duration::from_millis(at)).as_millis();
        assert_eq!([0, 200, 5_000, 60_000].map(millis), [25, 25, 500, 1000]);
        state.record(seconds(9), true, true);
        assert_eq!(state.pause(seconds(9)), seconds(10));
    }

    proptest! {
        #[test]
        fn it_is_never_unready_before_its_failures_fit(
            answers in proptest::collection::vec((any::<bool>(), any::<bool>(), 0_u64..20), 0..60),
            failures in 1_u32..5,
            start_period in 0_u64..60,
        ) {
            let limits = Thresholds { failures, start_period: seconds(start_period), ..thresholds() };
            let mut state = ProbeState::new(limits);
            let mut at = Duration::ZERO;
            for (good, from_instance, later) in answers {
                at += seconds(later);
                if state.record(at, good, from_instance) == Phase::Unready {
                    prop_assert!(at >= limits.period * (failures - 1));
                }
                if good {
                    prop_assert_eq!(state.phase(), Phase::Ready);
                }
            }
        }
    }
}
