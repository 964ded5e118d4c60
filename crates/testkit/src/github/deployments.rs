//! Deployments and their statuses.

use super::Shared;
use super::calls::{DESCRIPTION, answer, asked, invalid, page, text};
use super::state::{Deployment, State, locked};
use axum::Json;
use axum::extract::{Path, Query, State as Known};
use axum::response::Response;
use serde_json::{Value, json};

const STATES: [&str; 7] =
    ["error", "failure", "inactive", "in_progress", "queued", "pending", "success"];

pub(super) async fn list(
    Known(shared): Known<Shared>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let is_meant = |shown: &Value| {
        ["sha", "environment", "task"]
            .into_iter()
            .all(|key| asked(&query, key).is_none_or(|wanted| shown[key] == wanted))
    };
    let all: Vec<Value> =
        locked(&shared).deployments.iter().rev().map(|it| it.shown.clone()).collect();
    let found = page(&query, all.into_iter().filter(is_meant).collect());
    answer(200, &found.into())
}

pub(super) async fn create(Known(shared): Known<Shared>, Json(body): Json<Value>) -> Response {
    if body["auto_merge"] != json!(false) {
        return answer(202, &json!({ "message": "Auto-merged main into the branch" }));
    }
    if body["required_contexts"] != json!([]) {
        let message = "Conflict: Commit status checks failed for the ref.";
        return answer(409, &json!({ "message": message }));
    }
    if text(&body, "ref").is_empty() {
        return answer(422, &json!({ "message": "No ref found for: " }));
    }
    if text(&body, "description").chars().count() > DESCRIPTION {
        return invalid("description");
    }
    let mut state = locked(&shared);
    let mut shown = body.clone();
    shown["id"] = (state.deployments.len() + 1).into();
    shown["sha"] = body["ref"].clone();
    state.deployments.push(Deployment { shown: shown.clone(), statuses: Vec::new() });
    answer(201, &shown)
}

pub(super) async fn statuses(Known(shared): Known<Shared>, Path(id): Path<usize>) -> Response {
    let state = locked(&shared);
    match state.deployments.get(id.wrapping_sub(1)) {
        Some(found) => {
            answer(200, &found.statuses.iter().rev().cloned().collect::<Vec<_>>().into())
        }
        None => answer(404, &json!({ "message": "Not Found" })),
    }
}

pub(super) async fn say(
    Known(shared): Known<Shared>,
    Path(id): Path<usize>,
    Json(body): Json<Value>,
) -> Response {
    if !STATES.contains(&text(&body, "state")) {
        return invalid("state");
    }
    if text(&body, "description").chars().count() > DESCRIPTION {
        return invalid("description");
    }
    let mut state = locked(&shared);
    let index = id.wrapping_sub(1);
    if index >= state.deployments.len() {
        return answer(404, &json!({ "message": "Not Found" }));
    }
    if text(&body, "state") == "success" && body["auto_inactive"] != json!(false) {
        inactivate(&mut state, index);
    }
    state.deployments[index].statuses.push(body.clone());
    answer(201, &body)
}

/// What GitHub does by itself, unless it is told not to.
fn inactivate(state: &mut State, newer: usize) {
    let environment = state.deployments[newer].shown["environment"].clone();
    for older in &mut state.deployments[..newer] {
        let shown = &older.shown;
        let lasts = shown["transient_environment"] == json!(true);
        let is_kept = lasts || shown["production_environment"] == json!(true);
        if shown["environment"] == environment && !is_kept {
            older.statuses.push(json!({ "state": "inactive" }));
        }
    }
}
