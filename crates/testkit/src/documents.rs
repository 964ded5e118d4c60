//! A desk at the wire: it answers GETs with the JSON that was put at their paths, to who shows what it wants.

use crate::serving::serving;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::task::AbortOnDropHandle;

/// What it has.
#[derive(Debug, Default)]
struct Desk {
    /// By path.
    documents: BTreeMap<String, Value>,
    authorization: Option<String>,
}

/// A running desk.
#[derive(Debug)]
pub struct Documents {
    address: SocketAddr,
    desk: Arc<Mutex<Desk>>,
    _serving: AbortOnDropHandle<()>,
}

impl Documents {
    /// Listens on this machine and has nothing.
    pub async fn start() -> Self {
        let desk = Arc::<Mutex<Desk>>::default();
        let router = Router::new().fallback(get(answer)).with_state(desk.clone());
        let (address, serving) = serving(router).await;
        Self { address, desk, _serving: serving }
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on it answers only who shows this.
    pub fn want(&self, authorization: &str) {
        locked(&self.desk).authorization = Some(authorization.to_owned());
    }

    /// From now on this is what stands at `path`.
    pub fn put(&self, path: &str, document: Value) {
        locked(&self.desk).documents.insert(path.to_owned(), document);
    }
}

fn locked(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(State(desk): State<Arc<Mutex<Desk>>>, uri: Uri, headers: HeaderMap) -> Response {
    let desk = locked(&desk);
    let shown = headers.get("authorization").and_then(|value| value.to_str().ok());
    if desk.authorization.is_some() && desk.authorization.as_deref() != shown {
        return (StatusCode::UNAUTHORIZED, "Unauthorized").into_response();
    }
    match desk.documents.get(uri.path()) {
        Some(document) => axum::Json(document.clone()).into_response(),
        None => (StatusCode::NOT_FOUND, "Not found").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Http;
    use serde_json::json;

    #[tokio::test]
    async fn it_answers_what_was_put_there_last_to_who_may_know() {
        let desk = Documents::start().await;
        desk.put("/open/2", json!({"count": 1}));
        desk.put("/open/2", json!({"count": 2}));
        let http = Http::new(desk.address, "desk");
        let get = async |path: &str| http.get(path).await.expect("an answer");
        assert_eq!(get("/open/2").await.json()["count"], 2);
        assert_eq!(get("/open/3").await.status, 404);
        desk.want("Bearer x");
        assert_eq!(get("/open/2").await.status, 401);
    }
}
