//! Why the platform on this machine did not start or stop.

use crate::exit::Exit;

/// Why the platform on this machine did not start or stop. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A program it needs is not installed.
    #[error("{program} is not installed: {advice}")]
    Missing {
        /// The program.
        program: String,
        /// How to get it.
        advice: String,
    },
    /// nats-server is too old.
    #[error(
        "{path} is version {found}, and 2.12 is needed: older ones lose acknowledged messages when the \
         power fails; install a newer one and name it in SLIPWAY_NATS_SERVER"
    )]
    OldNats {
        /// The program.
        path: String,
        /// Its version.
        found: String,
    },
    /// Something else listens where the platform would.
    #[error("port {port}, wanted for {wanted}, is taken{holder}: end that, or use --port-offset")]
    PortTaken {
        /// The port.
        port: u16,
        /// What it is for.
        wanted: String,
        /// Who has it, when that can be seen.
        holder: String,
    },
    /// A file or directory of the data directory.
    #[error("{what} {path}")]
    File {
        /// What was done.
        what: &'static str,
        /// Where.
        path: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// Something kept in the data directory is not what was written there.
    #[error("{path} is damaged: {why}; move it away and start again")]
    Damaged {
        /// Which file.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// The account that Postgres runs as cannot get to the data.
    #[error(
        "{path} cannot be entered by the account {account}, which Postgres runs as because it refuses to \
         run as root: choose another --data-dir, as /var/lib/slipway"
    )]
    Closed {
        /// The closed directory.
        path: String,
        /// The account.
        account: String,
    },
    /// The account that a program runs as cannot reach it.
    #[error(
        "{path} cannot be run by the account {account}, which is used because the platform was started by \
         root: install it where everybody can run it, as /usr/local/bin"
    )]
    ClosedProgram {
        /// The program.
        path: String,
        /// The account.
        account: String,
    },
    /// There is nobody Postgres could run as.
    #[error("Postgres refuses to run as root, and there is no account postgres or nobody")]
    NoAccount,
    /// A program could not be started.
    #[error("start {program}")]
    Start {
        /// The program.
        program: String,
        /// Why not.
        source: std::io::Error,
    },
    /// A program that prepares something failed.
    #[error("{program} failed: {output}")]
    Failed {
        /// The program.
        program: String,
        /// What it said last.
        output: String,
    },
    /// A program did not get ready.
    #[error("{program} did not get ready: {why}\n{log}")]
    NotReady {
        /// The program.
        program: String,
        /// What happened.
        why: String,
        /// The end of its log.
        log: String,
    },
    /// The platform runs already.
    #[error("the platform runs already (pid {pid}); `slipway down` stops it")]
    Running {
        /// The supervisor.
        pid: i32,
    },
    /// The supervisor in the background ended while it started.
    #[error("the platform did not start: {0}")]
    Background(String),
    /// It was stopped while it started.
    #[error("stopped while starting")]
    Stopped,
    /// Processes could not be ended.
    #[error("these processes are left and cannot be ended: {0}")]
    Left(String),
}

impl Error {
    /// An IO error at a path.
    pub(crate) fn file(
        what: &'static str,
        path: &std::path::Path,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::File { what, path, source }
    }

    /// The exit status that tells it.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Missing { .. } | Self::OldNats { .. } | Self::NoAccount => Exit::Unavailable,
            Self::PortTaken { .. }
            | Self::Running { .. }
            | Self::Closed { .. }
            | Self::ClosedProgram { .. } => Exit::Conflict,
            Self::Stopped => Exit::Interrupted,
            Self::File { .. }
            | Self::Damaged { .. }
            | Self::Start { .. }
            | Self::Failed { .. }
            | Self::NotReady { .. }
            | Self::Background(_)
            | Self::Left(_) => Exit::Failed,
        }
    }
}
