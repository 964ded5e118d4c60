//! Whose word counts about an environment when somebody sends a manifest: that of the default branch, as for
//! pushes. A manifest that is sent is shape only, unless an admin sends it.

use crate::app::App;
use crate::built;
use events::{AppName, EnvironmentName};
use manifest::Manifest;
use proto::v1::CreateReleaseRequest;
use service::grpc::status;
use service::principal::{Principal, Role};
use tonic::Status;

type Place<'a> = (&'a AppName, &'a EnvironmentName);

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
    let newest = built::newest(app, place.0).await.map_err(|status| away(&status))?;
    let Some(build) = newest else {
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

/// Why the builder does not tell, for a client.
pub(super) fn away(status: &Status) -> Status {
    tracing::warn!(error = status as &dyn std::error::Error, "ask the builder for a policy");
    status::unavailable(
        "BUILDER_AWAY",
        "the builder does not tell the policy of the default branch",
    )
}
