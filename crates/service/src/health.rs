//! Whether a service is alive and ready, for machines: `/healthz`, `/readyz`, `/metrics`.

use crate::metrics::{self, Metrics};
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use http::{StatusCode, header};
use parking_lot::Mutex;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a service needs and whether it has it. Clones share it.
#[derive(Debug, Clone)]
pub struct Health {
    service: &'static str,
    components: Arc<Mutex<BTreeMap<&'static str, Result<(), String>>>>,
    metrics: Metrics,
}

#[derive(Serialize)]
struct Report {
    service: &'static str,
    ready: bool,
    components: BTreeMap<&'static str, String>,
}

impl Health {
    /// A service that is ready as long as nothing else is reported.
    pub fn new(service: &'static str) -> Self {
        Self { service, components: Arc::default(), metrics: Metrics::new(service) }
    }

    /// Says that `component` works, or why it does not: `health.report("postgres", Ok(()))`.
    pub fn report(&self, component: &'static str, state: Result<(), String>) {
        let changed = {
            let mut components = self.components.lock();
            components
                .insert(component, state.clone())
                .is_none_or(|before| before.is_ok() != state.is_ok())
        };
        match state {
            Err(why) if changed => tracing::warn!(component, why, "component does not work"),
            Ok(()) if changed => tracing::info!(component, "component works"),
            _ => {}
        }
    }

    /// Whether every component works.
    pub fn is_ready(&self) -> bool {
        self.components.lock().values().all(Result::is_ok)
    }

    /// The metrics `/metrics` shows.
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// `/healthz` (the process answers), `/readyz` (every component works) and `/metrics`.
    pub fn routes(&self) -> Router {
        Router::new()
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(readyz))
            .route("/metrics", get(prometheus))
            .with_state(self.clone())
    }

    fn describe(&self) -> Report {
        let said = |state: &Result<(), String>| match state {
            Ok(()) => "ok".to_owned(),
            Err(why) => why.clone(),
        };
        let components = self.components.lock();
        Report {
            service: self.service,
            ready: components.values().all(Result::is_ok),
            components: components.iter().map(|(name, state)| (*name, said(state))).collect(),
        }
    }
}

async fn readyz(State(health): State<Health>) -> impl IntoResponse {
    let report = health.describe();
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(report))
}

async fn prometheus(State(health): State<Health>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], health.metrics.text())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    async fn get(health: &Health, path: &str) -> (StatusCode, String) {
        let request = http::Request::get(path).body(Body::empty()).expect("valid");
        let response = health.routes().oneshot(request).await.expect("infallible");
        let status = response.status();
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        (status, String::from_utf8(body.to_vec()).expect("text"))
    }

    #[tokio::test]
    async fn a_service_is_ready_when_all_it_needs_works() {
        let health = Health::new("test");
        health.report("postgres", Ok(()));
        assert_eq!(get(&health, "/readyz").await.0, StatusCode::OK);
        health.report("nats", Err("connection refused".to_owned()));
        let (status, body) = get(&health, "/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        insta::assert_snapshot!(body, @r#"{"service":"test","ready":false,"components":{"nats":"connection refused","postgres":"ok"}}"#);
        assert_eq!(get(&health, "/healthz").await.0, StatusCode::OK);
    }

    #[tokio::test]
    async fn metrics_are_served() {
        let (status, body) = get(&Health::new("test"), "/metrics").await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.ends_with("# EOF\n"), "{body}");
    }
}
