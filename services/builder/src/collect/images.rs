//! Images on the engine: one by one, by names that are surely theirs.

use super::keep::{Verdict, Why, judge, newest};
use super::{CollectError, Item, Kind, needs};
use crate::app::App;
use crate::engine::images::LocalImage;

/// Judges every image that builds made, and removes those that go if `really`.
pub(super) async fn collect(app: &App, really: bool) -> Result<Vec<Item>, CollectError> {
    // In this order: what gets needed after it was listed is seen.
    let images = app.engine.images_of(&app.config.instance).await?;
    let newest = newest(&images, &app.config.registry);
    let mut needs_now = needs(app).await?;
    let mut items = Vec::with_capacity(images.len());
    for image in images {
        let mut verdict = judge(&image, &newest, &needs_now, &app.config.registry);
        if really && verdict.goes() {
            // To remove many takes a while: what is needed meanwhile stays.
            needs_now = needs(app).await?;
            verdict = judge(&image, &newest, &needs_now, &app.config.registry);
        }
        if really && verdict.goes() {
            verdict = removed(app, &image, verdict).await;
        }
        items.push(item(image, &verdict));
    }
    Ok(items)
}

/// `verdict`, unless the engine keeps the image.
async fn removed(app: &App, image: &LocalImage, verdict: Verdict) -> Verdict {
    match app.engine.forget(image).await {
        Ok(true) => {
            tracing::info!(image.id, image.name = image.tags.first(), "an image is removed");
            verdict
        }
        Ok(false) => Verdict::Stays(Why::Container),
        Err(error) => {
            let error = service::chain(&error);
            tracing::warn!(image.id, error, "an image is not removed");
            Verdict::Stays(Why::Refused(error))
        }
    }
}

fn item(image: LocalImage, verdict: &Verdict) -> Item {
    let name = image.tags.into_iter().chain(image.digests).next();
    Item {
        kind: Kind::Image,
        name: name.unwrap_or_else(|| image.id.clone()),
        id: image.id,
        size: image.size,
        removed: verdict.goes(),
        reason: verdict.to_string(),
    }
}
