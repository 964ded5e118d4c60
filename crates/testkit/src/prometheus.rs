//! A Prometheus at the wire: it keeps the last value of each series and answers instant queries that are one selector, as
//! `queue{release="2"}`; others it refuses as the real one refuses nonsense.

use crate::serving::serving;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::task::AbortOnDropHandle;

type Labels = BTreeMap<String, String>;

/// What it knows.
#[derive(Debug, Default)]
struct Known {
    /// By name and labels.
    series: BTreeMap<(String, Labels), f64>,
    authorization: Option<String>,
}

/// A running Prometheus.
#[derive(Debug)]
pub struct Prometheus {
    address: SocketAddr,
    known: Arc<Mutex<Known>>,
    _serving: AbortOnDropHandle<()>,
}

impl Prometheus {
    /// Listens on this machine and knows nothing.
    pub async fn start() -> Self {
        let known = Arc::<Mutex<Known>>::default();
        let router = Router::new().route("/api/v1/query", get(query)).with_state(known.clone());
        let (address, serving) = serving(router).await;
        Self { address, known, _serving: serving }
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on it answers only who shows this.
    pub fn want(&self, authorization: &str) {
        locked(&self.known).authorization = Some(authorization.to_owned());
    }

    /// From now on the series has this value.
    pub fn set(&self, name: &str, labels: &[(&str, &str)], value: f64) {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        locked(&self.known).series.insert((name.to_owned(), labels.collect()), value);
    }
}

fn locked(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn query(
    State(known): State<Arc<Mutex<Known>>>,
    Query(asked): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let known = locked(&known);
    let shown = headers.get("authorization").and_then(|value| value.to_str().ok());
    if known.authorization.is_some() && known.authorization.as_deref() != shown {
        return (StatusCode::UNAUTHORIZED, "Unauthorized").into_response();
    }
    let query = asked.get("query").map(String::as_str).unwrap_or_default();
    let Some((name, matchers)) = selector(query) else {
        let error = format!("invalid parameter \"query\": parse error in {query:?}");
        let body = json!({"status": "error", "errorType": "bad_data", "error": error});
        return (StatusCode::BAD_REQUEST, axum::Json(body)).into_response();
    };
    let found = known.series.iter().filter(|((known, labels), _)| {
        known == name && matchers.iter().all(|matcher| matcher.takes(labels))
    });
    let result: Vec<Value> =
        found.map(|((name, labels), value)| sample(name, labels, *value)).collect();
    let data = json!({"resultType": "vector", "result": result});
    axum::Json(json!({"status": "success", "data": data})).into_response()
}

fn sample(name: &str, labels: &Labels, value: f64) -> Value {
    let mut metric = labels.clone();
    metric.insert("__name__".to_owned(), name.to_owned());
    json!({"metric": metric, "value": [1_790_000_000.781, value.to_string()]})
}

/// What a label must be.
struct Matcher<'a> {
    label: &'a str,
    /// One of these.
    values: Vec<&'a str>,
}

impl Matcher<'_> {
    fn takes(&self, labels: &Labels) -> bool {
        labels.get(self.label).is_some_and(|value| self.values.contains(&value.as_str()))
    }
}

/// `name{label="value",label=~"one|other"}`
fn selector(query: &str) -> Option<(&str, Vec<Matcher<'_>>)> {
    let (name, rest) = query.trim().split_once('{')?;
    let matchers = rest.strip_suffix('}')?.split(',').map(|matcher| {
        let (label, value) = matcher.split_once('=')?;
        let (value, is_pattern) = match value.strip_prefix('~') {
            Some(pattern) => (pattern, true),
            None => (value, false),
        };
        let value = value.strip_prefix('"')?.strip_suffix('"')?;
        let values = if is_pattern { value.split('|').collect() } else { vec![value] };
        Some(Matcher { label, values })
    });
    let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') && !name.is_empty();
    is_name.then_some((name, matchers.collect::<Option<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Http;

    #[tokio::test]
    async fn it_answers_selectors_and_refuses_the_rest() {
        let prometheus = Prometheus::start().await;
        prometheus.set("queue", &[("release", "1")], 11.5);
        prometheus.set("queue", &[("release", "2")], 20.0);
        let http = Http::new(prometheus.address, "prometheus");
        let ask = async |query: &str| {
            let answer = http.get(&format!("/api/v1/query?query={query}")).await;
            answer.expect("an answer").json()
        };
        let one = ask("queue%7Brelease%3D%222%22%7D").await;
        assert_eq!(one["data"]["result"][0]["value"][1], "20");
        let both = ask("queue%7Brelease%3D~%221%7C2%22%7D").await;
        assert_eq!(both["data"]["result"].as_array().map(Vec::len), Some(2));
        assert_eq!(ask("avg(queue").await["errorType"], "bad_data");
    }
}
