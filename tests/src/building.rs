//! The words for builds.

use crate::App;
use proto::v1::build::State;
use proto::v1::{
    Build, CancelBuildRequest, Change, CreateChangeRequest, Release, ServiceBuild,
    WatchBuildLogRequest,
};
use std::time::Duration;
use testkit::eventually;

/// A build gets anywhere within this.
const PATIENCE: Duration = Duration::from_mins(5);

impl App<'_> {
    /// `slipway deploy`: a change of the head of the default branch, because a person wants it.
    pub async fn deploy(&self) -> Change {
        let request = CreateChangeRequest {
            parent: format!("apps/{}", self.name),
            request_id: uuid::Uuid::new_v4().to_string(),
            ..CreateChangeRequest::default()
        };
        let answer = self.client.clone().apps.create_change(request).await;
        answer.expect("a change").into_inner().change.expect("a change")
    }

    /// The newest build.
    pub async fn newest_build(&self) -> Build {
        self.builds().await.into_iter().next().expect("a build")
    }

    /// The build of `commit`, as soon as it has ended.
    pub async fn build_of(&self, commit: &str) -> Build {
        eventually(&format!("the build of {commit} to end"), PATIENCE, async || {
            let builds = self.builds().await;
            builds.into_iter().find(|build| build.commit == commit && build.end_time.is_some())
        })
        .await
    }

    /// How the builds ended or go, the oldest first.
    pub async fn states_of_builds(&self) -> Vec<State> {
        self.builds().await.iter().rev().map(Build::state).collect()
    }

    /// `slipway cancel` of the newest build.
    pub async fn cancel_build(&self) {
        let name = self.newest_build().await.name;
        let request = CancelBuildRequest { name, request_id: uuid::Uuid::new_v4().to_string() };
        self.client.clone().builds.cancel_build(request).await.expect("it can be cancelled");
    }

    /// Waits until the log of the newest build has `words`.
    pub async fn build_says(&self, words: &str) {
        eventually(&format!("a build to say {words:?}"), PATIENCE, async || {
            let log = self.log_of(self.builds().await.first()?).await;
            log.contains(words).then_some(())
        })
        .await;
    }

    /// The log of a build so far.
    pub async fn log_of(&self, build: &Build) -> String {
        let request = WatchBuildLogRequest { name: build.name.clone(), offset: 0, follow: false };
        let answer = self.client.clone().builds.watch_build_log(request).await;
        let mut stream = answer.expect("a log").into_inner();
        let mut lines = Vec::new();
        while let Some(part) = stream.message().await.expect("a part of the log") {
            lines.extend(part.lines);
        }
        lines.join("\n")
    }
}

/// The services that were built, not reused.
pub fn built(build: &Build) -> Vec<&str> {
    let new = build.services.iter().filter(|service| !service.reused);
    new.map(|service: &ServiceBuild| service.service.as_str()).collect()
}

/// The digest of one service of a release.
pub fn digest<'a>(release: &'a Release, service: &str) -> &'a str {
    let found = release.services.iter().find(|released| released.service == service);
    let image = found.and_then(|released| released.image.as_ref());
    &image.expect("a service with an image").digest
}
