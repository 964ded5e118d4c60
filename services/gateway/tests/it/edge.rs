//! Calls that are passed on to the services behind the gateway.

use crate::fixture::{INTERNAL, World, admin, reason, with_token};
use futures_util::{Stream, StreamExt, stream};
use proto::v1::build_service_client::BuildServiceClient;
use proto::v1::build_service_server::{BuildService, BuildServiceServer};
use proto::v1::release_service_client::ReleaseServiceClient;
use proto::v1::router_service_client::RouterServiceClient;
use proto::v1::secret_service_client::SecretServiceClient;
use proto::v1::{
    ApplyTableRequest, CancelBuildRequest, CancelBuildResponse, CollectBuildsRequest,
    CollectBuildsResponse, CommitFilesRequest, CommitFilesResponse, GetBuildRequest,
    GetBuildResponse, ListBuildsRequest, ListBuildsResponse, ListReleasesRequest,
    ReadReferenceRequest, ReadReferenceResponse, RevealSecretsRequest, WatchBuildLogRequest,
    WatchBuildLogResponse,
};
use service::Secret;
use service::principal::Principal;
use std::pin::Pin;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

/// A builder that tells who asked, and until when.
#[derive(Clone)]
struct Echo;

type Log = Pin<Box<dyn Stream<Item = Result<WatchBuildLogResponse, Status>> + Send>>;

#[tonic::async_trait]
impl BuildService for Echo {
    type WatchBuildLogStream = Log;

    async fn list_builds(
        &self,
        request: Request<ListBuildsRequest>,
    ) -> Result<Response<ListBuildsResponse>, Status> {
        let principal = Principal::of(&request)?;
        let timeout = request.metadata().get("grpc-timeout").and_then(|text| text.to_str().ok());
        let next_page_token = format!("{} {}", principal.name, timeout.unwrap_or("for ever"));
        Ok(Response::new(ListBuildsResponse { next_page_token, ..Default::default() }))
    }

    async fn get_build(
        &self,
        _: Request<GetBuildRequest>,
    ) -> Result<Response<GetBuildResponse>, Status> {
        Err(service::grpc::status::not_found("build", "7"))
    }

    async fn cancel_build(
        &self,
        _: Request<CancelBuildRequest>,
    ) -> Result<Response<CancelBuildResponse>, Status> {
        std::future::pending().await
    }

    async fn collect_builds(
        &self,
        _: Request<CollectBuildsRequest>,
    ) -> Result<Response<CollectBuildsResponse>, Status> {
        Ok(Response::new(CollectBuildsResponse::default()))
    }

    async fn commit_files(
        &self,
        _: Request<Streaming<CommitFilesRequest>>,
    ) -> Result<Response<CommitFilesResponse>, Status> {
        Ok(Response::new(CommitFilesResponse::default()))
    }

    type ReadReferenceStream =
        Pin<Box<dyn Stream<Item = Result<ReadReferenceResponse, Status>> + Send>>;

    async fn read_reference(
        &self,
        _: Request<ReadReferenceRequest>,
    ) -> Result<Response<Self::ReadReferenceStream>, Status> {
        Err(service::grpc::status::not_found("build", "7"))
    }

    async fn watch_build_log(
        &self,
        _: Request<WatchBuildLogRequest>,
    ) -> Result<Response<Log>, Status> {
        let line = || Ok(WatchBuildLogResponse::default());
        let lines = stream::iter([line(), line()]).chain(stream::pending());
        Ok(Response::new(lines.boxed()))
    }
}

/// A gateway with a builder behind it.
pub(crate) async fn with_builder() -> World {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let server = service::grpc::Server::new(&Secret::new(INTERNAL));
    let router = server.add(BuildServiceServer::new(Echo)).into_router();
    tokio::spawn(service::http::serve(listener, router, CancellationToken::new()));
    World::with(|config| config.backends.builder = format!("http://{address}")).await
}

#[tokio::test]
async fn a_call_is_passed_on_with_who_asked_and_until_when() {
    let world = with_builder().await;
    let mut builds = BuildServiceClient::new(world.channel().await);
    let mut request = admin(ListBuildsRequest::default());
    request.set_timeout(Duration::from_secs(7));
    let answer = builds.list_builds(request).await.expect("answered").into_inner();
    assert_eq!(answer.next_page_token, "bootstrap 7000000u");
}

#[tokio::test]
async fn an_error_comes_back_with_its_details() {
    let world = with_builder().await;
    let mut builds = BuildServiceClient::new(world.channel().await);
    let refused = builds.get_build(admin(GetBuildRequest::default())).await.expect_err("none");
    assert_eq!(reason(&refused), "NotFound NOT_FOUND");
}

#[tokio::test]
async fn a_stream_is_passed_on_as_it_comes() {
    let world = with_builder().await;
    let mut builds = BuildServiceClient::new(world.channel().await);
    let log = builds.watch_build_log(admin(WatchBuildLogRequest::default())).await;
    let mut lines = log.expect("a stream").into_inner();
    assert!(lines.message().await.expect("a line").is_some());
    assert!(lines.message().await.expect("a line").is_some());
    drop(world);
    assert_eq!(lines.message().await.expect_err("the gateway stopped").code(), Code::Unavailable);
}

#[tokio::test]
async fn the_deadline_of_the_caller_holds_behind_the_gateway() {
    let world = with_builder().await;
    let mut builds = BuildServiceClient::new(world.channel().await);
    let mut request = admin(CancelBuildRequest::default());
    request.set_timeout(Duration::from_millis(200));
    let late = builds.cancel_build(request).await.expect_err("never answers");
    assert!(matches!(late.code(), Code::DeadlineExceeded | Code::Cancelled), "{late}");
}

#[tokio::test]
async fn a_service_that_is_away_is_said_to_be() {
    let world = World::new().await;
    let mut releases = ReleaseServiceClient::new(world.channel().await);
    let refused = releases.list_releases(admin(ListReleasesRequest::default())).await;
    let refused = refused.expect_err("away");
    assert_eq!(reason(&refused), "Unavailable SERVICE_AWAY");
    assert!(refused.get_details_retry_info().is_some());
}

#[tokio::test]
async fn what_is_not_for_clients_is_denied() {
    let world = World::new().await;
    let mut secrets = SecretServiceClient::new(world.channel().await);
    let reveal = secrets.reveal_secrets(admin(RevealSecretsRequest::default())).await;
    assert_eq!(reveal.expect_err("denied").message(), "secrets are shown to services only");
    let mut router = RouterServiceClient::new(world.channel().await);
    let apply = router.apply_table(admin(ApplyTableRequest::default())).await;
    assert_eq!(reason(&apply.expect_err("denied")), "PermissionDenied PERMISSION_DENIED");
    let mut builds = BuildServiceClient::new(world.channel().await);
    let stranger = with_token("nobody", ListBuildsRequest::default());
    let refused = builds.list_builds(stranger).await.expect_err("unknown");
    assert_eq!(reason(&refused), "Unauthenticated UNAUTHENTICATED");
}

#[tokio::test]
async fn health_is_told_of_every_service_to_anyone() {
    let world = World::new().await;
    let mut health = HealthClient::new(world.channel().await);
    for service in ["", "slipway.v1.AppService", "slipway.v1.ReleaseService"] {
        let service = service.to_owned();
        let answer = health.check(HealthCheckRequest { service }).await.expect("answered");
        assert_eq!(answer.into_inner().status, 1);
    }
}
