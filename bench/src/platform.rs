//! The platform as engineers use it: apps, releases of images, and what became of them.

use crate::engine::{Engine, tar};
use anyhow::{Context, Result, ensure};
use proto::v1::release::State;
use proto::v1::{
    App, CreateAppRequest, CreateReleaseRequest, GetReleaseRequest, Release,
    RollbackEnvironmentRequest,
};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::{Duration, SystemTime};
use stories::{Client, World, fixture};
use testkit::Repo;

/// From one look at a release to the next; what is measured is not by these looks.
const LOOK: Duration = Duration::from_millis(100);
/// A release ends within this.
const PATIENCE: Duration = Duration::from_mins(2);
/// The service of the chameleon's manifest.
const SERVICE: &str = "web";

/// A running platform, and the engine beside it.
pub(crate) struct Platform {
    pub(crate) world: World,
    pub(crate) engine: Engine,
    pub(crate) client: Client,
    registry: String,
}

impl Platform {
    /// Starts all services.
    pub(crate) async fn start() -> Result<Self> {
        let world = World::start().await;
        let infra = world.infra();
        let engine = Engine::at(&infra.docker_host, world.platform())?;
        let registry = format!("{}/{}", infra.registry, world.platform());
        let client = world.admin();
        Ok(Self { world, engine, client, registry })
    }

    /// A repository of this platform's registry.
    pub(crate) fn repository(&self, name: &str) -> String {
        format!("{}/{name}", self.registry)
    }

    /// The chameleon as an image that says it is `version`; `repository@digest`.
    pub(crate) async fn image(&self, version: &str) -> Result<String> {
        self.chameleon(version, &json!({ "version": version })).await
    }

    /// The chameleon as an image that behaves so, by the tag `version`; `repository@digest`.
    pub(crate) async fn chameleon(&self, version: &str, behaviour: &Value) -> Result<String> {
        let repo = Repo::init();
        repo.copy(&fixture::example("chameleon"));
        fixture::behave(&repo, behaviour);
        let (repository, context) = (self.repository("chameleon"), tar(repo.path()).await?);
        self.engine.build(context, &format!("{repository}:{version}"), "").await?;
        let digest = self.engine.push(&repository, version).await?;
        Ok(format!("{repository}@{digest}"))
    }

    /// Registers an app.
    pub(crate) async fn register(&self, app: &str, repo: &Repo) -> Result<()> {
        let request = CreateAppRequest {
            app_id: app.to_owned(),
            app: Some(App {
                repository: repo.path().display().to_string(),
                default_branch: "main".to_owned(),
                ..App::default()
            }),
            ..CreateAppRequest::default()
        };
        self.client.clone().apps.create_app(request).await.context("registering an app")?;
        Ok(())
    }

    /// `slipway deploy --image`; the number of the release.
    pub(crate) async fn deploy(&self, manifest: &Manifest<'_>, image: &str) -> Result<i64> {
        let request = CreateReleaseRequest {
            parent: parent(manifest.app),
            images: HashMap::from([(SERVICE.to_owned(), image.to_owned())]),
            manifest: manifest.to_string(),
            request_id: service::new_id().to_string(),
            ..CreateReleaseRequest::default()
        };
        let made = self.client.clone().releases.create_release(request).await;
        let release = made.context("deploying an image")?.into_inner().release;
        Ok(release.context("no release in the answer")?.number)
    }

    /// `slipway rollback`; the number of the release that goes back.
    pub(crate) async fn rollback(&self, app: &str) -> Result<i64> {
        let request = RollbackEnvironmentRequest {
            name: parent(app),
            request_id: service::new_id().to_string(),
            reason: "measured".to_owned(),
            ..RollbackEnvironmentRequest::default()
        };
        let asked = self.client.clone().releases.rollback_environment(request).await;
        let release = asked.context("asking for the release before")?.into_inner().release;
        Ok(release.context("no release in the answer")?.number)
    }

    /// The release, as soon as it is in `state`; an error when it ends otherwise.
    pub(crate) async fn until(&self, app: &str, number: i64, state: State) -> Result<Release> {
        let name = format!("{}/releases/{number}", parent(app));
        let look = async {
            loop {
                let request = GetReleaseRequest { name: name.clone() };
                let found = self.client.clone().releases.get_release(request).await;
                // Until the build has ended there is none.
                let release = found.ok().and_then(|answer| answer.into_inner().release);
                if let Some(release) = release {
                    if release.state() == state {
                        return Ok(release);
                    }
                    let (now, why) = (release.state(), &release.failure);
                    ensure!(
                        release.end_time.is_none(),
                        "{name} is {now:?}, not {state:?}: {why:?}"
                    );
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, look).await;
        found.with_context(|| format!("{name} is not {state:?} in {} s", PATIENCE.as_secs()))?
    }
}

/// The name of the one environment of `app`.
pub(crate) fn parent(app: &str) -> String {
    format!("apps/{app}/environments/production")
}

/// The host users ask for.
pub(crate) fn host(app: &str) -> String {
    format!("{app}.localhost")
}

/// The strategy of most.
pub(crate) const BLUE_GREEN: &str = "blue_green";

/// What is different between the manifests of the benchmarks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manifest<'a> {
    pub(crate) app: &'a str,
    pub(crate) strategy: &'a str,
    pub(crate) bake: &'a str,
    /// Part of the environment, so that each release is another one, with containers of its own.
    pub(crate) number: usize,
}

impl std::fmt::Display for Manifest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { app, strategy, bake, number } = self;
        let host = host(app);
        write!(
            f,
            "\
version: 1
app: {app}
services:
  {SERVICE}:
    build: {{ context: . }}
    http: {{ port: 8000 }}
    env: {{ NUMBER: \"{number}\" }}
    health:
      ready: {{ get: /ready, initial_delay: 0s, period: 1s, timeout: 1s, failures: 2 }}
      start_period: 2s
      gate: 20s
    stop: {{ drain: 5s, grace: 5s }}
environments:
  production:
    track: {{ branch: main }}
    host: {host}
    strategy: {strategy}
    bake: {bake}
"
        )
    }
}

/// When it was on the wall's clock.
pub(crate) fn instant(at: Option<&prost_types::Timestamp>) -> Result<SystemTime> {
    let at = at.context("a time is missing")?;
    SystemTime::try_from(*at).context("a time that is none")
}
