//! `CancelRelease`: a person ends a release that is under way.

use super::read::{database, find, show};
use crate::app::App;
use crate::db::command;
use proto::v1::{CancelReleaseRequest, CancelReleaseResponse};
use release::{Input, Refused};
use service::grpc::{replay, status};
use service::principal::{Principal, Role};
use tonic::{Request, Status};

/// Asks the driver to end it; the answer is the release as it was asked.
pub(super) async fn cancel(
    app: &App,
    request: Request<CancelReleaseRequest>,
) -> Result<CancelReleaseResponse, Status> {
    let principal = Principal::of(&request)?;
    let request = request.into_inner();
    let found = find(app, &principal, &request.name, Role::Deployer).await?;
    let answer = CancelReleaseResponse { release: Some(show(app, &found).await?) };
    let mut transaction = app.pool.begin().await.map_err(database)?;
    let before =
        replay::answered(&mut transaction, crate::NAME, &request.request_id, &request).await?;
    if let Some(answer) = before {
        return Ok(answer);
    }
    let input = Input::Cancel { by: principal.name.clone() };
    // Said at once when it is too late; else the driver decides, in its order.
    if let Err(refused) = release::step(&found.plan, &found.state, input.clone()) {
        let reason = if refused == Refused::Irreversible { "IRREVERSIBLE" } else { "NOT_NOW" };
        return Err(status::precondition(reason, refused.to_string()));
    }
    command::enqueue(&mut transaction, found.id, &input).await.map_err(database)?;
    replay::record(&mut transaction, crate::NAME, &request.request_id, &request, &answer).await?;
    transaction.commit().await.map_err(database)?;
    app.changed();
    Ok(answer)
}
