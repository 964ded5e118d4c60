//! What an answer of GitHub means: done, refused, or not now. Pure.

use super::app_key::NotSigned;
use crate::title::plain;
use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode, header};
use outgoing::{Answer, SendError};
use serde::Deserialize;
use std::time::Duration;

/// The longest pause that is kept to; limits are per hour.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// The pause when GitHub asks for one and does not say how long.
const PAUSE: Duration = Duration::from_mins(1);

/// Why GitHub did not do what was asked. Says nothing that is secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GitHubError {
    #[error("GitHub asks to be left alone for {} s", .0.as_secs())]
    NotNow(Duration),
    #[error("reach GitHub")]
    Send(#[from] SendError),
    #[error("GitHub answered {status}{said}")]
    Refused { status: StatusCode, said: String },
    #[error("read what GitHub answered")]
    Unreadable(#[source] serde_json::Error),
    #[error("prove to be the GitHub App")]
    Proof(#[from] NotSigned),
    #[error("name what GitHub is asked for")]
    Path(#[from] http::uri::InvalidUri),
    #[error("GitHub wants files at a place that is not its own")]
    Elsewhere,
    #[error("send the token")]
    Token(#[from] header::InvalidHeaderValue),
}

impl GitHubError {
    /// The pause that GitHub asks for.
    pub(crate) fn pause(&self) -> Option<Duration> {
        if let Self::NotNow(pause) = self { Some(*pause) } else { None }
    }

    /// GitHub understood and said no: the same would be refused again. What a person can allow meanwhile is not so.
    pub(crate) fn is_final(&self) -> bool {
        let Self::Refused { status, .. } = self else { return false };
        let open = [
            StatusCode::UNAUTHORIZED,
            StatusCode::FORBIDDEN,
            StatusCode::NOT_FOUND,
            StatusCode::REQUEST_TIMEOUT,
        ];
        status.is_client_error() && !open.contains(status)
    }

    /// The token is not valid, or not any more.
    pub(super) fn is_signed_out(&self) -> bool {
        matches!(self, Self::Refused { status: StatusCode::UNAUTHORIZED, .. })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    message: String,
    errors: serde_json::Value,
}

/// What `answer` means at `now`.
pub(super) fn judge(answer: &Answer, now: DateTime<Utc>) -> Result<(), GitHubError> {
    if answer.status.is_success() {
        return Ok(());
    }
    let Said { message, errors } = serde_json::from_slice(&answer.body).unwrap_or_default();
    if let Some(pause) = limited(answer.status, &answer.headers, (&message, now)) {
        return Err(GitHubError::NotNow(pause));
    }
    let errors = if errors.is_null() { String::new() } else { format!(" {errors}") };
    let said = plain(&format!("{message}{errors}"));
    let said = if said.is_empty() { said } else { format!(": {said}") };
    Err(GitHubError::Refused { status: answer.status, said })
}

/// How long GitHub wants to hear nothing, when that is why it refused.
fn limited(
    status: StatusCode,
    headers: &HeaderMap,
    (message, now): (&str, DateTime<Utc>),
) -> Option<Duration> {
    let number =
        |name: &str| -> Option<i64> { headers.get(name)?.to_str().ok()?.trim().parse().ok() };
    let refused = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::FORBIDDEN);
    let busy = status.is_server_error() && headers.contains_key(header::RETRY_AFTER);
    if !refused && !busy {
        return None;
    }
    let after = number(header::RETRY_AFTER.as_str());
    let spent = number("x-ratelimit-remaining") == Some(0);
    let reset = number("x-ratelimit-reset").filter(|_| spent).map(|at| at - now.timestamp());
    let is_limit = status == StatusCode::TOO_MANY_REQUESTS || message.contains("rate limit");
    let unsaid = is_limit.then_some(PAUSE);
    let said = after
        .or(reset)
        .map(|seconds| Duration::from_secs(u64::try_from(seconds).unwrap_or(1).max(1)));
    Some(said.or(unsaid)?.min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::HeaderValue;

    fn judged(status: u16, headers: &[(&'static str, &'static str)], body: &'static str) -> String {
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            all.insert(*name, HeaderValue::from_static(value));
        }
        let status = StatusCode::from_u16(status).expect("a status");
        let answer = Answer { status, headers: all, body: Bytes::from_static(body.as_bytes()) };
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        judge(&answer, now).map_or_else(|error| error.to_string(), |()| "done".to_owned())
    }

    #[test]
    fn a_refusal_says_what_github_says() {
        assert_eq!(judged(201, &[], "{}"), "done");
        assert_eq!(
            judged(422, &[], r#"{"message":"Validation Failed","errors":[{"field":"ref"}]}"#),
            r#"GitHub answered 422 Unprocessable Entity: Validation Failed [{"field":"ref"}]"#
        );
        assert_eq!(judged(502, &[], "<html>"), "GitHub answered 502 Bad Gateway");
        let denied = judged(403, &[], r#"{"message":"Resource not accessible by integration"}"#);
        assert_eq!(denied, "GitHub answered 403 Forbidden: Resource not accessible by integration");
    }

    #[test]
    fn a_limit_is_kept_to_as_github_says_it() {
        let left_alone = |seconds: u64| format!("GitHub asks to be left alone for {seconds} s");
        assert_eq!(judged(429, &[("retry-after", "30")], ""), left_alone(30));
        assert_eq!(judged(403, &[("retry-after", "90000")], ""), left_alone(3_600));
        let spent = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1800000100")];
        assert_eq!(judged(403, &spent, ""), left_alone(100));
        assert_eq!(judged(429, &[], ""), left_alone(60));
        let secondary = r#"{"message":"You have exceeded a secondary rate limit."}"#;
        assert_eq!(judged(403, &[], secondary), left_alone(60));
        assert_eq!(judged(503, &[("retry-after", "5")], ""), left_alone(5));
    }

    #[test]
    fn only_what_nobody_can_allow_is_final() {
        let refused = |status| {
            let status = StatusCode::from_u16(status).expect("a status");
            GitHubError::Refused { status, said: String::new() }.is_final()
        };
        assert!(refused(422) && refused(400) && refused(409) && refused(410));
        assert!(!refused(401) && !refused(403) && !refused(404) && !refused(502));
    }
}
