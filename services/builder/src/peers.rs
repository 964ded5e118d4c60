//! What other services know: apps from the gateway, secrets and the images that releases need from the deployer.

use crate::engine::session::SecretValues;
use events::{AppName, SecretName};
use proto::v1::app_service_client::AppServiceClient;
use proto::v1::release_service_client::ReleaseServiceClient;
use proto::v1::secret_service_client::SecretServiceClient;
use proto::v1::{
    App, GetAppRequest, ListAppsRequest, ListUsedImagesRequest, RevealSecretsRequest, UsedImage,
};
use service::internal::Internal;
use std::collections::BTreeMap;
use tonic::transport::Channel;
use tonic::{Code, Status};
use zeroize::Zeroizing;

/// As many as a page has at most.
const MANY: i32 = 500;

/// Connections to other services.
#[derive(Debug, Clone)]
pub struct Peers {
    internal: Internal,
    apps: AppServiceClient<Channel>,
    secrets: SecretServiceClient<Channel>,
    releases: ReleaseServiceClient<Channel>,
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
        let releases = ReleaseServiceClient::new(deployer.clone());
        let (apps, secrets) = (AppServiceClient::new(gateway), SecretServiceClient::new(deployer));
        Self { internal, apps, secrets, releases }
    }

    /// Where an app's repository is, and its policy if it was given one.
    pub async fn app(&self, app: &AppName) -> Result<App, PeerError> {
        let request = self.internal.request(GetAppRequest { name: proto::name::app(app) });
        let failed = |source| PeerError { service: "gateway", app: app.clone(), source };
        let answer = self.apps.clone().get_app(request).await.map_err(failed)?.into_inner();
        answer.app.ok_or_else(|| failed(Status::internal("the answer is empty")))
    }

    /// The repositories of all registered apps, by name of the app.
    pub async fn apps(&self) -> Result<BTreeMap<String, String>, Status> {
        let (mut found, mut page_token) = (BTreeMap::new(), String::new());
        loop {
            let request = self.internal.request(ListAppsRequest { page_size: MANY, page_token });
            let page = self.apps.clone().list_apps(request).await?.into_inner();
            let name = |app: &App| app.name.trim_start_matches("apps/").to_owned();
            found.extend(page.apps.into_iter().map(|app| (name(&app), app.repository)));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(found);
            }
        }
    }

    /// By digest, which release needs an image, and how.
    pub async fn used_images(&self) -> Result<BTreeMap<String, String>, Status> {
        let request = self.internal.request(ListUsedImagesRequest {});
        let answer = self.releases.clone().list_used_images(request).await?;
        let need = |image: UsedImage| (image.digest, format!("{}: {}", image.need, image.release));
        Ok(answer.into_inner().images.into_iter().map(need).collect())
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
