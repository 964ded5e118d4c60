//! Every request: who asks, and the fault that befalls it. And what is said of commits.

use super::Shared;
use super::sign_in::{self, Caller};
use super::state::{Fault, State, locked, now};
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Request, State as Known};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// What GitHub takes of a description.
pub(super) const DESCRIPTION: usize = 140;

/// An answer with JSON.
pub(super) fn answer(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    (status, Json(body)).into_response()
}

/// What was asked for is not valid, because of a field.
pub(super) fn invalid(field: &str) -> Response {
    let errors = json!([{ "code": "invalid", "field": field }]);
    answer(422, &json!({ "message": "Validation Failed", "errors": errors }))
}

pub(super) fn text<'a>(body: &'a Value, key: &str) -> &'a str {
    body[key].as_str().unwrap_or_default()
}

/// One page of a list, as the query wants it.
pub(super) fn page(query: &[(String, String)], all: Vec<Value>) -> Vec<Value> {
    let number = |key: &str, default: usize| {
        let found = query.iter().find(|(name, _)| name == key);
        found.and_then(|(_, value)| value.parse().ok()).unwrap_or(default)
    };
    let size = number("per_page", 30).min(100);
    all.into_iter().skip((number("page", 1).max(1) - 1) * size).take(size).collect()
}

pub(super) fn asked<'a>(query: &'a [(String, String)], key: &str) -> Option<&'a str> {
    query.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

/// Lets through who may ask, and whom no fault befalls.
pub(super) async fn guard(Known(shared): Known<Shared>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let fault = {
        let mut state = locked(&shared);
        state.requests.push(format!("{method} {path}"));
        if let Some(refused) = refusal(&state, request.headers(), (&method, &path)) {
            return refused;
        }
        let writes = method != Method::GET && path.starts_with("/repos/");
        if writes { state.faults.pop_front() } else { None }
    };
    match fault {
        None | Some(Fault::Nothing) => next.run(request).await,
        Some(Fault::Silent) => {
            drop(next.run(request).await);
            locked(&shared).unanswered += 1;
            std::future::pending().await
        }
        Some(Fault::Answer(status)) => {
            answer(status, &json!({ "message": "as the test wants it" }))
        }
        Some(Fault::AnswerLost) => {
            drop(next.run(request).await);
            (StatusCode::BAD_GATEWAY, Body::from("<html>")).into_response()
        }
        Some(Fault::HourIsSpent(seconds)) => {
            let body = answer(403, &json!({ "message": "API rate limit exceeded" }));
            let reset = (now().timestamp() + seconds).to_string();
            ([("x-ratelimit-remaining", "0".to_owned()), ("x-ratelimit-reset", reset)], body)
                .into_response()
        }
        Some(Fault::TooFast(seconds)) => {
            let body =
                answer(429, &json!({ "message": "You have exceeded a secondary rate limit" }));
            ([(header::RETRY_AFTER, seconds.to_string())], body).into_response()
        }
    }
}

/// Why who asks may not, if they may not.
fn refusal(
    state: &State,
    headers: &HeaderMap,
    (method, path): (&Method, &str),
) -> Option<Response> {
    let refused = |status, message: &str| Some(answer(status, &json!({ "message": message })));
    if !headers.contains_key(header::USER_AGENT) {
        return refused(403, "Request forbidden by administrative rules");
    }
    let of_app = path.starts_with("/app/") || path.ends_with("/installation");
    match sign_in::caller(state, headers) {
        Some(Caller::App) if of_app => None,
        Some(Caller::Token | Caller::Installation) if of_app => {
            refused(401, "A JSON web token could not be decoded")
        }
        Some(Caller::Token) if *method != Method::GET && path.contains("/check-runs") => {
            refused(403, "You must authenticate via a GitHub App.")
        }
        Some(Caller::Token | Caller::Installation) => None,
        Some(Caller::App) | None => refused(401, "Bad credentials"),
    }
}

pub(super) async fn commit(Known(shared): Known<Shared>, Path(commit): Path<String>) -> Response {
    let message = locked(&shared).messages.get(&commit).cloned();
    let message = message.unwrap_or_else(|| "A commit".to_owned());
    answer(200, &json!({ "sha": commit, "commit": { "message": message } }))
}

/// The newest status of each context.
pub(super) async fn combined(Known(shared): Known<Shared>, Path(commit): Path<String>) -> Response {
    let mut newest: Vec<Value> = Vec::new();
    for status in locked(&shared).statuses.iter().filter(|status| status["sha"] == commit) {
        newest.retain(|known| known["context"] != status["context"]);
        newest.push(status.clone());
    }
    let body = json!({ "sha": commit, "total_count": newest.len(), "statuses": newest });
    answer(200, &body)
}

pub(super) async fn say(
    Known(shared): Known<Shared>,
    Path(commit): Path<String>,
    Json(mut body): Json<Value>,
) -> Response {
    if !["error", "failure", "pending", "success"].contains(&text(&body, "state")) {
        return invalid("state");
    }
    if text(&body, "description").chars().count() > DESCRIPTION {
        return invalid("description");
    }
    body["sha"] = commit.into();
    let mut state = locked(&shared);
    body["id"] = (state.statuses.len() + 1).into();
    state.statuses.push(body.clone());
    answer(201, &body)
}
