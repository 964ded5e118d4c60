//! What happens around every call: the internal token is demanded, the trace continued, the deadline kept.

use super::{deadline, status};
use crate::{Secret, semconv, telemetry};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, header};
use tracing::Instrument;

/// Calls that anyone may make.
const OPEN: [&str; 2] = ["/grpc.health.v1.", "/grpc.reflection."];

/// Whether the call carries the token; the time this takes does not depend on where it differs.
pub fn authorized(headers: &HeaderMap, token: &Secret) -> bool {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.as_bytes().strip_prefix(b"Bearer "))
        .is_some_and(|given| token.matches(given))
}

pub(super) async fn demand_token(
    State(token): State<Secret>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    if OPEN.iter().any(|open| path.starts_with(open)) || authorized(request.headers(), &token) {
        return next.run(request).await;
    }
    status::unauthenticated("the call does not carry the internal token").into_http()
}

pub(super) async fn trace(request: Request, next: Next) -> Response {
    let method = request.uri().path().trim_start_matches('/').to_owned();
    let span = tracing::info_span!(
        "grpc",
        otel.name = method,
        otel.kind = "server",
        rpc.system.name = "grpc",
        rpc.method = method,
        { semconv::RPC_STATUS } = tracing::field::Empty,
        trace_id = tracing::field::Empty,
    );
    let traceparent = request.headers().get("traceparent").and_then(|value| value.to_str().ok());
    if let Some(traceparent) = traceparent {
        telemetry::continue_from(&span, traceparent);
    }
    let response = next.run(request).instrument(span.clone()).await;
    // A call that fails at once has its status in the head, any other in the trailers.
    if let Some(status) = tonic::Status::from_header_map(response.headers()) {
        span.record(semconv::RPC_STATUS, tracing::field::debug(status.code()));
    }
    response
}

pub(super) async fn keep_deadline(request: Request, next: Next) -> Response {
    let Some(span) = deadline::of(request.headers()) else { return next.run(request).await };
    match tokio::time::timeout(span, next.run(request)).await {
        Ok(response) => response,
        Err(_) => status::deadline_exceeded().into_http(),
    }
}
