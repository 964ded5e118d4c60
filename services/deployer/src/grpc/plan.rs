//! `CreateRelease` with `validate_only`: what would happen, and what of that can be seen before it does.

use super::create::image;
use super::read::database;
use crate::app::App;
use crate::db::release::Release;
use crate::db::{claim, promotion, route_claim, secret};
use crate::promotion::told;
use crate::spec::Place;
use crate::{look_at_images, room, routes};
use events::ServiceName;
use events::payload::ImageV1;
use manifest::{Plan, Resolved};
use proto::v1::{CreateReleaseRequest, CreateReleaseResponse};
use service::grpc::status;
use tonic::Status;

/// What would happen.
pub(super) async fn plan(
    app: &App,
    request: &CreateReleaseRequest,
    resolved: &Resolved,
    live: Option<&Release>,
) -> Result<CreateReleaseResponse, Status> {
    let mut plan = manifest::plan(resolved, live.map(|live| &live.content.resolved));
    let taken = route_claim::taken(&app.pool, resolved).await.map_err(database)?;
    plan.refused.extend(routes::refused(&taken).map(|failure| failure.to_string()));
    let now = claim::now(&app.pool).await.map_err(database)?;
    plan.frozen = manifest::closed(&resolved.freeze, now).map(|closed| closed.to_string());
    plan.promoted = promoted(app, resolved).await.map_err(database)?;
    look_at_readings(app, resolved, &mut plan).await?;
    look_at_room(app, resolved, &mut plan).await;
    look_at_images(app, request, (resolved, live), &mut plan).await?;
    let plan_json = serde_json::to_string(&plan).map_err(|error| status::internal(&error))?;
    Ok(CreateReleaseResponse { release: None, plan: plan.to_string(), plan_json })
}

/// What comes by promotion, where something does.
async fn promoted(app: &App, resolved: &Resolved) -> Result<Option<String>, sqlx::Error> {
    let Some(from) = &resolved.promote_from else { return Ok(None) };
    let all = promotion::lived(&app.pool, (&resolved.app, &from.environment), None).await?;
    let is_done = match all.iter().find(|lived| lived.is_live) {
        Some(live) => {
            let here = (&resolved.app, &resolved.environment);
            promotion::was_promoted(&app.pool, live.id, here).await?
        }
        None => false,
    };
    Ok(Some(told(from, &all, is_done)))
}

/// Whether what will be read can be asked for.
async fn look_at_readings(app: &App, resolved: &Resolved, plan: &mut Plan) -> Result<(), Status> {
    let environment = resolved.environment.as_str();
    let current = secret::current(&app.pool, &resolved.app, environment).await;
    let current = current.map_err(database)?;
    let readings = resolved.strategy.analysis().into_iter().flat_map(|analysis| &analysis.readings);
    for (name, reading) in readings {
        let secret = reading.source.authorization();
        if let Some(secret) = secret.filter(|secret| !current.contains_key(secret.as_str())) {
            plan.remarks.push(format!(
                "reading {name} is asked for with the secret {secret}, which is not set: it would tell nothing"
            ));
        }
    }
    Ok(())
}

/// Whether the machine has room for the old and the new together, as things are.
async fn look_at_room(app: &App, resolved: &Resolved, plan: &mut Plan) {
    let Ok(there) = app.engine.capacity().await else {
        plan.remarks
            .push("the engine does not answer: room and images were not looked at".to_owned());
        return;
    };
    let [surely, at_most] = room::wanted(resolved, plan, app.disk_floor);
    if let Some(failure) = room::refused(&there, surely) {
        plan.refused.push(failure.to_string());
    } else if let Some(failure) = room::refused(&there, at_most) {
        plan.remarks.push(format!("if every image changed, {failure}"));
    }
}

/// What the images that are here say of themselves; those that are not are pulled by the release.
async fn look_at_images(
    app: &App,
    request: &CreateReleaseRequest,
    (resolved, live): (&Resolved, Option<&Release>),
    plan: &mut Plan,
) -> Result<(), Status> {
    let place = Place {
        platform: app.platform.to_string(),
        app: resolved.app.clone(),
        environment: resolved.environment.clone(),
    };
    for (name, service) in &resolved.services {
        let Some(image) = image_of(request, live, name)? else { continue };
        let image = format!("{}@{}", image.repository, image.digest);
        plan.remarks.extend(look_at_images::remarks(app, &place, (name, service), &image).await);
    }
    Ok(())
}

/// The image that is asked for, or else the one that is live.
fn image_of(
    request: &CreateReleaseRequest,
    live: Option<&Release>,
    name: &ServiceName,
) -> Result<Option<ImageV1>, Status> {
    match request.images.get(name.as_str()) {
        Some(text) => image(name, text).map(Some),
        None => Ok(live.and_then(|live| live.content.images.get(name).cloned())),
    }
}
