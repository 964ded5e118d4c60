//! A deployer that is only asked to take away what apps run, and answers as the test wants.

use crate::fixture::World;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::HeaderMap;
use http_body_util::{BodyExt, Full};
use tokio::net::TcpListener;
use tonic::Status;

/// The one call.
const CALL: &str = "/slipway.v1.ReleaseService/RemoveApp";

/// A gateway before a deployer that agrees, or refuses as `refusal` says.
pub(crate) async fn with_deployer(refusal: Option<fn() -> Status>) -> World {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let answer = move || async move {
        match refusal {
            Some(refusal) => refusal().into_http(),
            None => empty_message(),
        }
    };
    let router = axum::Router::new().route(CALL, axum::routing::post(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    World::with(|config| config.backends.deployer = format!("http://{address}")).await
}

/// A message without fields, in the frame of gRPC, and that all is well.
fn empty_message() -> Response {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", http::HeaderValue::from_static("0"));
    let message = Full::new(Bytes::from_static(&[0; 5]));
    let body = axum::body::Body::new(message.with_trailers(async { Some(Ok(trailers)) }));
    ([(http::header::CONTENT_TYPE, "application/grpc")], body).into_response()
}
