//! The session of a build: a connection on which the engine asks us back, for build secrets and for
//! registry credentials. Both come from memory; nothing is written to disk and nothing is an argument.

use crate::engine::host::{Connection, Host};
use crate::registry::auth::RegistryAuth;
use bollard::moby::buildkit::secrets::v1::secrets_server::{Secrets, SecretsServer};
use bollard::moby::buildkit::secrets::v1::{GetSecretRequest, GetSecretResponse};
use bollard::moby::filesync::v1::auth_server::{Auth, AuthServer};
use bollard::moby::filesync::v1::{
    CredentialsRequest, CredentialsResponse, FetchTokenRequest, FetchTokenResponse,
    GetTokenAuthorityRequest, GetTokenAuthorityResponse, VerifyTokenAuthorityRequest,
    VerifyTokenAuthorityResponse,
};
use bytes::Bytes;
use http_body_util::Empty;
use hyper::upgrade::Upgraded;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_util::task::AbortOnDropHandle;
use tonic::service::Routes;
use tonic::{Request, Response, Status};
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};
use zeroize::Zeroizing;

/// What the engine may call on us.
const METHODS: [&str; 3] = [
    "/moby.buildkit.secrets.v1.Secrets/GetSecret",
    "/moby.filesync.v1.Auth/Credentials",
    "/grpc.health.v1.Health/Check",
];

/// Values of secrets by name.
pub type SecretValues = BTreeMap<String, Zeroizing<Vec<u8>>>;

/// An open session; dropping it ends the builds that use it.
#[derive(Debug)]
pub struct Session {
    /// How a build names it.
    pub id: String,
    _connection: AbortOnDropHandle<()>,
    _server: AbortOnDropHandle<()>,
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The engine is not there.
    #[error("connecting to the engine at {host}")]
    Connect {
        /// Where.
        host: String,
        /// Why.
        source: std::io::Error,
    },
    /// The connection broke.
    #[error("opening a build session")]
    Open(#[from] hyper::Error),
    /// The engine has no sessions.
    #[error("the engine has no build sessions: it answered {0}")]
    Unsupported(http::StatusCode),
}

impl Session {
    /// Opens a session at the engine.
    pub async fn open(
        host: &Host,
        secrets: SecretValues,
        auth: Arc<RegistryAuth>,
    ) -> Result<Self, SessionError> {
        let connect = |source| SessionError::Connect { host: host.to_string(), source };
        let connection: Connection = host.connect().await.map_err(connect)?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(connection)).await?;
        let connection = AbortOnDropHandle::new(tokio::spawn(async move {
            if let Err(error) = connection.with_upgrades().await {
                tracing::debug!(%error, "the session connection ended");
            }
        }));
        let id = uuid::Uuid::new_v4().simple().to_string();
        let response = sender.send_request(opening(&id)).await?;
        if response.status() != http::StatusCode::SWITCHING_PROTOCOLS {
            return Err(SessionError::Unsupported(response.status()));
        }
        let upgraded = hyper::upgrade::on(response).await?;
        let server = AbortOnDropHandle::new(tokio::spawn(serve(upgraded, secrets, auth)));
        Ok(Self { id, _connection: connection, _server: server })
    }
}

fn opening(id: &str) -> http::Request<Empty<Bytes>> {
    let mut request = http::Request::post("/session")
        .header(http::header::HOST, "engine")
        .header(http::header::CONNECTION, "Upgrade")
        .header(http::header::UPGRADE, "h2c")
        .header("X-Docker-Expose-Session-Uuid", id);
    for method in METHODS {
        request = request.header("X-Docker-Expose-Session-Grpc-Method", method);
    }
    request.body(Empty::new()).expect("every part of the request is well-formed")
}

async fn serve(upgraded: Upgraded, secrets: SecretValues, auth: Arc<RegistryAuth>) {
    let health = HealthServer::new(HealthService::from_health_reporter(HealthReporter::new()));
    let routes = Routes::new(health)
        .add_service(SecretsServer::new(Answers { secrets, auth: Arc::clone(&auth) }))
        .add_service(AuthServer::new(Answers { secrets: SecretValues::new(), auth }));
    let service = TowerToHyperService::new(routes.into_axum_router());
    let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    if let Err(error) = server.serve_connection(upgraded, service).await {
        tracing::debug!(%error, "the build session ended");
    }
}

struct Answers {
    secrets: SecretValues,
    auth: Arc<RegistryAuth>,
}

#[tonic::async_trait]
impl Secrets for Answers {
    async fn get_secret(
        &self,
        request: Request<GetSecretRequest>,
    ) -> Result<Response<GetSecretResponse>, Status> {
        let id = request.into_inner().id;
        let value = self.secrets.get(&id).ok_or_else(|| {
            Status::not_found(format!("secret {id} is not set, or not named in slipway.yaml"))
        })?;
        Ok(Response::new(GetSecretResponse { data: value.to_vec() }))
    }
}

#[tonic::async_trait]
impl Auth for Answers {
    async fn credentials(
        &self,
        request: Request<CredentialsRequest>,
    ) -> Result<Response<CredentialsResponse>, Status> {
        let found = self.auth.of_host(&request.into_inner().host);
        let answer = found.map(|found| CredentialsResponse {
            username: found.username.clone(),
            secret: found.password.to_string(),
        });
        Ok(Response::new(answer.unwrap_or_default()))
    }

    async fn fetch_token(
        &self,
        _: Request<FetchTokenRequest>,
    ) -> Result<Response<FetchTokenResponse>, Status> {
        Err(Status::unimplemented("the engine fetches tokens itself"))
    }

    async fn get_token_authority(
        &self,
        _: Request<GetTokenAuthorityRequest>,
    ) -> Result<Response<GetTokenAuthorityResponse>, Status> {
        Err(Status::unimplemented("the engine fetches tokens itself"))
    }

    async fn verify_token_authority(
        &self,
        _: Request<VerifyTokenAuthorityRequest>,
    ) -> Result<Response<VerifyTokenAuthorityResponse>, Status> {
        Err(Status::unimplemented("the engine fetches tokens itself"))
    }
}
