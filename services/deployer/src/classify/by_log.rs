//! Causes that an instance or the engine writes in words.

use super::{Cause, Evidence};

/// Only the end is about the end.
const LINES: usize = 60;

struct Pattern {
    reason: &'static str,
    /// One of these, in any case.
    words: &'static [&'static str],
    /// What to do.
    advice: &'static str,
}

/// In the order of how sure each is.
const PATTERNS: [Pattern; 7] = [
    Pattern {
        reason: "PORT_IN_USE",
        words: &["address already in use", "eaddrinuse"],
        advice: "two of its processes want the same port; check what its command starts",
    },
    Pattern {
        reason: "MODULE_NOT_FOUND",
        words: &[
            "modulenotfounderror",
            "importerror",
            "cannot find module",
            "classnotfoundexception",
        ],
        advice: "a dependency is not in the image; check the lock file and the Dockerfile",
    },
    Pattern {
        reason: "SYNTAX_ERROR",
        words: &["syntaxerror", "indentationerror"],
        advice: "the code does not parse with the version in the image",
    },
    Pattern {
        reason: "PERMISSION_DENIED",
        words: &[
            "permission denied",
            "permissionerror",
            "eacces",
            "read-only file system",
            "operation not permitted",
        ],
        advice: "it may not write or bind what it wants; check `user`, `read_only` and who owns its volumes",
    },
    Pattern {
        reason: "FILE_NOT_FOUND",
        words: &["filenotfounderror", "no such file or directory", "enoent"],
        advice: "a file is not in the image; check .dockerignore, COPY and the paths in `env`",
    },
    Pattern {
        reason: "DEPENDENCY_AWAY",
        words: &[
            "connection refused",
            "econnrefused",
            "could not connect to",
            "name or service not known",
        ],
        advice: "something it depends on does not answer; check `depends_on` and the addresses in `env`",
    },
    Pattern {
        reason: "OUT_OF_MEMORY",
        words: &["memoryerror", "cannot allocate memory", "std::bad_alloc", "outofmemoryerror"],
        advice: "raise `resources: { memory }` or load less",
    },
];

/// The cause its last lines name, if they name one.
pub(super) fn cause(evidence: &Evidence<'_>) -> Option<Cause> {
    let lines = &evidence.log_lines[evidence.log_lines.len().saturating_sub(LINES)..];
    let lower: Vec<String> = lines.iter().map(|line| line.to_lowercase()).collect();
    let names = |pattern: &Pattern, line: &String| pattern.words.iter().any(|w| line.contains(w));
    PATTERNS.iter().find_map(|pattern| {
        let at = lower.iter().rposition(|line| names(pattern, line))?;
        let ended = evidence.facts.and_then(|facts| facts.exit_code);
        let ended = ended.map_or_else(
            || "did not get ready".to_owned(),
            |code| format!("ended with exit code {code}"),
        );
        let line: String = lines[at].trim().chars().take(200).collect();
        let (service, advice) = (evidence.service, pattern.advice);
        Some(Cause::new(pattern.reason, format!("{service} {ended}: {line:?}; {advice}")))
    })
}

/// Why the engine could not start a container, from its words.
pub(super) fn start_refused(service: &str, message: &str) -> Option<Cause> {
    let lower = message.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let command = "check `command`, `entrypoint` and the image's PATH";
    if has(&["executable file not found", "no such file or directory", "not a directory"]) {
        let message = format!("the command of {service} is not in its image; {command}: {message}");
        Some(Cause::new("COMMAND_NOT_FOUND", message))
    } else if has(&["permission denied", "exec format error"]) {
        let message = format!("the command of {service} cannot be executed; {command}: {message}");
        Some(Cause::new("COMMAND_NOT_FOUND", message))
    } else if has(&["unable to find user", "no matching entries in passwd"]) {
        let message =
            format!("the image of {service} does not know its user; check `user`: {message}");
        Some(Cause::new("USER_NOT_FOUND", message))
    } else {
        None
    }
}
