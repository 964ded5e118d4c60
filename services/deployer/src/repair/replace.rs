//! A new container takes the place of an instance, capacity first: made beside the old one, proved ready,
//! given its requests by one route table; only then is the old one drained, stopped and removed.

use super::scene::{self, Scene};
use super::{Repair, aside};
use crate::app::App;
use crate::db::{environment, repair};
use crate::perform::Outcome;
use crate::spec::InstanceSpec;
use crate::{addresses, table};
use ::release::Failure;
use manifest::Replace;

/// Replaces the container of the instance.
pub(super) async fn replace(app: &App, repair: &Repair) -> Result<String, Outcome> {
    if repair.swapped {
        let (spec, scene) = after_swap(app, repair).await?;
        return clear(app, repair, &spec, &scene, &repair.aside).await;
    }
    let scene = Scene::load(app, repair).await?;
    let spec = InstanceSpec { uid: repair.successor, ..scene.described.spec.clone() };
    can_run_beside(app, &scene).await?;
    let again = |error: crate::docker::EngineError| Outcome::again(&error);
    let image = app.engine.ensure_image(&spec.image, app.credentials_for(&spec.image)).await;
    if let Err(error) = image {
        return Err(scene.refused(app, None, &error).await);
    }
    app.engine.ensure_network(&spec.network, &spec.place.labels()).await.map_err(again)?;
    let container = scene.described.instance.container_id.as_deref();
    let refreshed = addresses::refresh_in(app, (&repair.app, &repair.environment)).await;
    refreshed.map_err(|error| Outcome::Again(service::chain(&*error)))?;
    let aside = aside::put(app, repair, &spec, container).await?;
    let created = match app.engine.create_or_adopt(&spec).await {
        Ok(created) => created,
        Err(error) => return Err(scene.refused(app, None, &error).await),
    };
    let ready = scene.prove(app, repair, (&created.container_id, &spec)).await?;
    swap(app, repair, (&created.container_id, scene.address(&ready).as_deref())).await?;
    clear(app, repair, &spec, &scene, &aside).await
}

/// A service that cannot run twice is not stopped for a difference: that would be an outage.
async fn can_run_beside(app: &App, scene: &Scene) -> Result<(), Outcome> {
    if scene.service.replace != Replace::StopFirst {
        return Ok(());
    }
    let instance = &scene.described.instance;
    let container = instance.container_id.as_deref().unwrap_or(&instance.container_name);
    let found = app.engine.find(container).await.map_err(|error| Outcome::again(&error))?;
    if !found.is_some_and(|found| found.running) {
        return Ok(());
    }
    let message = format!(
        "service {} cannot run twice, and its instance runs: a new release replaces it with a planned stop",
        instance.service
    );
    Err(Outcome::failed(Failure::new("RUNS_ALONE", message)))
}

/// One transaction, one table: the successor has the requests, unless a release moves.
async fn swap(app: &App, repair: &Repair, seen: (&str, Option<&str>)) -> Result<(), Outcome> {
    let calm = std::sync::atomic::AtomicBool::new(true);
    let published = table::publish(app, async |connection: &mut sqlx::PgConnection| {
        environment::lock(&mut *connection, repair.place()).await?;
        if !repair::is_calm(&mut *connection, repair.place(), repair.release).await? {
            calm.store(false, std::sync::atomic::Ordering::Relaxed);
            return Err(sqlx::Error::RowNotFound);
        }
        repair::swap(connection, repair, seen).await
    })
    .await;
    match published {
        Ok(_) => Ok(()),
        Err(_) if !calm.into_inner() => Err(Outcome::failed(scene::moved())),
        Err(error) => Err(Outcome::again(&error)),
    }
}

/// After a crash behind the swap: whether a release moves does not count any more.
async fn after_swap(app: &App, repair: &Repair) -> Result<(InstanceSpec, Scene), Outcome> {
    let scene = Scene::any(app, repair).await?;
    // The router may not have the table yet that was committed.
    table::publish(app, async |_: &mut sqlx::PgConnection| Ok(()))
        .await
        .map_err(|error| Outcome::again(&error))?;
    Ok((scene.described.spec.clone(), scene))
}

async fn clear(
    app: &App,
    repair: &Repair,
    spec: &InstanceSpec,
    scene: &Scene,
    aside: &[String],
) -> Result<String, Outcome> {
    let stop = &scene.service.stop;
    if !aside.is_empty() {
        let old = vec![repair.instance.to_string()];
        let drained = app.router.await_drained(old, stop.drain.duration()).await;
        drained.map_err(|error| Outcome::again(&error))?;
    }
    aside::clear(app, aside, spec, stop.grace.duration()).await?;
    Ok(format!("container {} runs as it was released", spec.container_name()))
}

/// A repair that cannot be done leaves what was there before.
pub(super) async fn undo(app: &App, repair: &Repair) -> Result<(), Outcome> {
    let scene = Scene::any(app, repair).await?;
    let grace = scene.service.stop.grace.duration();
    aside::put_back(app, repair, &scene.described.spec, grace).await
}
