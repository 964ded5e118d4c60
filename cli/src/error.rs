//! Why a command could not do what was asked, and what to do about it.

use crate::client::Refused;
use crate::exit::Exit;
use crate::output::{Output, complain};
use std::error::Error as _;

/// Why a command could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The server said no, or nothing.
    #[error(transparent)]
    Server(#[from] Refused),
    /// The arguments do not go together, or a value is not valid.
    #[error("{0}")]
    Usage(String),
    /// What was named is not there.
    #[error("{0}")]
    NotFound(String),
    /// A name that nothing has, with what was meant or what there is.
    #[error("there is no {what}; {help}")]
    Unknown {
        /// What was named, as `app shpo`.
        what: String,
        /// What to name instead.
        help: String,
    },
    /// The state of things does not allow it.
    #[error("{0}")]
    Conflict(String),
    /// It took too long.
    #[error("{0}")]
    TimedOut(String),
    /// A file could not be read.
    #[error("read {path}")]
    Read {
        /// The file.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
    /// A table could not be read.
    #[error(transparent)]
    Table(#[from] dataset::TableError),
    /// A query has no answer.
    #[error(transparent)]
    Query(#[from] crate::command::QueryError),
    /// A file could not be written.
    #[error("write {path}")]
    Write {
        /// The file.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
    /// Nothing more can be written.
    #[error("write the output")]
    Output(#[source] std::io::Error),
    /// The platform on this machine did not start or stop.
    #[error(transparent)]
    Up(#[from] crate::up::Error),
    /// No runtime for asynchronous work.
    #[error("start the runtime")]
    Runtime(#[source] std::io::Error),
}

impl Error {
    /// The exit status that tells it.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Server(refused) => refused.exit(),
            Self::Query(error) if error.is_away() => Exit::Unavailable,
            Self::Usage(_) | Self::Read { .. } | Self::Table(_) | Self::Query(_) => Exit::Usage,
            Self::NotFound(_) | Self::Unknown { .. } => Exit::NotFound,
            Self::Conflict(_) => Exit::Conflict,
            Self::TimedOut(_) => Exit::Interrupted,
            Self::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Done,
            Self::Write { .. } | Self::Output(_) | Self::Runtime(_) => Exit::Failed,
            Self::Up(error) => error.exit(),
        }
    }

    /// Tells people or programs, and gives the exit status.
    pub(crate) fn report(&self, out: &Output) -> Exit {
        let exit = self.exit();
        if exit == Exit::Done {
            return exit;
        }
        let refused = if let Self::Server(refused) = self { Some(refused) } else { None };
        let is_unknown = matches!(self, Self::Unknown { .. });
        let reason = if is_unknown { "NOT_FOUND" } else { refused.map_or("", Refused::reason) };
        let advice = refused.and_then(Refused::advice);
        let message = self.with_sources();
        if out.is_json() {
            let said = serde_json::json!({
                "error": { "exit": exit as u8, "reason": reason, "message": message, "advice": advice }
            });
            complain(&said.to_string());
            return exit;
        }
        let reason = if reason.is_empty() { String::new() } else { format!(" [{reason}]") };
        complain(&format!("error: {message}{reason}"));
        if let Some(advice) = advice {
            complain(&format!("  {advice}"));
        }
        exit
    }

    fn with_sources(&self) -> String {
        let mut text = self.to_string();
        let mut source = self.source();
        while let Some(error) = source {
            text.push_str(": ");
            text.push_str(&error.to_string());
            source = error.source();
        }
        text
    }
}
