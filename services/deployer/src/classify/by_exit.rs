//! Causes of a process that ended.

use super::{Cause, Evidence, by_log};

/// A shell, and Docker's init, for a command that is not there.
const NOT_FOUND: i32 = 127;
/// A shell, and Docker's init, for a file that cannot be executed.
const NOT_EXECUTABLE: i32 = 126;
/// From here on the rest is the number of a signal.
const BY_SIGNAL: i32 = 128;

pub(super) fn cause(evidence: &Evidence<'_>) -> Cause {
    let service = evidence.service;
    let Some(facts) = evidence.facts else {
        return Cause::new(
            "GONE",
            format!("the container of {service} was removed while it started; see who removed it"),
        );
    };
    if facts.oom_killed {
        return out_of_memory(service, facts.memory);
    }
    if let Some(refused) = facts.error.as_deref().and_then(|e| by_log::start_refused(service, e)) {
        return refused;
    }
    match facts.exit_code {
        Some(NOT_FOUND) => Cause::new(
            "COMMAND_NOT_FOUND",
            format!(
                "{service} ended with exit code 127: its command, or one that it calls, is not in the \
                 image; check `command` and the image's PATH"
            ),
        ),
        Some(NOT_EXECUTABLE) => Cause::new(
            "COMMAND_NOT_FOUND",
            format!(
                "{service} ended with exit code 126: its command is in the image but cannot be executed; \
                 check its mode (chmod +x) and its first line"
            ),
        ),
        Some(0) => Cause::new(
            "EXITED",
            format!(
                "{service} ended with exit code 0 instead of running on; start it in the foreground, or \
                 make it a job"
            ),
        ),
        Some(code) => by_log::cause(evidence)
            .unwrap_or_else(|| Cause::new("CRASHED", format!("{service} {}", crashed(code)))),
        None => Cause::new("CRASHED", format!("{service} ended; its last lines say why")),
    }
}

fn out_of_memory(service: &str, limit: Option<u64>) -> Cause {
    let limit = limit.map_or_else(
        || "and no limit is set, so the machine has too little".to_owned(),
        |bytes| format!("its limit is {} MiB", bytes >> 20),
    );
    Cause::new(
        "OUT_OF_MEMORY",
        format!(
            "{service} needed more memory than it may use and was ended by the kernel ({limit}); raise \
             `resources: {{ memory }}` or load less"
        ),
    )
}

/// How a process with this exit code ended.
pub(crate) fn crashed(code: i32) -> String {
    let signal = match code - BY_SIGNAL {
        4 => "SIGILL: the image may be built for another processor",
        6 => "SIGABRT: it gave up by itself",
        7 => "SIGBUS",
        9 => "SIGKILL: somebody killed it",
        11 => "SIGSEGV: a fault in native code",
        15 => "SIGTERM: somebody stopped it",
        _ => return format!("ended with exit code {code}; its last lines say why"),
    };
    format!("ended with exit code {code} ({signal})")
}
