//! Releases with files.

use super::Shared;
use super::calls::{answer, asked, invalid, text};
use super::state::{State, locked};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State as Known};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

fn not_found() -> Response {
    answer(404, &json!({ "message": "Not Found" }))
}

pub(super) async fn by_tag(Known(shared): Known<Shared>, Path(tag): Path<String>) -> Response {
    let state = locked(&shared);
    let found = state.releases.iter().find(|release| release["tag_name"] == tag);
    found.map_or_else(not_found, |release| answer(200, release))
}

pub(super) async fn create(
    Known(shared): Known<Shared>,
    headers: HeaderMap,
    Json(mut body): Json<Value>,
) -> Response {
    let mut state = locked(&shared);
    let tag = text(&body, "tag_name").to_owned();
    let is_taken = state.releases.iter().any(|release| release["tag_name"] == tag);
    if tag.is_empty() || is_taken || text(&body, "target_commitish").len() != 40 {
        return invalid("tag_name");
    }
    let id = state.releases.len() + 1;
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    body["id"] = id.into();
    body["html_url"] = format!("https://github.com/acme/shop/releases/tag/{tag}").into();
    body["upload_url"] =
        format!("http://{host}/repos/acme/shop/releases/{id}/assets{{?name,label}}").into();
    body["assets"] = json!([]);
    state.releases.push(body.clone());
    answer(201, &body)
}

pub(super) async fn upload(
    Known(shared): Known<Shared>,
    Path(id): Path<usize>,
    Query(query): Query<Vec<(String, String)>>,
    content: Bytes,
) -> Response {
    let mut state = locked(&shared);
    let name = asked(&query, "name").unwrap_or_default().to_owned();
    let State { releases, files, .. } = &mut *state;
    let Some(release) = releases.get_mut(id.wrapping_sub(1)) else { return not_found() };
    let assets = release["assets"].as_array_mut().expect("a list");
    if name.is_empty() || assets.iter().any(|asset| asset["name"] == name) {
        return invalid("name");
    }
    let asset =
        json!({ "id": files.len() + 1, "name": name, "state": "uploaded", "size": content.len() });
    assets.push(asset.clone());
    files.push((name, content));
    answer(201, &asset)
}

pub(super) async fn delete(Known(shared): Known<Shared>, Path(id): Path<usize>) -> Response {
    let mut state = locked(&shared);
    for release in &mut state.releases {
        let assets = release["assets"].as_array_mut().expect("a list");
        assets.retain(|asset| asset["id"] != id);
    }
    StatusCode::NO_CONTENT.into_response()
}
