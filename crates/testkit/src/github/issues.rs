//! Issues.

use super::Shared;
use super::calls::{answer, asked, invalid, page, text};
use super::state::locked;
use axum::Json;
use axum::extract::{Path, Query, State as Known};
use axum::response::Response;
use serde_json::{Value, json};

pub(super) async fn list(
    Known(shared): Known<Shared>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let wanted = asked(&query, "state").unwrap_or("open");
    let labels = asked(&query, "labels").unwrap_or_default();
    let has = |issue: &Value, label: &str| {
        issue["labels"].as_array().is_some_and(|all| all.iter().any(|it| it["name"] == label))
    };
    let is_meant = |issue: &&Value| {
        let in_state = wanted == "all" || issue["state"] == wanted;
        in_state
            && labels.split(',').filter(|label| !label.is_empty()).all(|label| has(issue, label))
    };
    let found = locked(&shared).issues.iter().rev().filter(is_meant).cloned().collect();
    answer(200, &page(&query, found).into())
}

pub(super) async fn create(Known(shared): Known<Shared>, Json(body): Json<Value>) -> Response {
    if text(&body, "title").is_empty() {
        return invalid("title");
    }
    let labels: Vec<Value> = body["labels"].as_array().cloned().unwrap_or_default();
    let labels: Vec<Value> = labels.into_iter().map(|name| json!({ "name": name })).collect();
    let mut state = locked(&shared);
    let number = state.issues.len() + 1;
    let issue = json!({
        "number": number, "title": body["title"], "body": body["body"], "state": "open", "labels": labels,
        "html_url": format!("https://github.com/acme/shop/issues/{number}"),
    });
    state.issues.push(issue.clone());
    answer(201, &issue)
}

pub(super) async fn update(
    Known(shared): Known<Shared>,
    Path(number): Path<usize>,
    Json(body): Json<Value>,
) -> Response {
    let mut state = locked(&shared);
    let Some(issue) = state.issues.get_mut(number.wrapping_sub(1)) else {
        return answer(404, &json!({ "message": "Not Found" }));
    };
    for key in ["title", "body", "state", "state_reason"] {
        if let Some(value) = body.get(key) {
            issue[key] = value.clone();
        }
    }
    answer(200, issue)
}
