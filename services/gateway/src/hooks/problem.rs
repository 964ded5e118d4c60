//! Refusals, as RFC 9457 `application/problem+json` with a stable reason.

use crate::hooks::body::LARGEST;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    NoSuchPath,
    WrongMethod,
    WrongContentType,
    TooLarge,
    TooSlow,
    Incomplete,
    /// Unknown source or wrong signature: which of them is not told.
    NotSigned,
    BadHeader(String),
    /// The sender has its share in progress.
    TooMany,
    TooBusy,
    /// It is not durable; the forge is to try again.
    Away,
    Broken,
}

impl Problem {
    /// Status, stable reason, and what to know.
    fn parts(&self) -> (StatusCode, &'static str, String) {
        match self {
            Self::NoSuchPath => {
                (StatusCode::NOT_FOUND, "NO_SUCH_PATH", "webhooks go to /hooks/SOURCE".into())
            }
            Self::WrongMethod => {
                (StatusCode::METHOD_NOT_ALLOWED, "WRONG_METHOD", "webhooks are sent by POST".into())
            }
            Self::WrongContentType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "WRONG_CONTENT_TYPE",
                "use application/json or application/x-www-form-urlencoded".into(),
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "TOO_LARGE",
                format!("a body may have {} MiB", LARGEST >> 20),
            ),
            Self::TooSlow => {
                (StatusCode::REQUEST_TIMEOUT, "TOO_SLOW", "the body did not arrive in time".into())
            }
            Self::Incomplete => {
                (StatusCode::BAD_REQUEST, "INCOMPLETE", "the body ended early".into())
            }
            Self::NotSigned => (
                StatusCode::UNAUTHORIZED,
                "NOT_SIGNED",
                "there is no such source, or the signature is not of a secret of it".into(),
            ),
            Self::BadHeader(detail) => (StatusCode::BAD_REQUEST, "BAD_HEADER", detail.clone()),
            Self::TooMany => (
                StatusCode::TOO_MANY_REQUESTS,
                "TOO_MANY",
                "too much comes from this address at once; try again".into(),
            ),
            Self::TooBusy => (
                StatusCode::SERVICE_UNAVAILABLE,
                "TOO_BUSY",
                "too many requests at once; try again".into(),
            ),
            Self::Away => (
                StatusCode::SERVICE_UNAVAILABLE,
                "NOT_DURABLE",
                "the delivery cannot be stored now; try again".into(),
            ),
            Self::Broken => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "INTERNAL",
                "something went wrong inside; the log of the gateway has more".into(),
            ),
        }
    }

    /// The stable reason, for counting.
    pub(crate) fn label(&self) -> &'static str {
        self.parts().1
    }
}

/// A refusal of any door. What may be tried again says when.
pub(crate) fn problem(status: StatusCode, reason: &str, detail: &str) -> Response {
    let body = serde_json::json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or_default(),
        "status": status.as_u16(),
        "detail": detail,
        "reason": reason,
    });
    let mut response = (status, body.to_string()).into_response();
    let headers = response.headers_mut();
    let content_type = HeaderValue::from_static("application/problem+json");
    headers.insert(header::CONTENT_TYPE, content_type);
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, reason, detail) = self.parts();
        let mut response = problem(status, reason, &detail);
        let headers = response.headers_mut();
        if matches!(self, Self::TooMany | Self::TooBusy | Self::TooSlow | Self::TooLarge) {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
