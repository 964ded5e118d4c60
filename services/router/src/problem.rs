//! Answers the router gives itself, and why.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};

/// Why a request gets no answer of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Refusal {
    /// It is not a request that can be passed on.
    Malformed(&'static str),
    /// No route serves its host and path.
    NoRoute,
    /// Its route is closed for maintenance.
    Maintenance,
    /// It was held as long as its route says, and there was no other table.
    HeldTooLong,
    /// No instance is behind its route.
    NoInstance,
    /// Its body is longer than its route allows.
    BodyTooLarge,
    /// Its body stopped coming.
    BodyTooSlow,
    /// Its body broke off.
    BodyBroken,
    /// No instance could be connected to.
    Unreachable,
    /// The instance broke off before it answered.
    BrokeOff,
    /// The instance did not answer in time.
    TimedOut,
}

/// When to try again: deployments are over within seconds.
const SOON: HeaderValue = HeaderValue::from_static("5");

impl Refusal {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Malformed(_) | Self::BodyBroken => StatusCode::BAD_REQUEST,
            Self::NoRoute => StatusCode::NOT_FOUND,
            Self::Maintenance | Self::HeldTooLong | Self::NoInstance => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Unreachable | Self::BrokeOff => StatusCode::BAD_GATEWAY,
            Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// A stable code for programs; label of metrics.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Malformed(_) => "MALFORMED",
            Self::NoRoute => "NO_ROUTE",
            Self::Maintenance => "MAINTENANCE",
            Self::HeldTooLong => "HELD_TOO_LONG",
            Self::NoInstance => "NO_INSTANCE",
            Self::BodyTooLarge => "BODY_TOO_LARGE",
            Self::BodyTooSlow => "BODY_TOO_SLOW",
            Self::BodyBroken => "BODY_BROKEN",
            Self::Unreachable => "UNREACHABLE",
            Self::BrokeOff => "BROKE_OFF",
            Self::TimedOut => "TIMED_OUT",
        }
    }

    fn detail(self) -> &'static str {
        match self {
            Self::Malformed(why) => why,
            Self::NoRoute => "nothing is served at this host and path",
            Self::Maintenance => "this site is being maintained and will be back soon",
            Self::HeldTooLong | Self::NoInstance => "nothing can answer this now",
            Self::BodyTooLarge => "the request body is longer than allowed",
            Self::BodyTooSlow => "the request body stopped coming",
            Self::BodyBroken => "the request body broke off",
            Self::Unreachable => "no instance accepts connections",
            Self::BrokeOff => "the instance broke off before it answered",
            Self::TimedOut => "the instance did not answer in time",
        }
    }

    /// Whether it is the instance that failed.
    pub(crate) fn is_of_instance(self) -> bool {
        matches!(self, Self::Unreachable | Self::BrokeOff | Self::TimedOut)
    }

    /// The answer, as a problem document.
    pub(crate) fn answer(self, request_id: &str) -> (Response<()>, Bytes) {
        let status = self.status();
        let problem = serde_json::json!({
            "type": "about:blank",
            "title": status.canonical_reason(),
            "status": status.as_u16(),
            "detail": self.detail(),
            "reason": self.reason(),
            "request_id": request_id,
        });
        let mut response = Response::new(());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(http::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, SOON);
        }
        (response, Bytes::from(problem.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_and_when_to_try_again() {
        let (response, body) = Refusal::NoInstance.answer("r1");
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()[RETRY_AFTER], "5");
        insta::assert_snapshot!(String::from_utf8_lossy(&body), @r#"{"detail":"nothing can answer this now","reason":"NO_INSTANCE","request_id":"r1","status":503,"title":"Service Unavailable","type":"about:blank"}"#);
    }
}
