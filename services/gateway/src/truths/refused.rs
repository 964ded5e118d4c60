//! Why nothing was told, as a problem like those of the other doors.

use super::read::Unreadable;
use crate::hooks::{Problem, problem};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use service::grpc::status;
use tonic::{Code, Status};

/// See the module.
#[derive(Debug)]
pub(super) enum Refused {
    WrongMethod,
    WrongContentType,
    /// The body did not come whole.
    Body(Problem),
    /// It came, and is not what it should be.
    Unreadable(Unreadable),
    /// Who asks may not, or the monitor refused it.
    Call(Status),
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Body(problem)
    }
}

impl From<Unreadable> for Refused {
    fn from(unreadable: Unreadable) -> Self {
        Self::Unreadable(unreadable)
    }
}

impl From<Status> for Refused {
    fn from(status: Status) -> Self {
        Self::Call(status)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::WrongMethod => problem(
                StatusCode::METHOD_NOT_ALLOWED,
                "WRONG_METHOD",
                "what was true is told by POST",
            ),
            Self::WrongContentType => problem(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "WRONG_CONTENT_TYPE",
                "use application/json, application/x-ndjson or text/csv",
            ),
            Self::Body(problem) => problem.into_response(),
            Self::Unreadable(error) => {
                problem(StatusCode::BAD_REQUEST, "UNREADABLE", &service::chain(&error))
            }
            Self::Call(refused) => {
                let reason = status::reason(&refused);
                let (code, known) = of_code(refused.code());
                problem(code, reason.as_deref().unwrap_or(known), refused.message())
            }
        }
    }
}

/// The status of HTTP, and the reason where none is given.
fn of_code(code: Code) -> (StatusCode, &'static str) {
    match code {
        Code::InvalidArgument | Code::OutOfRange => (StatusCode::BAD_REQUEST, "INVALID_ARGUMENT"),
        Code::Unauthenticated => (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"),
        Code::PermissionDenied => (StatusCode::FORBIDDEN, "PERMISSION_DENIED"),
        Code::NotFound => (StatusCode::NOT_FOUND, "NOT_FOUND"),
        Code::FailedPrecondition | Code::Aborted | Code::AlreadyExists => {
            (StatusCode::CONFLICT, "CONFLICT")
        }
        Code::ResourceExhausted => (StatusCode::TOO_MANY_REQUESTS, "TOO_MANY"),
        // Who waited too long may ask again, too: what was told is not counted twice.
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => {
            (StatusCode::SERVICE_UNAVAILABLE, "SERVICE_AWAY")
        }
        Code::Ok | Code::Unknown | Code::Internal | Code::DataLoss | Code::Unimplemented => {
            (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL")
        }
    }
}
