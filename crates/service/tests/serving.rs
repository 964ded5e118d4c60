//! One port for gRPC and HTTP: who gets in, what they are told, and how serving ends.

use proto::v1::drift_service_client::DriftServiceClient;
use proto::v1::drift_service_server::{DriftService, DriftServiceServer};
use proto::v1::{
    AdoptDriftRequest, AdoptDriftResponse, CheckDriftRequest, CheckDriftResponse, EnvironmentDrift,
    HealDriftRequest, HealDriftResponse, ListDriftRequest, ListDriftResponse, ListPastDriftRequest,
    ListPastDriftResponse,
};
use service::Secret;
use service::grpc::{Server, status};
use service::health::Health;
use service::internal::{Internal, channel};
use service::principal::Principal;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};
use tower::ServiceExt;

/// Answers with the name of who asks; `CheckDrift` waits until it is let go.
#[derive(Default)]
struct Asked {
    entered: Arc<Notify>,
    let_go: Arc<Notify>,
}

#[tonic::async_trait]
impl DriftService for Asked {
    async fn list_drift(
        &self,
        request: Request<ListDriftRequest>,
    ) -> Result<Response<ListDriftResponse>, Status> {
        let name = Principal::of(&request)?.name.to_string();
        let environments = vec![EnvironmentDrift { name, ..EnvironmentDrift::default() }];
        Ok(Response::new(ListDriftResponse { environments, ..ListDriftResponse::default() }))
    }

    async fn check_drift(
        &self,
        _: Request<CheckDriftRequest>,
    ) -> Result<Response<CheckDriftResponse>, Status> {
        self.entered.notify_one();
        self.let_go.notified().await;
        Ok(Response::new(CheckDriftResponse::default()))
    }

    async fn list_past_drift(
        &self,
        _: Request<ListPastDriftRequest>,
    ) -> Result<Response<ListPastDriftResponse>, Status> {
        Err(Status::unimplemented("not asked here"))
    }

    async fn heal_drift(
        &self,
        _: Request<HealDriftRequest>,
    ) -> Result<Response<HealDriftResponse>, Status> {
        Err(Status::unimplemented("not asked here"))
    }

    async fn adopt_drift(
        &self,
        _: Request<AdoptDriftRequest>,
    ) -> Result<Response<AdoptDriftResponse>, Status> {
        Err(Status::unimplemented("not asked here"))
    }
}

struct World {
    address: SocketAddr,
    health: Health,
    entered: Arc<Notify>,
    let_go: Arc<Notify>,
    cancel: CancellationToken,
    serving: JoinHandle<std::io::Result<()>>,
}

impl World {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (health, asked, cancel) =
            (Health::new("test"), Asked::default(), CancellationToken::new());
        let (entered, let_go) = (asked.entered.clone(), asked.let_go.clone());
        let server = Server::new(&Secret::new("t0ken")).add(DriftServiceServer::new(asked));
        let router = server.into_router().merge(health.routes());
        let serving = tokio::spawn(service::http::serve(listener, router, cancel.clone()));
        Self { address, health, entered, let_go, cancel, serving }
    }

    fn channel(&self) -> Channel {
        channel(&format!("http://{}", self.address)).expect("an address")
    }

    fn drift(&self) -> DriftServiceClient<Channel> {
        DriftServiceClient::new(self.channel())
    }

    async fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.expect("listening");
        let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("answered");
        answer
    }
}

fn internal(token: &str) -> Internal {
    Internal::new(&Secret::new(token)).expect("valid")
}

#[tokio::test]
async fn a_call_with_the_token_says_who_asks() {
    let world = World::start().await;
    let request = internal("t0ken").request(ListDriftRequest::default());
    let answer = world.drift().list_drift(request).await.expect("answered").into_inner();
    assert_eq!(answer.environments[0].name, "slipway");
}

#[tokio::test]
async fn a_call_without_the_token_is_refused_with_a_reason() {
    let world = World::start().await;
    for request in [
        Request::new(ListDriftRequest::default()),
        internal("wrong").request(ListDriftRequest::default()),
    ] {
        let refused = world.drift().list_drift(request).await.expect_err("no token");
        assert_eq!(refused.code(), Code::Unauthenticated);
        assert_eq!(status::reason(&refused).as_deref(), Some("UNAUTHENTICATED"));
    }
}

#[tokio::test]
async fn health_needs_no_token_and_knows_every_service() {
    let world = World::start().await;
    let mut client = HealthClient::new(world.channel());
    for service in ["", "slipway.v1.DriftService"] {
        let request = HealthCheckRequest { service: service.to_owned() };
        let answer = client.check(request).await.expect("known").into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving);
    }
}

#[tokio::test]
async fn reflection_needs_no_token_and_lists_every_service() {
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::{
        ServerReflectionRequest, server_reflection_request::MessageRequest,
    };
    let world = World::start().await;
    let list = MessageRequest::ListServices(String::new());
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(list) };
    let mut client = ServerReflectionClient::new(world.channel());
    let answers = client.server_reflection_info(tokio_stream::iter([request])).await.expect("open");
    let answer = answers.into_inner().message().await.expect("answered");
    assert!(format!("{answer:?}").contains("slipway.v1.DriftService"), "{answer:?}");
}

/// Without a client that would keep the deadline itself.
#[tokio::test]
async fn a_call_that_takes_too_long_ends_at_its_deadline() {
    let server = Server::open().add(DriftServiceServer::new(Asked::default()));
    let empty_message: &[u8] = &[0; 5];
    let request = http::Request::post("/slipway.v1.DriftService/CheckDrift")
        .header("content-type", "application/grpc")
        .header("grpc-timeout", "50m")
        .body(axum::body::Body::from(empty_message))
        .expect("valid");
    let answer = server.into_router().oneshot(request).await.expect("infallible");
    let status = Status::from_header_map(answer.headers()).expect("ended at once");
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn plain_http_is_answered_on_the_same_port() {
    let world = World::start().await;
    assert!(world.get("/healthz").await.starts_with("HTTP/1.1 200"));
    world.health.report("postgres", Err("away".to_owned()));
    assert!(world.get("/readyz").await.starts_with("HTTP/1.1 503"));
}

#[tokio::test]
async fn stopping_waits_for_open_calls_and_takes_no_new_ones() {
    let world = World::start().await;
    let mut client = world.drift();
    let request = internal("t0ken").request(CheckDriftRequest::default());
    let open = tokio::spawn(async move { client.check_drift(request).await });
    world.entered.notified().await;
    world.cancel.cancel();
    while TcpStream::connect(world.address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    world.let_go.notify_one();
    assert!(open.await.expect("no panic").is_ok());
    assert!(world.serving.await.expect("no panic").is_ok());
}
