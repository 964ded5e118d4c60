//! A deployer or a monitor that is asked what the gateway asks of it, and answers as the test wants.

use crate::fixture::World;
use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use bytes::Bytes;
use http::HeaderMap;
use http_body_util::{BodyExt, Full};
use prost::Message;
use proto::v1::{
    ApproveReleaseResponse, GetReleaseResponse, Release, RemoveAppResponse, RevealSecretsResponse,
    TellTruthRequest, TellTruthResponse,
};
use service::principal::Principal;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tonic::Status;
use tonic::metadata::MetadataMap;

/// A gateway before a deployer that agrees to remove apps, or refuses as `refusal` says.
pub(crate) async fn with_deployer(refusal: Option<fn() -> Status>) -> World {
    let answer = move || async move {
        match refusal {
            Some(refusal) => refusal().into_http(),
            None => message(&RemoveAppResponse {}),
        }
    };
    let address = serve(Router::new().route("/slipway.v1.ReleaseService/RemoveApp", post(answer)));
    let address = address.await;
    World::with(|config| config.backends.deployer = address).await
}

/// Where a deployer answers that keeps these secrets and has one release. It is away for the first calls of each kind, as
/// many as `away` says.
pub(crate) async fn keeper(secrets: &[(&str, String)], release: Release, away: usize) -> String {
    let values =
        secrets.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into_bytes()));
    let secrets = RevealSecretsResponse { values: values.collect() };
    let release = GetReleaseResponse { release: Some(release), ..GetReleaseResponse::default() };
    let router = Router::new()
        .route("/slipway.v1.SecretService/RevealSecrets", after(away, secrets))
        .route("/slipway.v1.ReleaseService/GetRelease", after(away, release));
    serve(router).await
}

/// Answers all calls but the first, as many as `away` says.
fn after<M: Message + Clone + 'static>(away: usize, answer: M) -> MethodRouter {
    let calls = Arc::<AtomicUsize>::default();
    post(move || async move {
        if calls.fetch_add(1, Ordering::Relaxed) < away {
            return Status::unavailable("it is away").into_http();
        }
        message(&answer)
    })
}

/// Where a deployer answers that has one release, and who has agreed to it.
pub(crate) async fn asking(release: Release) -> (String, Arc<Mutex<Vec<String>>>) {
    let agreed = Arc::<Mutex<Vec<String>>>::default();
    let release = GetReleaseResponse { release: Some(release), ..GetReleaseResponse::default() };
    let show = move || async move { message(&release) };
    let voters = agreed.clone();
    let approve = move |headers: HeaderMap| async move {
        let who = Principal::decode(&MetadataMap::from_headers(headers)).expect("who asks");
        voters.lock().expect("whole").push(who.name.to_string());
        message(&ApproveReleaseResponse::default())
    };
    let router = Router::new()
        .route("/slipway.v1.ReleaseService/GetRelease", post(show))
        .route("/slipway.v1.ReleaseService/ApproveRelease", post(approve));
    (serve(router).await, agreed)
}

/// Where a monitor answers that knows all predictions, and what it was told.
pub(crate) async fn listening() -> (String, Arc<Mutex<Vec<TellTruthRequest>>>) {
    let heard = Arc::<Mutex<Vec<TellTruthRequest>>>::default();
    let kept = heard.clone();
    let tell = move |body: Bytes| async move {
        // After the five bytes of its frame.
        let request = TellTruthRequest::decode(&body[5..]).expect("what was true");
        let known_count = i64::try_from(request.truths.len()).expect("few");
        kept.lock().expect("whole").push(request);
        message(&TellTruthResponse { known_count, unknown_count: 0 })
    };
    let router = Router::new().route("/slipway.v1.DataDriftService/TellTruth", post(tell));
    (serve(router).await, heard)
}

/// Where a monitor answers nothing, and how often it was told something.
pub(crate) async fn silent() -> (String, Arc<AtomicUsize>) {
    let heard = Arc::<AtomicUsize>::default();
    let count = heard.clone();
    let tell = move || async move {
        count.fetch_add(1, Ordering::Relaxed);
        std::future::pending::<()>().await;
    };
    let router = Router::new().route("/slipway.v1.DataDriftService/TellTruth", post(tell));
    (serve(router).await, heard)
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// A message in the frame of gRPC, and that all is well.
fn message(message: &impl Message) -> Response {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", http::HeaderValue::from_static("0"));
    let encoded = message.encode_to_vec();
    let length = u32::try_from(encoded.len()).expect("short").to_be_bytes();
    let frame = Bytes::from([&[0][..], &length[..], &encoded[..]].concat());
    let body = axum::body::Body::new(Full::new(frame).with_trailers(async { Some(Ok(trailers)) }));
    ([(http::header::CONTENT_TYPE, "application/grpc")], body).into_response()
}
