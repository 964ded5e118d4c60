//! Whether an instance ended since it was last told that it did.

use crate::observed::{Exit, Observed, Process};
use chrono::{DateTime, Utc};

/// What is known of the exits of an instance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct KnownExit {
    /// The last exit that was told of.
    pub(crate) at: Option<DateTime<Utc>>,
    /// How often the engine had started it again then.
    pub(crate) restarts: i64,
}

/// The exit to tell of: newer than the one known, and not somebody starting it again by hand.
pub(crate) fn news(known: KnownExit, observed: &Observed) -> Option<&Exit> {
    let exit = observed.exit.as_ref()?;
    let newer = known.at.is_none_or(|at| exit.at > at);
    let by_itself = observed.process != Process::Running || observed.restarts > known.restarts;
    (newer && by_itself).then_some(exit)
}

/// The stable reason of an exit.
pub(crate) const fn reason(exit: &Exit) -> &'static str {
    if exit.out_of_memory { "OUT_OF_MEMORY" } else { "EXITED" }
}

/// An exit for people.
pub(crate) fn message(exit: &Exit) -> String {
    let because = match exit.code {
        _ if exit.out_of_memory => ", ended by the kernel because it used more memory than allowed",
        137 => " (SIGKILL)",
        139 => " (SIGSEGV)",
        143 => " (SIGTERM)",
        0 => ", as if its work was done",
        _ => "",
    };
    format!("exited with code {}{because}", exit.code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::tests::{observed, uid};

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).expect("in range")
    }

    fn ended(second: i64, process: Process, restarts: i64) -> Observed {
        let exit = Exit { at: at(second), code: 1, out_of_memory: false };
        Observed { process, restarts, exit: Some(exit), ..observed("a", uid(1)) }
    }

    #[test]
    fn an_exit_is_news_once() {
        let crashed = ended(10, Process::Ended, 0);
        assert!(news(KnownExit::default(), &crashed).is_some());
        assert!(news(KnownExit { at: Some(at(10)), restarts: 0 }, &crashed).is_none());
    }

    #[test]
    fn one_that_the_engine_started_again_did_exit() {
        assert!(news(KnownExit::default(), &ended(10, Process::Running, 1)).is_some());
    }

    #[test]
    fn a_restart_by_hand_is_no_crash() {
        assert!(news(KnownExit::default(), &ended(10, Process::Running, 0)).is_none());
    }

    #[test]
    fn people_read_why() {
        let exit = |code, out_of_memory| Exit { at: at(0), code, out_of_memory };
        insta::assert_snapshot!(message(&exit(137, true)), @"exited with code 137, ended by the kernel because it used more memory than allowed");
        insta::assert_snapshot!(message(&exit(3, false)), @"exited with code 3");
    }
}
