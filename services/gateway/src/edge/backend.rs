//! Which service answers which calls, and which of them are not for clients.

use crate::app::App;
use http::uri::{Authority, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use proto::v1::{
    build_service_server, data_drift_service_server, drift_service_server, job_service_server,
    release_service_server, router_service_server, secret_service_server,
};
use service::grpc::status;
use service::principal::{Principal, Role};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tonic::Status;

const CONNECT: Duration = Duration::from_secs(2);
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// What of the router may be asked from outside; its table is the deployer's to change.
const ROUTER_READS: [&str; 2] = ["GetTable", "GetStats"];

/// The services behind the gateway.
#[derive(Debug)]
pub(super) struct Backends {
    addresses: BTreeMap<&'static str, Authority>,
    pub client: Client<HttpConnector, axum::body::Body>,
    /// Long answers end when this is cancelled.
    pub ending: CancellationToken,
}

/// The address of a service is not `http://HOST:PORT`.
#[derive(Debug, thiserror::Error)]
#[error("the address {0} is not valid; use http://HOST:PORT")]
pub(super) struct InvalidAddress(String);

impl Backends {
    pub(super) fn new(app: &App) -> Result<Self, InvalidAddress> {
        let urls = &app.config.backends;
        let table = [
            (build_service_server::SERVICE_NAME, &urls.builder),
            (release_service_server::SERVICE_NAME, &urls.deployer),
            (secret_service_server::SERVICE_NAME, &urls.deployer),
            (job_service_server::SERVICE_NAME, &urls.deployer),
            (drift_service_server::SERVICE_NAME, &urls.monitor),
            (data_drift_service_server::SERVICE_NAME, &urls.monitor),
            (router_service_server::SERVICE_NAME, &urls.router),
        ];
        let addresses = table.into_iter().map(|(name, url)| Ok((name, authority(url)?)));
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT));
        let client = Client::builder(TokioExecutor::new())
            .http2_only(true)
            .timer(TokioTimer::new())
            .http2_keep_alive_interval(PING_EVERY)
            .http2_keep_alive_timeout(PING_TIMEOUT)
            .build(connector);
        let ending = app.ending.clone();
        Ok(Self { addresses: addresses.collect::<Result<_, _>>()?, client, ending })
    }

    /// The gRPC services that are passed on.
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.addresses.keys().copied().collect()
    }

    /// Where the calls of a gRPC service go.
    pub(super) fn of(&self, name: &str) -> Option<&Authority> {
        self.addresses.get(name)
    }
}

fn authority(url: &str) -> Result<Authority, InvalidAddress> {
    let invalid = || InvalidAddress(url.to_owned());
    let uri: Uri = url.parse().map_err(|_| invalid())?;
    uri.authority().filter(|_| uri.scheme_str() == Some("http")).cloned().ok_or_else(invalid)
}

/// Refuses what is never for clients, and what is for administrators only.
pub(super) fn allowed(principal: &Principal, name: &str, method: &str) -> Result<(), Status> {
    if name == secret_service_server::SERVICE_NAME && method == "RevealSecrets" {
        return Err(status::denied("secrets are shown to services only"));
    }
    if name == build_service_server::SERVICE_NAME && method == "CommitFiles" {
        return Err(status::denied(
            "files are committed by services only; `slipway retrain` makes them",
        ));
    }
    if name == build_service_server::SERVICE_NAME && method == "ReadReference" {
        return Err(status::denied("files of repositories are shown to services only"));
    }
    if name == router_service_server::SERVICE_NAME {
        principal.require(Role::Admin, None, None)?;
        if !ROUTER_READS.contains(&method) {
            return Err(status::denied("the table of the router is changed by releases only"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::PrincipalName;
    use service::principal::Grant;
    use tonic::Code;

    fn code(role: Role, name: &str, method: &str) -> Option<Code> {
        let grants = vec![Grant::everywhere(role)];
        let principal = Principal { name: PrincipalName::new("ci"), grants };
        allowed(&principal, name, method).err().map(|status| status.code())
    }

    #[test]
    fn secrets_are_never_revealed_to_clients() {
        let denied = Some(Code::PermissionDenied);
        assert_eq!(code(Role::Admin, "slipway.v1.SecretService", "RevealSecrets"), denied);
        assert_eq!(code(Role::Viewer, "slipway.v1.SecretService", "ListSecrets"), None);
        assert_eq!(code(Role::Admin, "slipway.v1.BuildService", "ReadReference"), denied);
    }

    #[test]
    fn clients_commit_nothing() {
        let denied = Some(Code::PermissionDenied);
        assert_eq!(code(Role::Admin, "slipway.v1.BuildService", "CommitFiles"), denied);
        assert_eq!(code(Role::Viewer, "slipway.v1.BuildService", "GetBuild"), None);
    }

    #[test]
    fn the_router_is_read_by_administrators() {
        let denied = Some(Code::PermissionDenied);
        assert_eq!(code(Role::Admin, "slipway.v1.RouterService", "GetStats"), None);
        assert_eq!(code(Role::Deployer, "slipway.v1.RouterService", "GetStats"), denied);
        assert_eq!(code(Role::Admin, "slipway.v1.RouterService", "ApplyTable"), denied);
    }
}
