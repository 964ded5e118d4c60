//! An engineer who asks the API what became of a push.

use super::Platform;
use super::team::APP;
use crate::Client;
use anyhow::{Context, Result};
use proto::v1::{Build, GetReleaseRequest, ListBuildsRequest, ListReleasesRequest, Release};
use std::time::{Duration, Instant};
use tonic::{Code, Response, Status};

/// Pause between two questions when nobody is there.
const AGAIN: Duration = Duration::from_millis(100);
/// Somebody is there again within this.
const PATIENCE: Duration = Duration::from_secs(30);

/// The environment that users ask.
pub(super) const ENVIRONMENT: &str = "production";

/// An engineer with the administrator's token.
#[derive(Debug)]
pub(super) struct Engineer {
    client: Client,
}

impl Engineer {
    /// An engineer of `platform`.
    pub(super) fn new(platform: &Platform) -> Result<Self> {
        let token = platform.token()?;
        Ok(Self { client: Client::new(platform.address("api")?, Some(&token)) })
    }

    /// The build of a commit, once there is one.
    pub(super) async fn build(&self, commit: &str) -> Result<Option<Build>> {
        let parent = proto::name::app(APP);
        let question = ListBuildsRequest { parent, ..ListBuildsRequest::default() };
        let answer = self.client.clone().builds.list_builds(question).await;
        let builds = answer.context("list builds")?.into_inner().builds;
        Ok(builds.into_iter().find(|build| build.commit == commit))
    }

    /// All releases, the newest first.
    pub(super) async fn releases(&self) -> Result<Vec<Release>> {
        self.releases_in(ENVIRONMENT).await
    }

    /// All releases of an environment, the newest first.
    pub(super) async fn releases_in(&self, environment: &str) -> Result<Vec<Release>> {
        let parent = proto::name::environment(APP, environment);
        let question = ListReleasesRequest { parent, ..ListReleasesRequest::default() };
        let answer =
            patiently(async || self.client.clone().releases.list_releases(question.clone()).await);
        Ok(answer.await.context("list releases")?.into_inner().releases)
    }

    /// A release with everything that is known of it.
    pub(super) async fn release(&self, name: &str) -> Result<Release> {
        let question = GetReleaseRequest { name: name.to_owned() };
        let answer =
            patiently(async || self.client.clone().releases.get_release(question.clone()).await);
        answer
            .await
            .context("get a release")?
            .into_inner()
            .release
            .context("no release was answered")
    }
}

/// Asks again for a while when nobody is there: a service that was killed is back in seconds.
async fn patiently<A>(
    ask: impl AsyncFn() -> Result<Response<A>, Status>,
) -> Result<Response<A>, Status> {
    let begun = Instant::now();
    loop {
        match ask().await {
            Err(status) if status.code() == Code::Unavailable && begun.elapsed() < PATIENCE => {
                tokio::time::sleep(AGAIN).await;
            }
            answered => return answered,
        }
    }
}
