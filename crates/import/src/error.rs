//! Why a file cannot be imported.

use crate::kind::Kind;
use manifest::{Invalid, Problem};

/// Why a file cannot be imported. Each says what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// It is no YAML, or too large, or too deep.
    #[error("the file cannot be read: {}", places(.0))]
    Unreadable(Invalid),
    /// A key stands twice in one mapping.
    #[error("line {line}: {path} stands twice; remove one of them")]
    Twice {
        /// The line of the second one.
        line: usize,
        /// The key, with all above it.
        path: String,
    },
    /// It is none of the files that are known.
    #[error("this is neither an App Platform spec nor a Compose file nor a Kamal deploy.yml: {0}")]
    Unknown(&'static str),
    /// It could be several.
    #[error("this could be {0} or {1}; say which with --from")]
    Ambiguous(Kind, Kind),
    /// There is no name for the app.
    #[error("the file names no app that can be one here ({0}); give it a name with --app")]
    NoName(String),
    /// Nothing in it can run here.
    #[error("nothing of it can be carried over:\n{0}")]
    Nothing(String),
    /// What is left is still not valid.
    #[error("what was carried over is no valid manifest: {}", places(.0))]
    Unfit(Invalid),
    /// What is left cannot be released.
    #[error("what was carried over cannot be released: {0}; give another name with --app")]
    Unreleasable(String),
}

fn places(invalid: &Invalid) -> String {
    let told = invalid.problems.iter().take(5).map(place);
    told.collect::<Vec<_>>().join("; ")
}

fn place(problem: &Problem) -> String {
    let at = if problem.path.is_empty() { String::new() } else { format!("{}: ", problem.path) };
    let help = problem.help.as_ref().map_or_else(String::new, |help| format!(" ({help})"));
    format!("line {}, column {}: {at}{}{help}", problem.line, problem.column, problem.message)
}
