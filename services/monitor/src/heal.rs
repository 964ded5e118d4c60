//! Whether a difference is healed now: never in a hurry, never without end, never against somebody. Pure.

use crate::reason::Reason;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// The longest pause between two attempts at one instance (Argo CD's).
const LONGEST: Duration = Duration::from_mins(5);
/// Each pause is so many times the one before (Argo CD's).
const FACTOR: u32 = 3;
/// What the budget and a fight are counted over.
const WINDOW: TimeDelta = TimeDelta::hours(1);
/// An instance that was well for so long begins anew.
const QUIET: TimeDelta = TimeDelta::minutes(10);
/// The same difference healed so often in the window: somebody makes it again.
const FIGHT: usize = 3;
/// How much may be healed on one machine in the window, as a multiple of what one environment may.
const MACHINE: u32 = 4;

/// How much and how fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The pause after the first attempt.
    pub first: Duration,
    /// Attempts of one environment in an hour.
    pub budget: u32,
}

impl Default for Limits {
    /// Argo CD's time-out of five seconds; a budget that repairs a bad hour and ends a loop.
    fn default() -> Self {
        Self { first: Duration::from_secs(5), budget: 5 }
    }
}

/// An attempt of the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Service and replica.
    pub target: String,
    /// What it healed: reasons and fields.
    pub fingerprint: String,
    /// When it began.
    pub at: DateTime<Utc>,
    /// It did what it should.
    pub succeeded: bool,
    /// Code and sentence of why not.
    pub failure: Option<(String, String)>,
    /// It was of the environment in question; else it counts only for the machine.
    pub is_here: bool,
    /// It was for the release that lives.
    pub of_release: bool,
}

/// What differs of one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Service and replica.
    pub name: String,
    /// Why.
    pub reasons: Vec<Reason>,
    /// Reasons and fields.
    pub fingerprint: String,
    /// Its service has volumes whose data matter.
    pub with_data: bool,
    /// A person asked for it at this time.
    pub asked_at: Option<DateTime<Utc>>,
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It is healed now.
    Heal,
    /// It is healed at this time.
    Wait {
        /// When.
        until: DateTime<Utc>,
    },
    /// It is not healed.
    Withhold {
        /// A stable code.
        reason: &'static str,
        /// For people.
        message: String,
    },
}

/// What is done about `target` after `attempts`, in any order.
pub fn decide(
    target: &Target,
    attempts: &[Attempt],
    limits: Limits,
    now: DateTime<Utc>,
) -> Decision {
    let own = || attempts.iter().filter(|it| it.is_here && it.target == target.name);
    let asked = target.asked_at.is_some_and(|at| own().all(|attempt| attempt.at < at));
    if target.reasons.contains(&Reason::Mounts) && target.with_data {
        let message =
            "its mounts differ and it has data: look where the data are, then deploy again";
        return withhold("HEAL_DATA", message.to_owned());
    }
    if asked {
        return Decision::Heal;
    }
    let recent = |it: &&Attempt| now - it.at < WINDOW;
    let same =
        |it: &&Attempt| it.succeeded && it.of_release && it.fingerprint == target.fingerprint;
    let fought = own().filter(recent).filter(same).count();
    if fought >= FIGHT {
        let message = format!(
            "healed {fought} times within an hour and changed again each time: somebody else writes it. Find out who, \
             then `slipway drift heal`, or deploy what is wanted"
        );
        return withhold("HEAL_FIGHT", message);
    }
    let here = attempts.iter().filter(recent).filter(|it| it.is_here).count();
    let everywhere = attempts.iter().filter(recent).count();
    let budget = limits.budget as usize;
    if here >= budget || everywhere >= budget * MACHINE as usize {
        let message = format!(
            "{here} repairs here and {everywhere} on the machine within an hour: no more by itself"
        );
        return withhold("HEAL_BUDGET", message);
    }
    match next_at(own(), limits, now) {
        Some(until) if until > now => Decision::Wait { until },
        _ => Decision::Heal,
    }
}

fn withhold(reason: &'static str, message: String) -> Decision {
    Decision::Withhold { reason, message }
}

/// When the next attempt may be, after those without a quiet time between them.
fn next_at<'a>(
    attempts: impl Iterator<Item = &'a Attempt>,
    limits: Limits,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let mut times: Vec<DateTime<Utc>> = attempts.map(|attempt| attempt.at).collect();
    times.sort_unstable_by(|a, b| b.cmp(a));
    let last = *times.first()?;
    let (mut later, mut row) = (now, 0);
    for at in times {
        if later - at >= QUIET {
            break;
        }
        (later, row) = (at, row + 1);
    }
    let pause = TimeDelta::from_std(pause(limits.first, row)).unwrap_or(TimeDelta::MAX);
    Some(last + pause)
}

/// The pause after `row` attempts.
fn pause(first: Duration, row: u32) -> Duration {
    match row {
        0 => Duration::ZERO,
        row => first.saturating_mul(FACTOR.saturating_pow(row - 1)).min(LONGEST),
    }
}

#[cfg(test)]
mod tests;
