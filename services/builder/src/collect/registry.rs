//! Images at the registry: those that this builder pushed and no release can be made of any more, one by one, by
//! digest. Their tags go with them. The registry frees its disk when its own collector runs.

use super::keep::{Verdict, Why, judge_pushed, newest_pushed};
use super::{CollectError, Item, Kind, needs};
use crate::app::App;
use crate::db::image;
use crate::db::pushed::{self, Pushed};

/// Days after its last build for which an image is kept, so that also a release without containers can be restored.
const KEPT_DAYS: i32 = 30;

/// Judges every image that was pushed, and removes those that go if `really`.
pub(super) async fn collect(app: &App, really: bool) -> Result<Vec<Item>, CollectError> {
    let pushed = pushed::list(&app.pool, KEPT_DAYS).await?;
    let newest = newest_pushed(&pushed);
    let needs_now = needs(app).await?;
    let mut items = Vec::with_capacity(pushed.len());
    let mut refused: Option<String> = None;
    for image in pushed {
        let mut verdict = judge_pushed(&image, &newest, &needs_now);
        if really && verdict.goes() {
            verdict = match &refused {
                Some(why) => Verdict::Stays(Why::Refused(why.clone())),
                None => removed(app, &image, verdict, &mut refused).await?,
            };
        }
        items.push(item(image, &verdict));
    }
    Ok(items)
}

/// `verdict`, unless the image is needed after all or the registry keeps it; then the rest is not asked for.
async fn removed(
    app: &App,
    image: &Pushed,
    verdict: Verdict,
    refused: &mut Option<String>,
) -> Result<Verdict, CollectError> {
    let name = (image.repository.as_str(), image.digest.as_str());
    // A build that begins now does not reuse it; one that began before is seen, as is the release that it made.
    image::forget(&app.pool, name).await?;
    let newest = [].into();
    let now = judge_pushed(image, &newest, &needs(app).await?);
    if !now.goes() {
        return Ok(now);
    }
    if !pushed::is_old(&app.pool, name, KEPT_DAYS).await? {
        return Ok(Verdict::Stays(Why::Fresh));
    }
    if let Err(error) = app.registry.delete(name.0, name.1, &app.registry_auth).await {
        let error = service::chain(&error);
        tracing::warn!(image.digest = name.1, error, "an image stays at the registry");
        *refused = Some(error.clone());
        return Ok(Verdict::Stays(Why::Refused(error)));
    }
    pushed::gone(&app.pool, name).await?;
    tracing::info!(image.digest = name.1, "an image is removed from the registry");
    Ok(verdict)
}

fn item(image: Pushed, verdict: &Verdict) -> Item {
    let tag = image.tag.map(|tag| format!("{}:{tag}", image.repository));
    Item {
        kind: Kind::RegistryImage,
        name: tag.unwrap_or(image.repository),
        id: image.digest,
        size: image.size,
        removed: verdict.goes(),
        reason: verdict.to_string(),
    }
}
