//! Whose word counts about an environment when somebody sends a manifest: that of the default branch, as for
//! pushes. A manifest that is sent is shape only, unless an admin sends it.

use crate::app::App;
use events::{AppName, EnvironmentName};
use manifest::Manifest;
use proto::v1::build::State;
use proto::v1::{Build, CreateReleaseRequest, GetBuildRequest, ListBuildsRequest};
use service::grpc::status;
use service::principal::{Principal, Role};
use tonic::Status;

type Place<'a> = (&'a AppName, &'a EnvironmentName);

/// How far back a build is looked for.
const BUILDS: i32 = 100;

/// The policy of the default branch, as the newest build that succeeded knew it; nothing when the manifest that
/// was sent speaks for itself.
pub(super) async fn of(
    app: &App,
    principal: &Principal,
    place: Place<'_>,
    request: &CreateReleaseRequest,
) -> Result<Option<Manifest>, Status> {
    let speaks_for_itself = principal.may(Role::Admin, Some(place.0), Some(place.1));
    if request.manifest.is_empty() || speaks_for_itself {
        return Ok(None);
    }
    let Some(build) = newest(app, place).await? else {
        return if request.validate_only { Ok(None) } else { Err(unknown(principal, place)) };
    };
    let policy = manifest::parse(&build.policy).map_err(|error| {
        let message = format!("the policy of the default branch cannot be read: {error}");
        status::precondition("NO_CONFIGURATION", message)
    })?;
    Ok(Some(policy))
}

fn unknown(principal: &Principal, (app, environment): Place<'_>) -> Status {
    status::denied(format!(
        "{} needs the role admin in {app}/{environment} to release a manifest before a build has brought the \
         policy of the default branch",
        principal.name
    ))
}

async fn newest(app: &App, place: Place<'_>) -> Result<Option<Build>, Status> {
    let request = ListBuildsRequest {
        parent: proto::name::app(place.0),
        page_size: BUILDS,
        ..ListBuildsRequest::default()
    };
    let builds = app.builder.clone().list_builds(app.internal.request(request)).await;
    let builds = builds.map_err(|status| away(&status))?.into_inner().builds;
    let Some(newest) = builds.into_iter().find(|build| build.state() == State::Succeeded) else {
        return Ok(None);
    };
    let request = app.internal.request(GetBuildRequest { name: newest.name });
    let build = app.builder.clone().get_build(request).await.map_err(|status| away(&status))?;
    Ok(build.into_inner().build)
}

fn away(status: &Status) -> Status {
    tracing::warn!(error = status as &dyn std::error::Error, "ask the builder for a policy");
    status::unavailable(
        "BUILDER_AWAY",
        "the builder does not tell the policy of the default branch",
    )
}
