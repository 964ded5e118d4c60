//! `GetCandidate`: how a person asks the release that has a share of the traffic beside the live one.

use super::name;
use super::read::{database, show};
use crate::app::App;
use crate::db::{environment, release};
use proto::v1::{GetCandidateRequest, GetCandidateResponse};
use service::grpc::status;
use service::principal::{Principal, Role};
use tonic::{Request, Status};

/// The router sends a request with this header and the environment's token to the candidate.
const HEADER: &str = "slipway-candidate";

/// The header, its value, and the hosts to send it to.
pub(super) async fn get(
    app: &App,
    request: Request<GetCandidateRequest>,
) -> Result<GetCandidateResponse, Status> {
    let principal = Principal::of(&request)?;
    let name = request.into_inner().name;
    let place = name::environment("name", &name)?;
    principal.require(Role::Deployer, Some(&place.0), Some(&place.1))?;
    let place = (&place.0, &place.1);
    let environment = environment::find(&app.pool, place).await.map_err(database)?;
    let environment = environment.ok_or_else(|| status::not_found("environment", &name))?;
    let none = || {
        let message = format!(
            "no release of {}/{} has a share of the traffic beside the live one; a candidate can be asked from \
             its first share on, until it has all",
            place.0, place.1
        );
        status::precondition("NO_CANDIDATE", message)
    };
    let [_, .., candidate] = environment.traffic.shares.as_slice() else { return Err(none()) };
    let release = release::get(&app.pool, candidate.release).await.map_err(database)?;
    let release = release.ok_or_else(none)?;
    Ok(GetCandidateResponse {
        header: HEADER.to_owned(),
        token: environment.candidate_token,
        hosts: release.content.resolved.hosts.iter().map(ToString::to_string).collect(),
        release: Some(show(app, &release).await?),
    })
}
