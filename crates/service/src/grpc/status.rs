//! Errors as clients see them: a canonical code, one sentence, and details with a stable reason.

use crate::error::chain;
use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// The domain of every reason.
pub const DOMAIN: &str = "slipway";
/// When to try again after `UNAVAILABLE`.
const RETRY_AFTER: Duration = Duration::from_secs(1);

fn with(code: Code, reason: &str, message: String, mut details: ErrorDetails) -> Status {
    if details.error_info().is_none() {
        details.set_error_info(reason, DOMAIN, HashMap::new());
    }
    Status::with_error_details(code, message, details)
}

/// `INVALID_ARGUMENT`: `field` of the request is wrong.
pub fn invalid(field: &str, message: impl Into<String>) -> Status {
    let message = message.into();
    let details = ErrorDetails::with_bad_request_violation(field, message.clone());
    with(Code::InvalidArgument, "INVALID_ARGUMENT", format!("{field}: {message}"), details)
}

/// `INVALID_ARGUMENT`: several fields of the request are wrong, each with its message.
pub fn invalid_fields(fields: impl IntoIterator<Item = (String, String)>) -> Status {
    let mut details = ErrorDetails::new();
    let mut messages = Vec::new();
    for (field, message) in fields {
        messages.push(format!("{field}: {message}"));
        details.add_bad_request_violation(field, message);
    }
    with(Code::InvalidArgument, "INVALID_ARGUMENT", messages.join("; "), details)
}

/// `NOT_FOUND`: there is no `kind` called `name`.
pub fn not_found(kind: &str, name: impl std::fmt::Display) -> Status {
    let message = format!("there is no {kind} {name}");
    let details = ErrorDetails::with_resource_info(kind, name.to_string(), "", message.clone());
    with(Code::NotFound, "NOT_FOUND", message, details)
}

/// `ALREADY_EXISTS`: there is a `kind` called `name`.
pub fn already_exists(kind: &str, name: impl std::fmt::Display) -> Status {
    let message = format!("{kind} {name} exists already");
    let details = ErrorDetails::with_resource_info(kind, name.to_string(), "", message.clone());
    with(Code::AlreadyExists, "ALREADY_EXISTS", message, details)
}

/// `FAILED_PRECONDITION`: not in this state. The reason is a stable code in capitals.
pub fn precondition(reason: &str, message: impl Into<String>) -> Status {
    let message = message.into();
    let details = ErrorDetails::with_precondition_failure_violation(reason, "", message.clone());
    with(Code::FailedPrecondition, reason, message, details)
}

/// `ABORTED`: somebody else was faster; read again and retry.
pub fn conflict(reason: &str, message: impl Into<String>) -> Status {
    with(Code::Aborted, reason, message.into(), ErrorDetails::new())
}

/// `UNAVAILABLE`: something this needs does not answer; trying again soon may help.
pub fn unavailable(reason: &str, message: impl Into<String>) -> Status {
    let details = ErrorDetails::with_retry_info(Some(RETRY_AFTER));
    with(Code::Unavailable, reason, message.into(), details)
}

/// `RESOURCE_EXHAUSTED`: a limit was reached.
pub fn exhausted(reason: &str, message: impl Into<String>) -> Status {
    let details = ErrorDetails::with_retry_info(Some(RETRY_AFTER));
    with(Code::ResourceExhausted, reason, message.into(), details)
}

/// `OUT_OF_RANGE`: a stream cannot resume from where it should.
pub fn out_of_range(reason: &str, message: impl Into<String>) -> Status {
    with(Code::OutOfRange, reason, message.into(), ErrorDetails::new())
}

/// `UNAUTHENTICATED`: it is not known who asks.
pub fn unauthenticated(message: impl Into<String>) -> Status {
    with(Code::Unauthenticated, "UNAUTHENTICATED", message.into(), ErrorDetails::new())
}

/// `PERMISSION_DENIED`: who asks may not.
pub fn denied(message: impl Into<String>) -> Status {
    forbidden("PERMISSION_DENIED", message)
}

/// The same for a reason of its own, which is a stable code in capitals.
pub fn forbidden(reason: &str, message: impl Into<String>) -> Status {
    with(Code::PermissionDenied, reason, message.into(), ErrorDetails::new())
}

/// `DEADLINE_EXCEEDED`: the caller did not want to wait longer.
pub fn deadline_exceeded() -> Status {
    let message = "the deadline of the call has passed".to_owned();
    with(Code::DeadlineExceeded, "DEADLINE_EXCEEDED", message, ErrorDetails::new())
}

/// `INTERNAL`: our fault. Logged here with every cause; the client learns nothing of it.
pub fn internal(error: &(dyn Error + 'static)) -> Status {
    tracing::error!(error = chain(error), "call failed");
    let message = "something went wrong inside; the log of the service has more".to_owned();
    with(Code::Internal, "INTERNAL", message, ErrorDetails::new())
}

/// What a failed query means to the caller: `UNAVAILABLE` when the database is away, `ABORTED` when somebody
/// else was faster, else `INTERNAL`.
pub fn database(error: &sqlx::Error) -> Status {
    if pg::error::is_unavailable(error) {
        tracing::warn!(error = chain(error), "call without a database");
        return unavailable("POSTGRES_AWAY", "the database does not answer");
    }
    if pg::error::is_conflict(error) {
        return conflict("CONFLICT", "somebody else was faster; try again");
    }
    internal(error)
}

/// The stable reason of an error, if it has one.
pub fn reason(status: &Status) -> Option<String> {
    status.get_details_error_info().map(|info| info.reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_field_is_named_with_what_to_do() {
        let status = invalid("page_size", "must not be negative");
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(status.message(), "page_size: must not be negative");
        let violations = status.get_details_bad_request().expect("details").field_violations;
        assert_eq!(violations[0].field, "page_size");
        assert_eq!(reason(&status).as_deref(), Some("INVALID_ARGUMENT"));
    }

    #[test]
    fn a_precondition_has_a_reason_for_programs() {
        let status = precondition("RELEASE_ENDED", "release 7 has ended");
        assert_eq!(status.code(), Code::FailedPrecondition);
        let info = status.get_details_error_info().expect("details");
        assert_eq!((info.reason.as_str(), info.domain.as_str()), ("RELEASE_ENDED", DOMAIN));
    }

    #[test]
    fn who_may_try_again_is_told_when() {
        let status = unavailable("POSTGRES_AWAY", "the database does not answer");
        let retry = status.get_details_retry_info().expect("details");
        assert_eq!(retry.retry_delay, Some(RETRY_AFTER));
    }

    #[test]
    fn an_internal_error_does_not_tell_its_cause() {
        let status = internal(&std::io::Error::other("password is hunter2"));
        assert!(!format!("{status:?}").contains("hunter2"));
    }
}
