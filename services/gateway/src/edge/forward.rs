//! Passes a call on as it came: both bodies stream, trailers and deadline included.

use super::backend::{Backends, allowed};
use super::until::Until;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::uri::{PathAndQuery, Scheme, Uri};
use http::{HeaderMap, HeaderValue};
use service::grpc::status;
use service::principal::Principal;
use service::telemetry;
use std::sync::Arc;
use tonic::Status;
use tracing::Instrument;

/// Headers that are about one connection and not about the call.
const OF_A_CONNECTION: [&str; 6] =
    ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "host"];

pub(super) async fn forward(
    State(backends): State<Arc<Backends>>,
    Path(method): Path<String>,
    request: Request,
) -> Response {
    let call = request.uri().path().trim_start_matches('/').to_owned();
    let span = tracing::info_span!(
        "forward",
        otel.name = call,
        otel.kind = "server",
        rpc.system.name = "grpc",
        rpc.method = call,
    );
    let traceparent = request.headers().get("traceparent").and_then(|value| value.to_str().ok());
    if let Some(traceparent) = traceparent {
        telemetry::continue_from(&span, traceparent);
    }
    let forwarded = pass_on(&backends, &call, &method, request).instrument(span).await;
    forwarded.unwrap_or_else(Status::into_http)
}

async fn pass_on(
    backends: &Backends,
    call: &str,
    method: &str,
    request: Request,
) -> Result<Response, Status> {
    let name = call.split('/').next().unwrap_or_default();
    let principal = request.extensions().get::<Principal>();
    let principal =
        principal.ok_or_else(|| status::unauthenticated("the call does not say who asks"))?;
    allowed(principal, name, method)?;
    let authority = backends.of(name).ok_or_else(|| status::not_found("service", name))?.clone();
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
    let uri = Uri::builder().scheme(Scheme::HTTP).authority(authority).path_and_query(path).build();
    parts.uri = uri.map_err(|error| status::internal(&error))?;
    parts.version = http::Version::HTTP_2;
    parts.extensions.clear();
    tidy(&mut parts.headers);
    let request = Request::from_parts(parts, body);
    match backends.client.request(request).await {
        Ok(response) => {
            let ending = backends.ending.clone().cancelled_owned();
            let stopping = async {
                ending.await;
                status::unavailable("SERVICE_AWAY", "the gateway is stopping")
            };
            Ok(response.map(|body| Until::end(Body::new(body), stopping)))
        }
        Err(error) => {
            tracing::warn!(call, error = service::chain(&error), "pass a call on");
            Err(status::unavailable(
                "SERVICE_AWAY",
                format!("the service of {name} does not answer"),
            ))
        }
    }
}

fn tidy(headers: &mut HeaderMap) {
    for name in OF_A_CONNECTION {
        headers.remove(name);
    }
    let traceparent = telemetry::traceparent().and_then(|text| HeaderValue::from_str(&text).ok());
    if let Some(traceparent) = traceparent {
        headers.insert("traceparent", traceparent);
    }
}
