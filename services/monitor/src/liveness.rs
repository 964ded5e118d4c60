//! When an instance that does not live is restarted: at once, then later and later; a crash loop when that
//! does not help; anew after it was well for a while. Pure.

use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// The longest pause between two restarts (Kubernetes').
const LONGEST: Duration = Duration::from_mins(5);
/// So many restarts without a quiet time between them are a loop.
const LOOP: i32 = 5;

/// How fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The pause after the first restart.
    pub first: Duration,
    /// An instance that lives for so long begins anew.
    pub quiet: Duration,
}

impl Default for Pace {
    /// Kubernetes' ten seconds, and its ten minutes.
    fn default() -> Self {
        Self { first: Duration::from_secs(10), quiet: Duration::from_mins(10) }
    }
}

/// What an instance is by its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It answers well.
    Live,
    /// It answered badly, not often enough yet, or waits for its restart.
    Failing,
    /// It is being restarted.
    Restarting,
    /// Restarting does not help.
    CrashLoop,
}

impl State {
    /// As rows and people have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Failing => "failing",
            Self::Restarting => "restarting",
            Self::CrashLoop => "crash_loop",
        }
    }

    /// The state called `text`; what is not known lives.
    pub fn parse(text: &str) -> Self {
        let all = [Self::Live, Self::Failing, Self::Restarting, Self::CrashLoop];
        all.into_iter().find(|state| state.as_str() == text).unwrap_or(Self::Live)
    }
}

/// What is remembered of an instance, by service and replica.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What it is.
    pub state: State,
    /// Bad answers in a row.
    pub failures: u32,
    /// Restarts without a quiet time between them.
    pub restarts: i32,
    /// The last of them.
    pub last_restart: Option<DateTime<Utc>>,
    /// When it may be restarted next.
    pub next_restart: Option<DateTime<Utc>>,
    /// The last answer, for people.
    pub message: String,
}

impl Default for Record {
    fn default() -> Self {
        let (last_restart, next_restart) = (None, None);
        let message = String::new();
        Self { state: State::Live, failures: 0, restarts: 0, last_restart, next_restart, message }
    }
}

/// An answer to the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// It was good.
    pub good: bool,
    /// It counts when it was bad: the start is over.
    pub counts: bool,
    /// For people.
    pub message: String,
}

impl Record {
    /// After an answer; `allowed` bad ones in a row are too many.
    #[must_use]
    pub fn answered(self, answer: Answer, allowed: u32, pace: Pace, now: DateTime<Utc>) -> Self {
        if answer.good {
            return self.lived(answer.message, pace, now);
        }
        if !answer.counts {
            return Self { message: answer.message, ..self };
        }
        let failures = self.failures.saturating_add(1);
        let next_restart =
            if failures >= allowed { Some(self.may_restart(pace, now)) } else { None };
        let state = if self.restarts >= LOOP { State::CrashLoop } else { State::Failing };
        Self { state, failures, next_restart, message: answer.message, ..self }
    }

    fn lived(self, message: String, pace: Pace, now: DateTime<Utc>) -> Self {
        let quiet = TimeDelta::from_std(pace.quiet).unwrap_or(TimeDelta::MAX);
        let is_quiet = self.last_restart.is_none_or(|last| now - last >= quiet);
        let well = Self { state: State::Live, failures: 0, next_restart: None, message, ..self };
        if is_quiet { Self { restarts: 0, ..well } } else { well }
    }

    fn may_restart(&self, pace: Pace, now: DateTime<Utc>) -> DateTime<Utc> {
        let Some(last) = self.last_restart else { return now };
        let exponent = u32::try_from(self.restarts - 1).unwrap_or(0);
        let pause = match self.restarts {
            0 => Duration::ZERO,
            _ => pace.first.saturating_mul(2_u32.saturating_pow(exponent)).min(LONGEST),
        };
        (last + TimeDelta::from_std(pause).unwrap_or(TimeDelta::MAX)).max(now)
    }

    /// It is to be restarted now.
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.state != State::Restarting && self.next_restart.is_some_and(|at| at <= now)
    }

    /// Its restart begins.
    #[must_use]
    pub fn restarting(self, now: DateTime<Utc>) -> Self {
        Self {
            state: State::Restarting,
            failures: 0,
            restarts: self.restarts.saturating_add(1),
            last_restart: Some(now),
            next_restart: None,
            ..self
        }
    }

    /// Its restart ended.
    #[must_use]
    pub fn restarted(self, message: String) -> Self {
        let state = if self.restarts >= LOOP { State::CrashLoop } else { State::Failing };
        Self { state, failures: 0, message, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_000_000 + second, 0).expect("in range")
    }

    fn answer(good: bool) -> Answer {
        Answer { good, counts: true, message: String::new() }
    }

    fn bad(record: Record, second: i64) -> Record {
        record.answered(answer(false), 3, Pace::default(), at(second))
    }

    #[test]
    fn three_bad_answers_in_a_row_are_too_many() {
        let record = [0, 10].into_iter().fold(Record::default(), bad);
        assert!(!record.is_due(at(10)));
        let saved = record.clone().answered(answer(true), 3, Pace::default(), at(15));
        assert!(!bad(saved, 20).is_due(at(20)));
        assert!(bad(record, 20).is_due(at(20)));
    }

    #[test]
    fn answers_while_it_starts_count_only_when_they_are_good() {
        let starting = Answer { counts: false, ..answer(false) };
        let mut record = Record::default();
        for second in 0..10 {
            record = record.answered(starting.clone(), 3, Pace::default(), at(second));
        }
        assert_eq!((record.failures, record.state), (0, State::Live));
    }

    #[test]
    fn restarts_come_later_and_later_until_it_is_a_loop() {
        let (mut record, mut pauses, mut now) = (Record::default(), Vec::new(), 0);
        for _ in 0..7 {
            record = record.restarting(at(now)).restarted(String::new());
            record = [0, 1, 2].into_iter().fold(record, |record, n| bad(record, now + n));
            let next = record.next_restart.expect("it is to be restarted");
            pauses.push((next - at(now)).num_seconds());
            now += pauses.last().copied().unwrap_or_default();
        }
        assert_eq!(pauses, [10, 20, 40, 80, 160, 300, 300]);
        assert_eq!(record.state, State::CrashLoop);
    }

    #[test]
    fn a_quiet_time_makes_it_begin_anew() {
        let record = Record::default().restarting(at(0)).restarted(String::new());
        let well = |second| record.clone().answered(answer(true), 3, Pace::default(), at(second));
        assert_eq!((well(599).restarts, well(600).restarts), (1, 0));
    }

    proptest! {
        #[test]
        fn it_is_due_only_after_as_many_failures_as_allowed(answers in proptest::collection::vec(any::<bool>(), 0..50), allowed in 1_u32..6) {
            let (mut record, mut row) = (Record::default(), 0);
            for (second, good) in (0..).zip(answers) {
                record = record.answered(answer(good), allowed, Pace::default(), at(second));
                row = if good { 0 } else { row + 1 };
                prop_assert_eq!(record.is_due(at(second)), row >= allowed);
            }
        }
    }
}
