//! Everything that can be done before a container exists: pre-flight, images by digest, network, volumes.

use super::{Outcome, counted};
use crate::app::App;
use crate::db::release::Release;
use crate::db::route_claim;
use crate::docker::{EngineError, label};
use crate::member::Described;
use crate::room::{self, Wanted};
use crate::{look_at_images, member, routes, wreck};
use futures_util::future::try_join_all;
use release::{Failure, Strategy};
use std::time::Duration;
use tokio::time::timeout;

/// How long images are looked into for what is only remarked.
const LOOKS: Duration = Duration::from_secs(20);

/// Makes sure that images, network and volumes are there and that there is room.
pub(crate) async fn prepare(app: &App, release: &Release) -> Result<String, Outcome> {
    claim_routes(app, release).await?;
    let described =
        member::describe(app, release).await.map_err(|error| match error.failure() {
            Some(failure) => Outcome::failed(failure),
            None => Outcome::again(&error),
        })?;
    // A way back starts what is there already; it is never refused for want of room.
    if release.restores.is_none() {
        let room = wreck::make_room(app).await;
        room.map_err(|error| Outcome::Again(service::chain(&*error)))?;
        check_room(app, release, &described).await?;
    }
    let place = member::place(app, release);
    let labels = place.labels();
    app.engine.ensure_network(&place.network(), &labels).await.map_err(refused)?;
    for volume in release.content.resolved.services.values().flat_map(|it| &it.volumes) {
        let mut labels = labels.clone();
        labels.insert(label::VOLUME_CLASS.to_owned(), volume.class.to_string());
        let name = place.volume(&volume.name);
        app.engine.ensure_volume(&name, &labels).await.map_err(refused)?;
    }
    let images = release.content.images.values().map(|image| async move {
        let image = format!("{}@{}", image.repository, image.digest);
        app.engine.ensure_image(&image, app.credentials_for(&image)).await
    });
    let images = try_join_all(images).await.map_err(refused)?;
    let mut told = vec![counted(images.len(), "image", "there")];
    // Nor is it held up by what is only remarked.
    if release.restores.is_none() {
        let remarks = timeout(LOOKS, remarks(app, release)).await;
        told.extend(remarks.unwrap_or_default());
    }
    Ok(told.join("; "))
}

/// What often goes wrong with these images: nothing is refused for it.
async fn remarks(app: &App, release: &Release) -> Vec<String> {
    let (place, content) = (member::place(app, release), &release.content);
    let mut told = Vec::new();
    for (name, service) in &content.resolved.services {
        let Some(image) = content.images.get(name) else { continue };
        let image = format!("{}@{}", image.repository, image.digest);
        told.extend(look_at_images::remarks(app, &place, (name, service), &image).await);
    }
    told
}

/// What does not get better by trying again fails at once, with the code of its cause.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
fn refused(error: EngineError) -> Outcome {
    if error.is_final() {
        return Outcome::failed(Failure::new(error.reason(), service::chain(&error)));
    }
    Outcome::again(&error)
}

/// Nobody else serves what the release is to serve, from now on until it is over.
async fn claim_routes(app: &App, release: &Release) -> Result<(), Outcome> {
    let again = |error: sqlx::Error| Outcome::again(&error);
    let mut transaction = app.pool.begin().await.map_err(again)?;
    let taken = route_claim::claim(&mut transaction, &release.content.resolved).await;
    match routes::refused(&taken.map_err(again)?) {
        Some(failure) => Err(Outcome::failed(failure)),
        None => transaction.commit().await.map_err(again),
    }
}

/// There is room for what is started beside what runs.
async fn check_room(app: &App, release: &Release, members: &[Described]) -> Result<(), Outcome> {
    let capacity = app.engine.capacity().await.map_err(|error| Outcome::again(&error))?;
    let beside = release.plan.strategy != Strategy::Recreate;
    let new = members.iter().filter(|member| beside && member.instance.state != "ready");
    let memory = new.filter_map(|member| member.spec.memory).sum();
    let wanted = Wanted { disk_floor: app.disk_floor, memory };
    room::refused(&capacity, wanted).map_or(Ok(()), |failure| Err(Outcome::failed(failure)))
}
