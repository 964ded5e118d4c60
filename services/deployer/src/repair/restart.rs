//! The container of an instance is stopped and started, and proves that it is ready. Where others of the
//! service have requests, it gets none meanwhile.

use super::Repair;
use super::scene::{self, Scene};
use crate::app::App;
use crate::db::{environment, instance, repair};
use crate::docker::EngineError;
use crate::perform::Outcome;
use crate::table;
use ::release::Failure;

/// Restarts the container of the instance.
pub(super) async fn restart(app: &App, repair: &Repair) -> Result<String, Outcome> {
    let scene = Scene::load(app, repair).await?;
    let container = container(&scene);
    if scene.is_covered() {
        publish(app, repair, ("starting", None)).await?;
        let ids = vec![repair.instance.to_string()];
        let drained = app.router.await_drained(ids, scene.service.stop.drain.duration()).await;
        drained.map_err(|error| Outcome::again(&error))?;
    }
    let again = |error: EngineError| Outcome::again(&error);
    if app.engine.find(&container).await.map_err(again)?.is_none() {
        let message = format!("container {container} is gone; it cannot be restarted");
        return Err(Outcome::failed(Failure::new("GONE", message)));
    }
    app.engine.stop(&container, scene.service.stop.grace.duration()).await.map_err(again)?;
    let ready = scene.prove(app, repair, (&container, &scene.described.spec)).await?;
    let address = scene.address(&ready);
    publish(app, repair, ("ready", address.as_deref())).await?;
    Ok(format!("restarted, ready after {:.1} s", ready.took.as_secs_f64()))
}

/// One that did not get ready is asked all the same, where it runs: it may get well, and it is known.
pub(super) async fn undo(app: &App, repair: &Repair) -> Result<(), Outcome> {
    let scene = Scene::any(app, repair).await?;
    let again = |error: EngineError| Outcome::again(&error);
    let Some(found) = app.engine.find(&container(&scene)).await.map_err(again)? else {
        return Ok(());
    };
    if scene::calm(app, repair).await.is_err() {
        // The release that moves says what becomes of it.
        return Ok(());
    }
    app.engine.activate(&found.container_id).await.map_err(again)?;
    let port = scene.service.http.as_ref().map(|http| http.port.get());
    let at = |(ip, port)| std::net::SocketAddr::new(ip, port).to_string();
    let address = found.address.zip(port).map(at);
    publish(app, repair, ("ready", address.as_deref())).await
}

fn container(scene: &Scene) -> String {
    let instance = &scene.described.instance;
    instance.container_id.clone().unwrap_or_else(|| instance.container_name.clone())
}

async fn publish(
    app: &App,
    repair: &Repair,
    (state, address): (&str, Option<&str>),
) -> Result<(), Outcome> {
    let published = table::publish(app, async |connection: &mut sqlx::PgConnection| {
        environment::lock(&mut *connection, repair.place()).await?;
        if !repair::is_calm(&mut *connection, repair.place(), repair.release).await? {
            // The release that moves writes what is.
            return Ok(());
        }
        instance::observe(connection, repair.instance, state, (None, address)).await
    });
    published.await.map(drop).map_err(|error| Outcome::again(&error))
}
