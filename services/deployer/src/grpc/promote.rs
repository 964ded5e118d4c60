//! `PromoteRelease`: a person vouches for a share of traffic that is held.

use super::read::{database, find, show};
use crate::app::App;
use crate::db::command;
use proto::v1::{PromoteReleaseRequest, PromoteReleaseResponse};
use release::Input;
use service::grpc::{replay, status};
use service::principal::{Principal, Role};
use tonic::{Request, Status};

/// Asks the driver to go on; the answer is the release as it was asked.
pub(super) async fn promote(
    app: &App,
    request: Request<PromoteReleaseRequest>,
) -> Result<PromoteReleaseResponse, Status> {
    let principal = Principal::of(&request)?;
    let request = request.into_inner();
    let found = find(app, &principal, &request.name, Role::Deployer).await?;
    let answer = PromoteReleaseResponse { release: Some(show(app, &found).await?) };
    let mut transaction = app.pool.begin().await.map_err(database)?;
    let before =
        replay::answered(&mut transaction, crate::NAME, &request.request_id, &request).await?;
    if let Some(answer) = before {
        return Ok(answer);
    }
    // Said at once when nothing is held; else the driver decides, in its order.
    let Some(step) = found.state.held() else {
        let (number, state) = (found.number, found.state.name());
        let message = format!("release {number} is {state} and holds no share of traffic");
        return Err(status::precondition("NOTHING_HELD", message));
    };
    let input = Input::Promote { by: principal.name.clone(), step };
    command::enqueue(&mut transaction, found.id, &input).await.map_err(database)?;
    replay::record(&mut transaction, crate::NAME, &request.request_id, &request, &answer).await?;
    transaction.commit().await.map_err(database)?;
    app.changed();
    Ok(answer)
}
