//! What a run came to, from what is left of its container. Pure.

use super::RunState;
use crate::classify::crashed;
use crate::docker::InstanceFacts;
use events::JobName;
use manifest::Span;
use release::Failure;

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) state: RunState,
    pub(crate) exit_code: Option<i32>,
    /// A stable code, when it did not succeed.
    pub(crate) reason: Option<String>,
    pub(crate) message: String,
    /// Secrets hidden.
    pub(crate) log_lines: Vec<String>,
}

impl Ended {
    /// It succeeded.
    fn well() -> Self {
        let state = RunState::Succeeded;
        let message = String::new();
        Self { state, exit_code: Some(0), reason: None, message, log_lines: Vec::new() }
    }

    /// It did not.
    pub(crate) fn badly(failure: Failure) -> Self {
        Self {
            state: RunState::Failed,
            exit_code: failure.exit_code,
            reason: Some(failure.reason),
            message: failure.message,
            log_lines: failure.log_lines,
        }
    }

    /// It was ended by Slipway.
    pub(crate) fn stopped(message: String) -> Self {
        let failure = Failure::new("STOPPED", message);
        Self { state: RunState::Stopped, ..Self::badly(failure) }
    }
}

/// What a run of `job` came to that left `facts` and had `timeout`.
pub(crate) fn ended(job: &JobName, facts: Option<&InstanceFacts>, timeout: Span) -> Ended {
    let badly = |reason: &str, message: String| {
        let exit_code = facts.and_then(|facts| facts.exit_code);
        Ended::badly(Failure { exit_code, ..Failure::new(reason, message) })
    };
    let Some(facts) = facts else {
        let message = format!(
            "the container of job {job} was removed while it ran, so that nobody knows whether it finished; look at \
             what it changes before you release again"
        );
        return badly("JOB_GONE", message);
    };
    let took = facts.finished_at.zip(facts.started_at).map(|(end, start)| end - start);
    if took.is_some_and(|took| took.to_std().is_ok_and(|took| took >= timeout.duration())) {
        let message = format!(
            "job {job} did not end within {timeout} and was stopped; its last lines say what it did, and \
             `jobs.{job}.timeout` gives it more time"
        );
        return badly("JOB_TIMEOUT", message);
    }
    if facts.oom_killed {
        let message = format!(
            "job {job} needed more memory than it may use and was ended by the kernel; raise `resources: {{ memory }}` \
             of its service"
        );
        return badly("JOB_OUT_OF_MEMORY", message);
    }
    match facts.exit_code {
        Some(0) => Ended::well(),
        Some(126 | 127) => {
            let message = format!(
                "the command of job {job}, or one that it calls, is not in the image or cannot be executed; check \
                 `jobs.{job}.command`"
            );
            badly("JOB_NOT_FOUND", message)
        }
        Some(code) => badly("JOB_FAILED", format!("job {job} {}", crashed(code))),
        None => badly("JOB_FAILED", format!("job {job} ended, and the engine does not know how")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::tests::facts;
    use chrono::{DateTime, TimeDelta};

    fn told(facts: Option<&InstanceFacts>) -> String {
        let ended = ended(&"migrate".parse().expect("a name"), facts, Span::seconds(90));
        format!("{:?} {}: {}", ended.state, ended.reason.unwrap_or_default(), ended.message)
    }

    #[test]
    fn zero_is_well_and_everything_else_says_why() {
        assert_eq!(told(Some(&facts(Some(0)))), "Succeeded : ");
        insta::assert_snapshot!(told(Some(&facts(Some(3)))), @"Failed JOB_FAILED: job migrate ended with exit code 3; its last lines say why");
        insta::assert_snapshot!(told(Some(&facts(Some(127)))), @"Failed JOB_NOT_FOUND: the command of job migrate, or one that it calls, is not in the image or cannot be executed; check `jobs.migrate.command`");
        insta::assert_snapshot!(told(None), @"Failed JOB_GONE: the container of job migrate was removed while it ran, so that nobody knows whether it finished; look at what it changes before you release again");
    }

    #[test]
    fn who_had_all_its_time_is_told_so_whatever_its_exit_code() {
        let start = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        let (started_at, finished_at) = (Some(start), Some(start + TimeDelta::seconds(90)));
        let killed = InstanceFacts { started_at, finished_at, ..facts(Some(137)) };
        insta::assert_snapshot!(told(Some(&killed)), @"Failed JOB_TIMEOUT: job migrate did not end within 1m30s and was stopped; its last lines say what it did, and `jobs.migrate.timeout` gives it more time");
    }
}
