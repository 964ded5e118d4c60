//! What engineers do with an app besides pushing: the words for it.

use crate::{App, Socket};
use proto::v1::set_traffic_request::Mode;
use proto::v1::{
    Build, CreateChangeRequest, CreateReleaseRequest, CreateReleaseResponse, Release,
    SetSecretRequest, SetTrafficRequest, build,
};
use std::time::Duration;
use testkit::eventually;
use tonic::Status;

/// A build ends within this.
const PATIENCE: Duration = Duration::from_mins(5);

impl App<'_> {
    /// `slipway maintenance`, `pause`, `resume`.
    pub async fn set_traffic(&self, mode: Mode) {
        let name = self.parent();
        let request = SetTrafficRequest { name, mode: mode.into(), ..Default::default() };
        let answer = self.client.clone().releases.set_traffic(request).await;
        answer.expect("the router acknowledges");
    }

    /// `slipway secret set`, of the environment; its version.
    pub async fn set_secret(&self, name: &str, value: &str) -> i64 {
        let request = SetSecretRequest {
            name: format!("{}/secrets/{name}", self.parent()),
            value: value.as_bytes().to_vec(),
            ..Default::default()
        };
        let answer = self.client.clone().secrets.set_secret(request).await;
        answer.expect("the secret is set").into_inner().secret.expect("it is there").version
    }

    /// `slipway deploy --ref`.
    pub async fn deploy_ref(&self, git_ref: &str) -> Result<(), Status> {
        let request = CreateChangeRequest {
            parent: format!("apps/{}", self.name),
            git_ref: git_ref.to_owned(),
            environments: vec!["production".to_owned()],
            ..Default::default()
        };
        self.client.clone().apps.create_change(request).await.map(drop)
    }

    /// `slipway deploy --image`: the release that is made.
    pub async fn deploy_image(&self, service: &str, image: &str) -> Result<Release, Status> {
        let images = [(service.to_owned(), image.to_owned())].into();
        let answer = self.create_release(CreateReleaseRequest { images, ..Default::default() });
        Ok(answer.await?.release.expect("a release"))
    }

    /// The build of `commit`, as soon as it has ended.
    pub async fn built(&self, commit: &str) -> Build {
        use build::State::{Queued, Running};
        eventually(&format!("the build of {commit} to end"), PATIENCE, async || {
            let mut builds = self.builds().await.into_iter();
            let build = builds.find(|build| build.commit == commit)?;
            (![Queued, Running].contains(&build.state())).then_some(build)
        })
        .await
    }

    /// `slipway plan` of the manifest that is checked out.
    pub async fn plan(&self) -> Result<String, Status> {
        let manifest = std::fs::read_to_string(self.repo.path().join("slipway.yaml"));
        let manifest = manifest.expect("a manifest");
        let request = CreateReleaseRequest { manifest, validate_only: true, ..Default::default() };
        Ok(self.create_release(request).await?.plan)
    }

    async fn create_release(
        &self,
        request: CreateReleaseRequest,
    ) -> Result<CreateReleaseResponse, Status> {
        let request = CreateReleaseRequest { parent: self.parent(), ..request };
        Ok(self.client.clone().releases.create_release(request).await?.into_inner())
    }

    /// A user's WebSocket.
    pub async fn socket(&self) -> Socket {
        let host = format!("{}.localhost", self.name);
        Socket::open(self.world.traffic(), &host, "/ws").await
    }

    /// What `path` answers to users, as JSON.
    pub async fn json(&self, path: &str) -> serde_json::Value {
        let answer = self.users().get(path).await.expect("the router answers");
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }
}
