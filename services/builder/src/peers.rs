//! What other services know: the app from the gateway, secrets from the deployer.

use crate::engine::session::SecretValues;
use events::{AppName, SecretName};
use proto::v1::app_service_client::AppServiceClient;
use proto::v1::secret_service_client::SecretServiceClient;
use proto::v1::{App, GetAppRequest, RevealSecretsRequest};
use service::internal::Internal;
use tonic::transport::Channel;
use tonic::{Code, Status};
use zeroize::Zeroizing;

/// Connections to other services.
#[derive(Debug, Clone)]
pub struct Peers {
    internal: Internal,
    apps: AppServiceClient<Channel>,
    secrets: SecretServiceClient<Channel>,
}

/// Another service did not answer as wanted.
#[derive(Debug, thiserror::Error)]
#[error("asking the {service} about {app}")]
pub struct PeerError {
    service: &'static str,
    app: AppName,
    source: Status,
}

impl PeerError {
    /// It answered that there is no such app.
    pub fn is_not_found(&self) -> bool {
        self.source.code() == Code::NotFound
    }

    /// What it said.
    pub fn message(&self) -> String {
        format!("{self}: {}", self.source.message())
    }
}

impl Peers {
    /// Connections that are made when first needed.
    pub fn new(internal: Internal, gateway: Channel, deployer: Channel) -> Self {
        let (apps, secrets) = (AppServiceClient::new(gateway), SecretServiceClient::new(deployer));
        Self { internal, apps, secrets }
    }

    /// Where an app's repository is, and its policy if it was given one.
    pub async fn app(&self, app: &AppName) -> Result<App, PeerError> {
        let request = self.internal.request(GetAppRequest { name: proto::name::app(app) });
        let failed = |source| PeerError { service: "gateway", app: app.clone(), source };
        let answer = self.apps.clone().get_app(request).await.map_err(failed)?.into_inner();
        answer.app.ok_or_else(|| failed(Status::internal("the answer is empty")))
    }

    /// The values of those of `names` that are set for the app as a whole.
    pub async fn secrets(
        &self,
        app: &AppName,
        names: &[SecretName],
    ) -> Result<SecretValues, PeerError> {
        let request = self.internal.request(RevealSecretsRequest {
            app: app.to_string(),
            environment: String::new(),
            secrets: names.iter().map(ToString::to_string).collect(),
        });
        let failed = |source| PeerError { service: "deployer", app: app.clone(), source };
        let answer = self.secrets.clone().reveal_secrets(request).await.map_err(failed)?;
        let values = answer.into_inner().values.into_iter();
        Ok(values.map(|(name, value)| (name, Zeroizing::new(value))).collect())
    }
}
