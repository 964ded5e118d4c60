//! From looks to a verdict. Pure: what was known, what one look found, what time it is.

use crate::diff::{Finding, Reason};
use chrono::{DateTime, TimeDelta, Utc};
use events::InstanceId;
use std::collections::{BTreeMap, BTreeSet};

/// How many looks must find the same before it counts.
const LOOKS: i32 = 2;
/// Looks closer together than this count as one: two monitors, or somebody asking again and again, must
/// not make a moment into a verdict.
const APART: TimeDelta = TimeDelta::seconds(1);

/// A finding and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// What differs.
    pub finding: Finding,
    /// How many looks found it.
    pub seen: i32,
    /// When it was found first.
    pub first_seen: DateTime<Utc>,
    /// When a look that counted found it last.
    pub last_seen: DateTime<Utc>,
    /// It was told.
    pub announced: bool,
    /// What is done about it, or why nothing is.
    pub heal: Heal,
    /// The release it differs from.
    pub release_number: i64,
}

/// What is done about a finding, or why nothing is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heal {
    /// A stable code where something stands against it.
    pub reason: String,
    /// For people.
    pub message: String,
    /// It was tried in vain, or is not tried.
    pub failed: bool,
}

impl Known {
    /// It is healed, as far as is known, where that is wanted at all.
    pub fn may_heal(&self) -> bool {
        !self.heal.failed && self.finding.reason != Reason::Orphaned
    }

    /// It is no moment between two states.
    pub const fn is_confirmed(&self) -> bool {
        self.seen >= LOOKS || self.finding.reason.is_certain_at_once()
    }

    /// It is no moment, and nobody said that it may be so.
    pub const fn counts(&self) -> bool {
        self.is_confirmed() && !self.finding.ignored
    }
}

/// What is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// All of it was told, or there is nothing.
    Nothing,
    /// Something differs that was not told.
    Detected,
    /// What was told is no longer so.
    Cleared,
}

/// What is known after a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Every finding of the look, and those of instances it did not judge, with what is known of them.
    pub known: Vec<Known>,
    /// What is to be told.
    pub news: News,
    /// Another look soon may change the verdict.
    pub is_undecided: bool,
}

/// The state of an environment that does not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// What runs is what was released.
    InSync,
    /// Something differs.
    Drifted,
    /// Something that should run does not.
    Missing,
    /// All that should run does; something of no release runs too.
    Orphaned,
    /// What differs may differ, or nothing is compared.
    Ignored,
    /// A release moves, so nothing is judged.
    Converging,
    /// The engine does not answer, or nobody has looked yet.
    Unknown,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::InSync,
        Self::Drifted,
        Self::Missing,
        Self::Orphaned,
        Self::Ignored,
        Self::Converging,
        Self::Unknown,
    ];

    /// The state as a row or a metric has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InSync => "in_sync",
            Self::Drifted => "drifted",
            Self::Missing => "missing",
            Self::Orphaned => "orphaned",
            Self::Ignored => "ignored",
            Self::Converging => "converging",
            Self::Unknown => "unknown",
        }
    }

    /// The state called `text`; what is not known is unknown.
    pub fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|state| state.as_str() == text).unwrap_or(Self::Unknown)
    }
}

/// What is known after a look that found `found`. Of instances that are `busy`, because they are being
/// repaired, what was known stays as it is, and waits for no other look: it is their repair that ends it.
pub fn judge(
    before: &[Known],
    busy: &BTreeSet<InstanceId>,
    found: Vec<Finding>,
    number: i64,
    now: DateTime<Utc>,
) -> Judged {
    let key = |finding: &Finding| (finding.subject.clone(), finding.reason);
    let is_busy = |known: &&Known| known.finding.instance.is_some_and(|it| busy.contains(&it));
    let (kept, calm): (Vec<&Known>, Vec<&Known>) = before.iter().partition(is_busy);
    let earlier: BTreeMap<(String, Reason), &Known> =
        calm.into_iter().map(|known| (key(&known.finding), known)).collect();
    let mut known: Vec<Known> = found
        .into_iter()
        .map(|finding| match earlier.get(&key(&finding)) {
            Some(before) => again(before, finding, now),
            None => first(finding, number, now),
        })
        .collect();
    let is_undecided = known.iter().any(|known| !known.is_confirmed());
    known.extend(kept.into_iter().cloned());
    let news = news(before, &known);
    for known in &mut known {
        known.announced |= known.counts();
    }
    Judged { known, news, is_undecided }
}

fn first(finding: Finding, number: i64, now: DateTime<Utc>) -> Known {
    Known {
        finding,
        seen: 1,
        first_seen: now,
        last_seen: now,
        announced: false,
        heal: Heal::default(),
        release_number: number,
    }
}

fn again(before: &Known, finding: Finding, now: DateTime<Utc>) -> Known {
    if now - before.last_seen < APART {
        return Known { finding, ..before.clone() };
    }
    Known { finding, seen: before.seen.saturating_add(1), last_seen: now, ..before.clone() }
}

fn news(before: &[Known], after: &[Known]) -> News {
    if after.iter().any(|known| known.counts() && !known.announced) {
        News::Detected
    } else if before.iter().any(|known| known.announced)
        && !after.iter().any(|known| known.announced)
    {
        News::Cleared
    } else {
        News::Nothing
    }
}

