//! Check runs and suites: those of the App, and those of others.

use super::Shared;
use super::calls::{answer, asked, invalid, page, text};
use super::state::{State, locked};
use axum::Json;
use axum::extract::{Path, Query, State as Known};
use axum::response::Response;
use serde_json::{Value, json};

const CONCLUSIONS: [&str; 7] =
    ["action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out"];

/// What is wrong with a check run, if anything is.
fn wrong(run: &Value) -> Option<&'static str> {
    let ended = text(run, "status") == "completed";
    let concluded = CONCLUSIONS.contains(&text(run, "conclusion"));
    if !["queued", "in_progress", "completed"].contains(&text(run, "status")) {
        Some("status")
    } else if ended != concluded {
        Some("conclusion")
    } else if text(&run["output"], "title").is_empty() || text(&run["output"], "summary").is_empty()
    {
        Some("output")
    } else {
        None
    }
}

fn shown(id: usize, run: &Value) -> Value {
    let mut run = run.clone();
    run["id"] = id.into();
    run["html_url"] = format!("https://github.com/acme/shop/runs/{id}").into();
    run
}

/// CI of somebody else: one run of each name.
pub(super) fn of_others(state: &mut State, commit: &str, name: &str, conclusion: Option<&str>) {
    let status = if conclusion.is_some() { "completed" } else { "in_progress" };
    let run = json!({
        "head_sha": commit, "name": name, "status": status, "conclusion": conclusion,
        "app": { "slug": "github-actions" },
    });
    let is_it = |known: &&mut Value| {
        known["head_sha"] == commit && known["name"] == name && known["app"] == run["app"]
    };
    let id = state.check_runs.len() + 1;
    match state.check_runs.iter_mut().find(is_it) {
        Some(known) => {
            (known["status"], known["conclusion"]) =
                (run["status"].clone(), run["conclusion"].clone());
        }
        None => state.check_runs.push(shown(id, &run)),
    }
}

pub(super) async fn list(
    Known(shared): Known<Shared>,
    Path(commit): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let is_meant = |run: &&Value| {
        let name = asked(&query, "check_name");
        run["head_sha"] == commit && name.is_none_or(|name| run["name"] == name)
    };
    let runs: Vec<Value> = locked(&shared).check_runs.iter().filter(is_meant).cloned().collect();
    let body = json!({ "total_count": runs.len(), "check_runs": page(&query, runs) });
    answer(200, &body)
}

/// One suite for each App that has runs, and one of an App that never runs anything.
pub(super) async fn suites(Known(shared): Known<Shared>, Path(commit): Path<String>) -> Response {
    let mut suites = vec![json!({ "id": 1, "status": "queued", "latest_check_runs_count": 0 })];
    let state = locked(&shared);
    let runs: Vec<&Value> =
        state.check_runs.iter().filter(|run| run["head_sha"] == commit).collect();
    if !runs.is_empty() {
        let ended = runs.iter().all(|run| run["status"] == "completed");
        let status = if ended { "completed" } else { "in_progress" };
        suites.push(json!({ "id": 2, "status": status, "latest_check_runs_count": runs.len() }));
    }
    answer(200, &json!({ "total_count": suites.len(), "check_suites": suites }))
}

pub(super) async fn create(Known(shared): Known<Shared>, Json(body): Json<Value>) -> Response {
    if let Some(field) = wrong(&body) {
        return invalid(field);
    }
    if text(&body, "head_sha").len() != 40 || text(&body, "name").is_empty() {
        return invalid("head_sha");
    }
    let mut state = locked(&shared);
    let run = shown(state.check_runs.len() + 1, &body);
    state.check_runs.push(run.clone());
    answer(201, &run)
}

pub(super) async fn update(
    Known(shared): Known<Shared>,
    Path(id): Path<usize>,
    Json(body): Json<Value>,
) -> Response {
    if let Some(field) = wrong(&body) {
        return invalid(field);
    }
    let mut state = locked(&shared);
    let Some(run) = state.check_runs.iter_mut().find(|run| run["id"] == id) else {
        return answer(404, &json!({ "message": "Not Found" }));
    };
    for (key, value) in body.as_object().into_iter().flatten() {
        run[key] = value.clone();
    }
    answer(200, run)
}
