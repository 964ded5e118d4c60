//! `CollectReleases`: frees the engine of what releases left, or says what it would remove. `ListUsedImages`: which
//! images must stay, for whoever clears disks.

use super::read::database;
use crate::app::App;
use crate::collect::{Item, Kind, collect};
use crate::db::list;
use crate::docker::EngineError;
use proto::v1::{
    self, CollectReleasesRequest, CollectReleasesResponse, CollectedItem, ListUsedImagesRequest,
    ListUsedImagesResponse, UsedImage,
};
use service::grpc::{replay, status};
use service::principal::{Principal, Role};
use tonic::{Request, Status};

/// Looks, and removes unless only asked what would go.
pub(super) async fn run(
    app: &App,
    request: Request<CollectReleasesRequest>,
) -> Result<CollectReleasesResponse, Status> {
    Principal::of(&request)?.require(Role::Admin, None, None)?;
    let request = request.into_inner();
    let id = &request.request_id;
    // No connection is held meanwhile: it takes as long as the engine does.
    let mut connection = app.pool.acquire().await.map_err(database)?;
    if let Some(answer) = replay::answered(&mut connection, crate::NAME, id, &request).await? {
        return Ok(answer);
    }
    drop(connection);
    let items = Box::pin(collect(app, !request.validate_only)).await;
    let items = items.map_err(|error| away(&error))?;
    let answer = CollectReleasesResponse { items: items.into_iter().map(wire).collect() };
    let mut connection = app.pool.acquire().await.map_err(database)?;
    replay::record(&mut connection, crate::NAME, id, &request, &answer).await?;
    Ok(answer)
}

fn away(error: &anyhow::Error) -> Status {
    if let Some(error) = error.downcast_ref::<sqlx::Error>() {
        return status::database(error);
    }
    let is_engine = error.downcast_ref::<EngineError>().is_some();
    let reason = if is_engine { "ENGINE_AWAY" } else { "SERVICE_AWAY" };
    status::unavailable(reason, service::chain(&**error))
}

fn wire(item: Item) -> CollectedItem {
    let kind = match item.kind {
        Kind::Container => v1::collected_item::Kind::Container,
        Kind::Network => v1::collected_item::Kind::Network,
        Kind::Volume => v1::collected_item::Kind::Volume,
    };
    CollectedItem {
        kind: kind.into(),
        name: item.name,
        id: item.id,
        size_bytes: item.size.and_then(|bytes| bytes.try_into().ok()).unwrap_or_default(),
        removed: item.verdict.goes,
        reason: item.verdict.reason,
    }
}

/// The digests of all releases that run, move, or can be gone back to, and of those that are pinned.
pub(super) async fn used_images(
    app: &App,
    request: &Request<ListUsedImagesRequest>,
) -> Result<ListUsedImagesResponse, Status> {
    Principal::of(request)?.require(Role::Admin, None, None)?;
    let used = list::used_images(&app.pool).await.map_err(database)?;
    let image = |used: list::UsedImage| UsedImage {
        digest: used.digest,
        release: proto::name::release(used.app, used.environment, used.number),
        need: used.need,
    };
    Ok(ListUsedImagesResponse { images: used.into_iter().map(image).collect() })
}
