//! `GetCi`: what the forge's CI says of a commit.

use super::read::{app_name, database, must_see};
use crate::app::App;
use crate::ci::{self, Verdict};
use events::CommitSha;
use proto::v1::get_ci_response::State;
use proto::v1::{GetCiRequest, GetCiResponse};
use service::grpc::status;
use service::principal::Principal;
use tonic::Status;

/// Names that can be required: a release waits for a few.
const MOST: usize = 100;

pub(super) async fn get(
    app: &App,
    principal: &Principal,
    request: GetCiRequest,
) -> Result<GetCiResponse, Status> {
    let name = app_name("parent", &request.parent)?;
    must_see(principal, &name)?;
    let commit = CommitSha::parse(&request.commit)
        .map_err(|error| status::invalid("commit", error.to_string()))?;
    if request.required.len() > MOST {
        return Err(status::invalid("required", format!("name at most {MOST}")));
    }
    let found = ci::look(app, &name, &commit, &request.required).await.map_err(database)?;
    let (state, message) = match found.ok_or_else(|| status::not_found("app", &name))? {
        Verdict::Pending(why) => (State::Pending, why),
        Verdict::Green(why) => (State::Green, why),
        Verdict::Red(why) => (State::Red, why),
        Verdict::Unknown(why) => (State::Unknown, why),
    };
    Ok(GetCiResponse { state: state.into(), message })
}