/// The state of an environment with these findings, of which only confirmed ones count.
pub fn state(known: &[Known]) -> State {
    let counting: Vec<Reason> =
        known.iter().filter(|it| it.counts()).map(|it| it.finding.reason).collect();
    if counting.iter().any(|reason| reason.is_missing()) {
        State::Missing
    } else if counting.iter().any(|reason| *reason != Reason::Orphaned) {
        State::Drifted
    } else if !counting.is_empty() {
        State::Orphaned
    } else if known.iter().any(Known::is_confirmed) {
        State::Ignored
    } else {
        State::InSync
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn finding(reason: Reason, subject: &str) -> Finding {
        Finding { subject: subject.to_owned(), ..crate::diff::tests::finding(reason) }
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).expect("in range")
    }

    /// What is told, and the state, after each look, two seconds apart.
    fn looks(looks: &[&[(Reason, &str)]]) -> Vec<(News, State)> {
        let (mut known, mut told) = (Vec::new(), Vec::new());
        for (second, look) in (0..).step_by(2).zip(looks) {
            let found = look.iter().map(|(reason, subject)| finding(*reason, subject)).collect();
            let judged = judge(&known, &BTreeSet::new(), found, 1, at(second));
            known = judged.known;
            told.push((judged.news, state(&known)));
        }
        told
    }

    const GONE: (Reason, &str) = (Reason::Missing, "a");
    const EXTRA: (Reason, &str) = (Reason::Orphaned, "b");
    const QUIET: (News, State) = (News::Nothing, State::InSync);

    #[test]
    fn one_look_is_no_verdict() {
        assert_eq!(looks(&[&[GONE], &[], &[GONE], &[]]), [QUIET; 4]);
    }

    #[test]
    fn a_difference_is_told_once_and_so_is_its_end() {
        let missing = State::Missing;
        assert_eq!(
            looks(&[&[GONE], &[GONE], &[GONE], &[], &[]]),
            [
                QUIET,
                (News::Detected, missing),
                (News::Nothing, missing),
                (News::Cleared, State::InSync),
                QUIET
            ]
        );
    }

    #[test]
    fn another_image_is_told_at_once() {
        assert_eq!(looks(&[&[(Reason::Image, "a")]]), [(News::Detected, State::Drifted)]);
    }

    #[test]
    fn one_more_difference_is_told_and_one_fewer_is_not() {
        let told = looks(&[&[EXTRA], &[EXTRA], &[EXTRA, GONE], &[EXTRA, GONE], &[EXTRA]]);
        let news: Vec<News> = told.iter().map(|(news, _)| *news).collect();
        let (quiet, told_of) = (News::Nothing, News::Detected);
        assert_eq!(news, [quiet, told_of, quiet, told_of, quiet]);
        assert_eq!(told.last(), Some(&(News::Nothing, State::Orphaned)));
    }

    #[test]
    fn what_may_differ_is_never_told() {
        let mut found = finding(Reason::Limits, "a");
        found.ignored = true;
        let first = judge(&[], &BTreeSet::new(), vec![found.clone()], 1, at(0));
        let second = judge(&first.known, &BTreeSet::new(), vec![found], 1, at(2));
        assert_eq!((second.news, state(&second.known)), (News::Nothing, State::Ignored));
    }

    #[test]
    fn looks_at_the_same_moment_count_once() {
        let nobody = BTreeSet::new();
        let first = judge(&[], &nobody, vec![finding(Reason::Missing, "a")], 1, at(0));
        let second = judge(&first.known, &nobody, vec![finding(Reason::Missing, "a")], 1, at(0));
        assert_eq!((second.news, second.is_undecided), (News::Nothing, true));
    }

    #[test]
    fn what_was_found_once_before_a_repair_waits_for_no_other_look_during_it() {
        let id = InstanceId::new(uuid::Uuid::nil());
        let found = Finding { instance: Some(id), ..finding(Reason::Limits, "a") };
        let before = judge(&[], &BTreeSet::new(), vec![found], 1, at(0));
        let during = judge(&before.known, &BTreeSet::from([id]), Vec::new(), 1, at(2));
        assert!(before.is_undecided && !during.is_undecided);
        assert_eq!((during.known, during.news), (before.known, News::Nothing));
    }

    fn any_look() -> impl Strategy<Value = Vec<(usize, u8)>> {
        proptest::collection::vec((0..Reason::ALL.len(), 0_u8..3), 0..4)
    }

    proptest! {
        #[test]
        fn detected_and_cleared_take_turns_around_drift(all in proptest::collection::vec(any_look(), 0..20)) {
            let (mut known, mut open) = (Vec::new(), false);
            for (second, look) in (0..).step_by(2).zip(all) {
                let found = look.iter().map(|(reason, subject)| finding(Reason::ALL[*reason], &subject.to_string()));
                let judged = judge(&known, &BTreeSet::new(), found.collect(), 1, at(second));
                match judged.news {
                    News::Cleared => prop_assert!(std::mem::replace(&mut open, false)),
                    News::Detected => open = true,
                    News::Nothing => {}
                }
                known = judged.known;
                prop_assert_eq!(state(&known) != State::InSync, open);
            }
        }
    }
}
