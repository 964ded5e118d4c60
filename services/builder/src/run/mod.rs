//! One build, from a commit to digests, as steps whose times are recorded.

pub mod check;
pub mod content;
pub mod image;
pub mod plan;
pub mod product;
pub mod publish;
pub mod source;

use crate::app::App;
use crate::collect::collect;
use crate::db::waiting::Claimed;
use crate::disk;
use crate::failure::{Reason, Stop};
use crate::log::recorder::Recorder;
use crate::order;
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use product::{Product, ServiceImage};
use std::sync::Arc;

/// Services of one build that are built at once; the engine runs steps of each in parallel too.
const AT_ONCE: usize = 2;

/// What every part of a build knows.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
    /// The service.
    pub app: &'a Arc<App>,
    /// The build.
    pub build: &'a Claimed,
    /// Its log and steps.
    pub recorder: &'a Recorder,
}

/// Makes the images of a change.
pub async fn run(app: &Arc<App>, build: &Claimed, recorder: &Recorder) -> Result<Product, Stop> {
    let task = Task { app, build, recorder };
    room(app).await?;
    injected("fetch.before_effect").await?;
    let source = recorder.step("fetch", source::fetch(task)).await?;
    injected("fetch.effect_done").await?;
    order::judge(task, &source).await?;
    let plan = recorder.step("plan", plan::read(task, &source)).await?;
    for check in &plan.manifest.checks {
        check::run(task, &source, &plan, check).await?;
    }
    injected("build.before_effect").await?;
    let services = plan.manifest.services.iter();
    let images: Vec<BoxFuture<'_, _>> =
        services.map(|service| image::make(task, &source, &plan, service).boxed()).collect();
    let images = stream::iter(images).buffer_unordered(AT_ONCE);
    let mut images: Vec<ServiceImage> = images.try_collect().await?;
    injected("build.effect_done").await?;
    images.sort_by(|one, other| one.service.cmp(&other.service));
    Ok(Product { images })
}

/// A place where a test can make a build fail.
async fn injected(point: &str) -> Result<(), Stop> {
    let away = |injected| Stop::blocked(Reason::ServiceAway, service::chain(&injected));
    service::fail_point::reach(|| format!("builder.{point}")).await.map_err(away)
}

/// Refuses to begin on a disk that is nearly full, and stays so when what nothing needs is gone.
async fn room(app: &App) -> Result<(), Stop> {
    let about = app
        .about()
        .await
        .map_err(|error| Stop::blocked(Reason::EngineAway, service::chain(&error)))?;
    let low = || {
        let places = [Some(app.config.data.as_path()), about.root.as_deref()];
        disk::low(places.into_iter().flatten(), app.config.disk_floor)
    };
    if low().is_some()
        && let Err(error) = collect(app, true).await
    {
        tracing::warn!(error = service::chain(&error), "a disk is full, and nothing is collected");
    }
    match low() {
        None => Ok(()),
        Some(low) => {
            let (free, floor) = (disk::mebibytes(low.free), disk::mebibytes(app.config.disk_floor));
            let message = format!("{} has {free} free, a build needs {floor}", low.path.display());
            Err(Stop::blocked(Reason::DiskLow, message))
        }
    }
}
