//! An engineer's client of the API, with a token.

use proto::v1::app_service_client::AppServiceClient;
use proto::v1::build_service_client::BuildServiceClient;
use proto::v1::data_drift_service_client::DataDriftServiceClient;
use proto::v1::drift_service_client::DriftServiceClient;
use proto::v1::event_service_client::EventServiceClient;
use proto::v1::job_service_client::JobServiceClient;
use proto::v1::release_service_client::ReleaseServiceClient;
use proto::v1::secret_service_client::SecretServiceClient;
use proto::v1::token_service_client::TokenServiceClient;
use std::net::SocketAddr;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

/// Puts a bearer token on every request.
#[derive(Debug, Clone)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

type Authorized = InterceptedService<Channel, Bearer>;

/// Every service of the API, through the gateway.
#[derive(Debug, Clone)]
pub struct Client {
    /// Apps, deliveries, changes.
    pub apps: AppServiceClient<Authorized>,
    /// Builds.
    pub builds: BuildServiceClient<Authorized>,
    /// Releases.
    pub releases: ReleaseServiceClient<Authorized>,
    /// Jobs and their runs.
    pub jobs: JobServiceClient<Authorized>,
    /// Secrets.
    pub secrets: SecretServiceClient<Authorized>,
    /// Drift.
    pub drift: DriftServiceClient<Authorized>,
    /// Drift of data.
    pub data_drift: Box<DataDriftServiceClient<Authorized>>,
    /// Tokens.
    pub tokens: TokenServiceClient<Authorized>,
    /// Events.
    pub events: EventServiceClient<Authorized>,
}

impl Client {
    /// A client of the gateway at `address`; without a token, nobody.
    pub fn new(address: SocketAddr, token: Option<&str>) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
        let value = token.map(|t| format!("Bearer {t}").parse().expect("a token is plain text"));
        let channel = endpoint.connect_lazy();
        let authorized = || InterceptedService::new(channel.clone(), Bearer(value.clone()));
        Self {
            apps: AppServiceClient::new(authorized()),
            builds: BuildServiceClient::new(authorized()),
            releases: ReleaseServiceClient::new(authorized()),
            jobs: JobServiceClient::new(authorized()),
            secrets: SecretServiceClient::new(authorized()),
            drift: DriftServiceClient::new(authorized()),
            data_drift: Box::new(DataDriftServiceClient::new(authorized())),
            tokens: TokenServiceClient::new(authorized()),
            events: EventServiceClient::new(authorized()),
        }
    }
}
