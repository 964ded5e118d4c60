//! Everything that can be done before a container exists: pre-flight, images by digest, network, volumes.

use super::{Outcome, counted};
use crate::app::App;
use crate::db::release::Release;
use crate::db::route_claim;
use crate::docker::EngineError;
use crate::{member, routes};
use futures_util::future::try_join_all;
use release::Failure;

/// Makes sure that images, network and volumes are there and that there is room.
pub(crate) async fn prepare(app: &App, release: &Release) -> Result<String, Outcome> {
    if let Some(failure) = crate::unsupported::unsupported(&release.content.resolved) {
        return Err(Outcome::failed(failure));
    }
    claim_routes(app, release).await?;
    let described =
        member::describe(app, release).await.map_err(|error| match error.failure() {
            Some(failure) => Outcome::failed(failure),
            None => Outcome::again(&error),
        })?;
    check_disk(app).await?;
    let place = member::place(app, release);
    let labels = place.labels();
    app.engine.ensure_network(&place.network(), &labels).await.map_err(refused)?;
    for member in &described {
        for volume in &member.spec.volumes {
            app.engine.ensure_volume(&volume.docker_name, &labels).await.map_err(refused)?;
        }
    }
    let images = release.content.images.values().map(|image| async move {
        let image = format!("{}@{}", image.repository, image.digest);
        app.engine.ensure_image(&image, app.credentials_for(&image)).await
    });
    let images = try_join_all(images).await.map_err(refused)?;
    Ok(counted(images.len(), "image", "there"))
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

async fn check_disk(app: &App) -> Result<(), Outcome> {
    let capacity = app.engine.capacity().await.map_err(|error| Outcome::again(&error))?;
    match capacity.disk_free {
        Some(free) if free < app.disk_floor => {
            let mib = |bytes: u64| bytes / (1024 * 1024);
            Err(Outcome::failed(Failure::new(
                "DISK_LOW",
                format!(
                    "the engine's disk has {} MiB free, {} MiB are needed; free some, or lower SLIPWAY_DISK_FLOOR",
                    mib(free),
                    mib(app.disk_floor)
                ),
            )))
        }
        _ => Ok(()),
    }
}
