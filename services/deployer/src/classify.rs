//! Why an instance did not become ready: a named cause, and a sentence that says what, where and what to do.
//! Pure; `diagnose` gathers the evidence.

mod by_answer;
mod by_exit;
mod by_log;

pub(crate) use by_exit::crashed;

use crate::docker::listening::Listener;
use crate::docker::{EngineError, InstanceFacts};
use crate::probe::{Answer, Over, Target};
use release::{Failure, MOST_LOG_LINES};
use std::time::Duration;

/// How it came to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The process ended.
    Ended,
    /// It answered wrongly too often.
    Unready,
    /// It was still starting when its gate ended.
    Expired(Over),
}

/// Everything known of an instance that failed.
#[derive(Debug, Clone)]
pub struct Evidence<'a> {
    /// The service it is of.
    pub service: &'a str,
    /// How it came to an end.
    pub outcome: Outcome,
    /// What it was asked.
    pub target: &'a Target,
    /// Its last answer.
    pub answer: Option<&'a Answer>,
    /// How long it had.
    pub after: Duration,
    /// Its container.
    pub facts: Option<&'a InstanceFacts>,
    /// On which addresses it listened, if that could be seen.
    pub listening: Option<&'a [Listener]>,
    /// TCP ports its image says it listens on.
    pub exposed_ports: &'a [u16],
    /// Its last lines.
    pub log_lines: &'a [String],
    /// What was asked and answered.
    pub probe_lines: &'a [String],
}

/// A stable code and its sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause {
    reason: &'static str,
    message: String,
}

impl Cause {
    fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }
}

/// The failure that `evidence` is.
pub fn classify(evidence: &Evidence<'_>) -> Failure {
    let cause = match evidence.outcome {
        Outcome::Ended => by_exit::cause(evidence),
        Outcome::Unready | Outcome::Expired(_) => by_answer::cause(evidence),
    };
    let facts = evidence.facts;
    Failure {
        reason: cause.reason.to_owned(),
        message: cause.message,
        service: Some(evidence.service.to_owned()),
        exit_code: facts.and_then(|facts| facts.exit_code),
        out_of_memory: facts.is_some_and(|facts| facts.oom_killed),
        log_lines: last(evidence.log_lines, MOST_LOG_LINES),
        probe_lines: evidence.probe_lines.to_vec(),
    }
}

/// The failure that an engine's error is: a start that it refused, or that it is away.
pub fn of_engine(service: &str, error: &EngineError) -> Failure {
    let EngineError::Refused { message, .. } = error else {
        let failure = Failure::new(error.reason(), format!("{service}: {error}"));
        return Failure { service: Some(service.to_owned()), ..failure };
    };
    let cause = by_log::start_refused(service, message);
    let cause = cause.unwrap_or_else(|| Cause::new(error.reason(), format!("{service}: {error}")));
    let failure = Failure::new(cause.reason, cause.message);
    Failure { service: Some(service.to_owned()), ..failure }
}

fn last(lines: &[String], most: usize) -> Vec<String> {
    lines[lines.len().saturating_sub(most)..].to_vec()
}

#[cfg(test)]
pub(crate) mod tests;
