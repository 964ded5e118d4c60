//! Why something did not go as wanted, with the evidence a person needs.

use serde::{Deserialize, Serialize};

/// Most log lines kept with a failure.
pub const MOST_LOG_LINES: usize = 500;

/// A named cause and its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Failure {
    /// A stable code in capitals: `CRASHED`, `PROBE_TIMEOUT`.
    pub reason: String,
    /// One sentence: what, where and what to do.
    pub message: String,
    /// The service it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Exit code of the process, if it exited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The kernel ended the process for its memory.
    #[serde(default)]
    pub out_of_memory: bool,
    /// The last log lines, at most [`MOST_LOG_LINES`].
    #[serde(default)]
    pub log_lines: Vec<String>,
    /// Each probe and its answer, oldest first.
    #[serde(default)]
    pub probe_lines: Vec<String>,
}

impl Failure {
    /// A failure without evidence beyond its message.
    pub fn new(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self { reason: reason.into(), message: message.into(), ..Self::default() }
    }

    /// Whether the same content would fail again. What the platform could not do in time, because its router or
    /// engine was away, says nothing of the release, and neither does a canary that too few requests came to.
    pub fn is_of_the_release(&self) -> bool {
        !["SHIFTING_TIMEOUT", "BAKING_TIMEOUT", "INCONCLUSIVE"].contains(&self.reason.as_str())
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.reason, self.message)
    }
}
