//! What the builder knows of what it built: asked by its contract, also when the repository does not answer.

use crate::app::App;
use events::{AppName, BuildId};
use manifest::Manifest;
use proto::v1::build::State;
use proto::v1::{Build, GetBuildRequest, ListBuildsRequest};
use tonic::Status;

/// How far back a build is looked for.
const BUILDS: i32 = 100;

/// What a commit says, and the policy that it stands under.
#[derive(Debug)]
pub(crate) struct Manifests {
    /// The manifest of the commit.
    pub(crate) shape: Manifest,
    /// The policy of the default branch, as the newest build that succeeded knew it.
    pub(crate) policy: Manifest,
}

/// Why it is not known what something was built from.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BuiltError {
    /// The builder does not answer, or does not know.
    #[error("ask the builder")]
    Ask(#[from] Box<Status>),
    /// The answer makes no sense here.
    #[error("build {build} as the builder tells it: {what}")]
    Answer { build: String, what: String },
}

/// The manifests of what `build` made, with the newest policy there is.
pub(crate) async fn manifests(
    app: &App,
    name: &AppName,
    build: BuildId,
) -> Result<Manifests, BuiltError> {
    let built = get(app, format!("builds/{build}")).await.map_err(Box::new)?;
    let built = built.ok_or_else(|| BuiltError::Answer {
        build: build.to_string(),
        what: "no build in the answer".to_owned(),
    })?;
    let newest = newest(app, name).await.map_err(Box::new)?;
    let policy = newest.as_ref().unwrap_or(&built);
    let parse = |build: &Build, text: &str| {
        manifest::parse(text).map_err(|error| BuiltError::Answer {
            build: build.name.clone(),
            what: error.to_string(),
        })
    };
    Ok(Manifests { shape: parse(&built, &built.manifest)?, policy: parse(policy, &policy.policy)? })
}

/// The build with this name.
pub(crate) async fn get(app: &App, name: String) -> Result<Option<Build>, Status> {
    let request = app.internal.request(GetBuildRequest { name });
    Ok(app.builder.clone().get_build(request).await?.into_inner().build)
}

/// The newest build of an app that succeeded.
pub(crate) async fn newest(app: &App, name: &AppName) -> Result<Option<Build>, Status> {
    let request = ListBuildsRequest {
        parent: proto::name::app(name),
        page_size: BUILDS,
        ..ListBuildsRequest::default()
    };
    let builds = app.builder.clone().list_builds(app.internal.request(request)).await?;
    let builds = builds.into_inner().builds;
    match builds.into_iter().find(|build| build.state() == State::Succeeded) {
        Some(newest) => get(app, newest.name).await,
        None => Ok(None),
    }
}
