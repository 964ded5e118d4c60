//! What the exit status of the program says.

/// How a command ended. The numbers are part of the command line's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It did what was asked.
    Done = 0,
    /// It was done, but the outcome is bad: a release failed, something drifted, a check did not pass.
    Failed = 1,
    /// The arguments or the input are not valid.
    Usage = 2,
    /// What was named does not exist.
    NotFound = 3,
    /// No token, a wrong one, or one without the right.
    Denied = 4,
    /// The server, or something it needs, does not answer.
    Unavailable = 5,
    /// The state of things does not allow it.
    Conflict = 6,
    /// It was cancelled or superseded, or took too long.
    Interrupted = 7,
}

impl Exit {
    /// Every status with its meaning, for the reference.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::Done, "done"),
        (Self::Failed, "done, with a bad outcome: a release failed, something drifted"),
        (Self::Usage, "arguments or input are not valid"),
        (Self::NotFound, "what was named does not exist"),
        (Self::Denied, "no token, a wrong one, or one without the right"),
        (Self::Unavailable, "the server, or something it needs, does not answer"),
        (Self::Conflict, "the state of things does not allow it"),
        (Self::Interrupted, "cancelled, superseded, or out of time"),
    ];
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
