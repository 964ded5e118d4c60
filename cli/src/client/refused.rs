//! What the server said no with: a stable reason, a sentence, and what to do about it.

use crate::exit::Exit;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// Why the server did not do it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Refused {
    code: Code,
    reason: String,
    message: String,
    address: String,
}

impl Refused {
    /// What the server at `address` said.
    pub(super) fn by(address: &str, status: &Status) -> Self {
        let details = status.get_error_details();
        let reason = details.error_info().map(|info| info.reason.clone()).unwrap_or_default();
        let mut message = status.message().to_owned();
        for violation in details.bad_request().iter().flat_map(|bad| &bad.field_violations) {
            if !message.contains(&violation.description) {
                message = format!("{message}; {}: {}", violation.field, violation.description);
            }
        }
        if reason.is_empty() && status.code() == Code::Unavailable {
            message = format!("nobody answers at {address}");
        }
        if message.is_empty() {
            message = format!("the server at {address} answered {:?}", status.code());
        }
        Self { code: status.code(), reason, message, address: address.to_owned() }
    }

    /// An address that cannot be one.
    pub(super) fn address(address: &str) -> Self {
        let message = format!("server address {address:?} is not valid: use http://HOST:PORT");
        Self::before_asking(message, address)
    }

    /// A token that cannot be one.
    pub(super) fn token() -> Self {
        Self::before_asking("the token holds characters that no token has".to_owned(), "")
    }

    fn before_asking(message: String, address: &str) -> Self {
        let address = address.to_owned();
        Self { code: Code::InvalidArgument, reason: String::new(), message, address }
    }

    /// The server's code.
    pub(crate) fn code(&self) -> Code {
        self.code
    }

    /// Whether it may pass by itself: nobody answers now, or the connection broke. What a service says of its own faults
    /// has a reason.
    pub(crate) fn passes(&self) -> bool {
        let is_broken = matches!(self.code, Code::Unknown | Code::Internal | Code::Ok);
        self.code == Code::Unavailable || (is_broken && self.reason.is_empty())
    }

    /// The stable reason; empty when the server gave none.
    pub(crate) fn reason(&self) -> &str {
        &self.reason
    }

    /// The exit status that tells it.
    pub(crate) fn exit(&self) -> Exit {
        match self.code {
            Code::Ok => Exit::Done,
            Code::InvalidArgument | Code::OutOfRange => Exit::Usage,
            Code::NotFound => Exit::NotFound,
            Code::PermissionDenied | Code::Unauthenticated => Exit::Denied,
            Code::Unavailable | Code::ResourceExhausted => Exit::Unavailable,
            Code::AlreadyExists | Code::FailedPrecondition | Code::Aborted => Exit::Conflict,
            Code::Cancelled | Code::DeadlineExceeded => Exit::Interrupted,
            Code::Unknown | Code::Unimplemented | Code::Internal | Code::DataLoss => Exit::Failed,
        }
    }

    /// What to do about it.
    pub(crate) fn advice(&self) -> Option<String> {
        let advice = match self.code {
            Code::Unauthenticated => {
                "set SLIPWAY_TOKEN_FILE to a file with a token; an admin makes one with `slipway token create`"
            }
            Code::PermissionDenied => {
                "ask an admin for a token with that right; `slipway token list` shows who has what"
            }
            Code::Unavailable if self.reason.is_empty() => {
                return Some(format!(
                    "start the platform with `slipway up`, or point --server at the one that runs \
                     (now {})",
                    self.address
                ));
            }
            Code::Unavailable | Code::DeadlineExceeded => {
                "try again; `slipway doctor` tells what is missing"
            }
            Code::Internal | Code::Unknown | Code::DataLoss => {
                "the server's log has the cause; `slipway doctor` tells where it is"
            }
            Code::Unimplemented => "the server is older than this program: update it",
            Code::Ok
            | Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::ResourceExhausted
            | Code::FailedPrecondition
            | Code::Aborted
            | Code::OutOfRange
            | Code::Cancelled => return None,
        };
        Some(advice.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: Code, message: &str) -> Refused {
        Refused::by("http://127.0.0.1:8801", &Status::new(code, message))
    }

    #[test]
    fn a_server_that_is_away_is_named_with_what_to_do() {
        let away = refused(Code::Unavailable, "tcp connect error");
        assert_eq!(away.to_string(), "nobody answers at http://127.0.0.1:8801");
        assert_eq!(away.exit(), Exit::Unavailable);
        assert!(away.advice().is_some_and(|advice| advice.contains("slipway up")));
    }

    #[test]
    fn the_reason_of_the_server_is_kept() {
        let details = tonic_types::ErrorDetails::with_error_info("PINNED", "slipway", []);
        let status = Status::with_error_details(Code::FailedPrecondition, "pinned", details);
        let refused = Refused::by("http://x", &status);
        assert_eq!((refused.reason(), refused.exit()), ("PINNED", Exit::Conflict));
    }

    #[test]
    fn a_connection_that_broke_may_pass_and_a_fault_of_the_server_does_not() {
        assert!(refused(Code::Unavailable, "tcp connect error").passes());
        assert!(refused(Code::Internal, "h2 protocol error").passes());
        let details = tonic_types::ErrorDetails::with_error_info("INTERNAL", "slipway", []);
        let status = Status::with_error_details(Code::Internal, "the log has more", details);
        assert!(!Refused::by("http://x", &status).passes());
        assert!(!refused(Code::NotFound, "no run").passes());
    }

    #[test]
    fn every_field_that_is_wrong_is_said() {
        let details = tonic_types::ErrorDetails::with_bad_request_violation("app_id", "use a-z");
        let status = Status::with_error_details(Code::InvalidArgument, "not valid", details);
        assert_eq!(Refused::by("http://x", &status).to_string(), "not valid; app_id: use a-z");
    }
}
