//! `UnpinRelease`: content that was rolled back may be released again.

use super::read::{database, find, show};
use crate::app::App;
use crate::db::release::{self, Release};
use proto::v1::{UnpinReleaseRequest, UnpinReleaseResponse};
use service::grpc::replay;
use service::principal::{Principal, Role};
use tonic::{Request, Status};

/// Takes the pin off every release with this content.
pub(super) async fn unpin(
    app: &App,
    request: Request<UnpinReleaseRequest>,
) -> Result<UnpinReleaseResponse, Status> {
    let principal = Principal::of(&request)?;
    let request = request.into_inner();
    let found = find(app, &principal, &request.name, Role::Deployer).await?;
    let found = Release { pinned: false, ..found };
    let answer = UnpinReleaseResponse { release: Some(show(app, &found).await?) };
    let mut transaction = app.pool.begin().await.map_err(database)?;
    let before =
        replay::answered(&mut transaction, crate::NAME, &request.request_id, &request).await?;
    if let Some(answer) = before {
        return Ok(answer);
    }
    let place = (&found.app, &found.environment);
    release::set_pinned(&mut transaction, place, &found.content_hash, false)
        .await
        .map_err(database)?;
    replay::record(&mut transaction, crate::NAME, &request.request_id, &request, &answer).await?;
    transaction.commit().await.map_err(database)?;
    Ok(answer)
}
