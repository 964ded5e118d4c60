//! `CollectBuilds`: frees disks of what builds left, or says what it would free.

use super::database;
use crate::app::{App, SERVICE};
use crate::collect::{CollectError, Item, Kind, collect};
use proto::v1::{self, CollectBuildsRequest, CollectBuildsResponse, CollectedItem};
use service::grpc::{replay, status};
use service::principal::{Principal, Role};
use tonic::{Request, Status};

pub(super) async fn run(
    app: &App,
    request: Request<CollectBuildsRequest>,
) -> Result<CollectBuildsResponse, Status> {
    let principal = Principal::of(&request)?;
    principal.require(Role::Admin, None, None)?;
    let request = request.into_inner();
    // No connection is held meanwhile: it takes as long as the engine does.
    let mut connection = app.pool.acquire().await.map_err(database)?;
    let id = &request.request_id;
    if let Some(answer) = replay::answered(&mut connection, SERVICE, id, &request).await? {
        return Ok(answer);
    }
    drop(connection);
    let items = collect(app, !request.validate_only).await.map_err(|error| away(&error))?;
    let answer = CollectBuildsResponse { items: items.into_iter().map(wire).collect() };
    let mut connection = app.pool.acquire().await.map_err(database)?;
    replay::record(&mut connection, SERVICE, id, &request, &answer).await?;
    Ok(answer)
}

fn wire(item: Item) -> CollectedItem {
    let kind = match item.kind {
        Kind::Image => v1::collected_item::Kind::Image,
        Kind::RegistryImage => v1::collected_item::Kind::RegistryImage,
        Kind::Mirror => v1::collected_item::Kind::Mirror,
        Kind::Log => v1::collected_item::Kind::BuildLog,
        Kind::BuildCache => v1::collected_item::Kind::BuildCache,
    };
    CollectedItem {
        kind: kind.into(),
        name: item.name,
        id: item.id,
        size_bytes: item.size,
        removed: item.removed,
        reason: item.reason,
    }
}

fn away(error: &CollectError) -> Status {
    match error {
        CollectError::Rows(error) => status::database(error),
        CollectError::Peer { .. } => status::unavailable("SERVICE_AWAY", service::chain(error)),
        CollectError::Engine(_) => status::unavailable("ENGINE_AWAY", service::chain(error)),
    }
}
