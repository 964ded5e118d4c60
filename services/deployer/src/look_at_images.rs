//! Looks at the images of services that are here, and at their volumes: what often goes wrong with both. What cannot be
//! looked at is not remarked.

use crate::app::App;
use crate::docker::{ImageFacts, Owner};
use crate::preflight::{self, Found};
use crate::spec::Place;
use events::{ServiceName, VolumeName};
use manifest::{ResolvedService, Volume};
use std::collections::BTreeMap;
use tokio::sync::Semaphore;

/// So many images are looked into at once: whoever may plan may ask for it.
static LOOKS: Semaphore = Semaphore::const_new(2);

/// What often goes wrong with `service` in `place` on `image`.
pub(crate) async fn remarks(
    app: &App,
    place: &Place,
    (name, service): (&ServiceName, &ResolvedService),
    image: &str,
) -> Vec<String> {
    let Ok(Some(facts)) = app.engine.image(image).await else { return Vec::new() };
    let found = found(app, place, service, (image, &facts)).await;
    preflight::remarks(name, service, (&facts, found.as_ref()))
}

/// What is asked for where somebody who is not root writes to volumes.
async fn found(
    app: &App,
    place: &Place,
    service: &ResolvedService,
    (image, facts): (&str, &ImageFacts),
) -> Option<Found> {
    let written: Vec<&Volume> = preflight::written(service).collect();
    let is_root = ["root", "0"].contains(&preflight::user(service, facts).split(':').next()?);
    if written.is_empty() || is_root {
        return None;
    }
    let paths: Vec<&str> = written.iter().map(|volume| volume.path.as_str()).collect();
    let _look = LOOKS.acquire().await.ok()?;
    let inside = app.engine.look_inside(image, &place.platform, &paths).await;
    let inside = inside.inspect_err(|error| {
        let error = error as &dyn std::error::Error;
        tracing::info!(image, error, "it is not known what the image has inside");
    });
    Some(Found { inside: inside.ok()?, held: held(app, place, &written).await })
}

/// Whom those of the volumes belong to that hold something.
async fn held(app: &App, place: &Place, volumes: &[&Volume]) -> BTreeMap<VolumeName, Owner> {
    let there = app.engine.volumes(&place.platform).await.unwrap_or_default();
    let mut held = BTreeMap::new();
    for volume in volumes {
        let name = place.volume(&volume.name);
        let Some(found) = there.iter().find(|found| found.name == name) else { continue };
        held.extend(found.owner().await.map(|owner| (volume.name.clone(), owner)));
    }
    held
}
