//! An app of a world and the words that stories about it are told in.

use crate::{Client, World};
use proto::v1::release::State;
use proto::v1::{
    App as Registered, Build, CreateAppRequest, GetReleaseRequest, ListBuildsRequest,
    ListReleasesRequest, Release, RollbackEnvironmentRequest,
};
use std::time::Duration;
use testkit::webhook::{self, Delivery, NO_COMMIT};
use testkit::{Answer, Http, Repo, eventually};

/// The secret of the app's webhook.
pub const WEBHOOK_SECRET: &str = "webhook-secret-of-the-app";
/// The environment that stories are about, if they do not say another.
pub(crate) const PRODUCTION: &str = "production";
/// As many as a page has at most.
const MANY: i32 = 500;
/// A build and a release end within this.
const PATIENCE: Duration = Duration::from_mins(5);

/// A registered app.
#[derive(Debug)]
pub struct App<'a> {
    /// The world it lives in.
    pub world: &'a World,
    /// Its name.
    pub name: &'static str,
    /// The environment that is looked at.
    pub environment: &'static str,
    /// Its repository.
    pub repo: &'a Repo,
    /// The administrator's client.
    pub client: Client,
}

impl<'a> App<'a> {
    pub(crate) async fn register(world: &'a World, name: &'static str, repo: &'a Repo) -> Self {
        let client = world.admin();
        let request = CreateAppRequest {
            app_id: name.to_owned(),
            app: Some(Registered {
                repository: repo.path().display().to_string(),
                default_branch: "main".to_owned(),
                ..Registered::default()
            }),
            webhook_secret: WEBHOOK_SECRET.to_owned(),
            ..CreateAppRequest::default()
        };
        client.clone().apps.create_app(request).await.expect("the app is registered");
        Self { world, name, environment: PRODUCTION, repo, client }
    }

    /// Commits everything and tells the platform as GitHub would.
    pub async fn push(&self, message: &str) -> String {
        let before = self.repo.head();
        let after = self.repo.commit(message);
        let answer =
            self.deliver(&webhook::push("refs/heads/main", &before, &after, message)).await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        after
    }

    /// Tells the platform of a tag as GitHub would.
    pub async fn push_tag(&self, tag: &str) -> Answer {
        let git_ref = format!("refs/tags/{tag}");
        self.deliver(&webhook::push(&git_ref, NO_COMMIT, &self.repo.head(), "tag")).await
    }

    /// Posts a delivery, signed.
    pub async fn deliver(&self, delivery: &Delivery) -> Answer {
        self.world.post_hook(self.name, WEBHOOK_SECRET, delivery).await
    }

    /// Users of the app's host.
    pub fn users(&self) -> Http {
        self.world.users(&format!("{}.localhost", self.name))
    }

    pub(crate) fn parent(&self) -> String {
        format!("apps/{}/environments/{}", self.name, self.environment)
    }

    /// The release with this number, as soon as there is one.
    pub async fn release(&self, number: i64) -> Release {
        let name = format!("{}/releases/{number}", self.parent());
        eventually(&format!("release {number} of {}", self.name), PATIENCE, async || {
            let request = GetReleaseRequest { name: name.clone() };
            let answer = self.client.clone().releases.get_release(request).await.ok()?;
            answer.into_inner().release
        })
        .await
    }

    /// The release with this number, as soon as it is in one of `states`.
    pub async fn release_in(&self, number: i64, states: &[State]) -> Release {
        let what = format!("release {number} of {} to be {states:?}", self.name);
        eventually(&what, PATIENCE, async || {
            let release = self.release(number).await;
            states.contains(&release.state()).then_some(release)
        })
        .await
    }

    /// The release with this number, live.
    pub async fn live(&self, number: i64) -> Release {
        let ends = [State::Live, State::Failed, State::RolledBack, State::Cancelled, State::Stuck];
        let release = self.release_in(number, &ends).await;
        assert_eq!(release.state(), State::Live, "{:?}", release.failure);
        release
    }

    /// All releases, the newest first.
    pub async fn releases(&self) -> Vec<Release> {
        let request = ListReleasesRequest {
            parent: self.parent(),
            page_size: MANY,
            ..ListReleasesRequest::default()
        };
        let answer = self.client.clone().releases.list_releases(request).await;
        answer.expect("a list of releases").into_inner().releases
    }

    /// All builds, the newest first.
    pub async fn builds(&self) -> Vec<Build> {
        let parent = format!("apps/{}", self.name);
        let request = ListBuildsRequest { parent, ..ListBuildsRequest::default() };
        let answer = self.client.clone().builds.list_builds(request).await;
        answer.expect("a list of builds").into_inner().builds
    }

    /// The newest build, as soon as it is in `state`.
    pub async fn build_in(&self, state: proto::v1::build::State) -> Build {
        eventually(&format!("the newest build to be {state:?}"), PATIENCE, async || {
            self.builds().await.into_iter().next().filter(|build| build.state() == state)
        })
        .await
    }

    /// `slipway rollback`.
    pub async fn rollback(&self, number: i64) -> Result<Release, tonic::Status> {
        let request = RollbackEnvironmentRequest {
            name: self.parent(),
            number,
            request_id: uuid::Uuid::new_v4().to_string(),
            reason: "the story wants it".to_owned(),
            confirm_irreversible: false,
        };
        let answer = self.client.clone().releases.rollback_environment(request).await?;
        Ok(answer.into_inner().release.expect("a release"))
    }

    /// `slipway cancel` of a release.
    pub async fn cancel(&self, number: i64) -> Result<(), tonic::Status> {
        let name = format!("{}/releases/{number}", self.parent());
        let request = proto::v1::CancelReleaseRequest { name, ..Default::default() };
        self.client.clone().releases.cancel_release(request).await.map(drop)
    }

    /// Makes the chameleon behave so, pushes it, and waits until the release with this number is live.
    pub async fn ship(&self, behaviour: &serde_json::Value, number: i64) -> Release {
        crate::fixture::behave(self.repo, behaviour);
        self.ship_commit(number).await
    }

    /// Pushes what was written, and waits until the release with this number is live.
    pub async fn ship_commit(&self, number: i64) -> Release {
        let build = self.built(&self.push("Ship").await).await;
        assert_eq!(build.state(), proto::v1::build::State::Succeeded, "{:?}", build.failure);
        self.live(number).await
    }

    /// The version that users see.
    pub async fn version(&self) -> String {
        let answer = self.users().get("/").await.expect("the router answers");
        let version = answer.json().get("version").and_then(|v| v.as_str()).map(str::to_owned);
        version.unwrap_or_else(|| format!("{} {}", answer.status, answer.text()))
    }
}
