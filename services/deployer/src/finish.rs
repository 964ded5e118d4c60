//! What follows when a release has ended: older ones that are no longer kept lose their containers, and
//! the trace of the release is completed from its recorded times.

use crate::app::App;
use crate::db::instance::{self, Instance};
use crate::db::log;
use crate::db::release::{self, Release};
use crate::member;
use crate::perform::container_of;
use crate::steps::{Step, steps};
use crate::transition::apply;
use ::release::{Input, State};

/// Does what follows, and gives the steps that the release took when it has ended; what fails here is done by the
/// next sweep.
pub(crate) async fn finish(app: &App, release: &Release) -> Option<Vec<Step>> {
    if !release.state.is_settled() {
        return None;
    }
    if release.state == State::Live
        && let Err(error) = collect(app, release).await
    {
        tracing::warn!(release.id = %release.id, error = service::chain(&*error), "old releases stay for now");
    }
    let steps = match log::of_release(&app.pool, release.id).await {
        Ok(lines) => steps(release, &lines),
        Err(error) => {
            tracing::warn!(release.id = %release.id, %error, "the end of the release is not counted");
            return None;
        }
    };
    app.metrics.ended(release, &steps);
    Some(steps)
}

/// Completes the trace of the release.
pub(crate) async fn export(release: &Release, steps: Vec<Step>) {
    if let Err(error) = crate::trace::export(release, steps).await {
        tracing::warn!(release.id = %release.id, error = service::chain(&*error), "the trace of the release is not complete");
    }
}

/// Releases beyond those that the manifest keeps lose their containers; the records stay.
pub(crate) async fn collect(app: &App, live: &Release) -> anyhow::Result<()> {
    let place = (&live.app, &live.environment);
    let keep = usize::try_from(live.content.resolved.keep).unwrap_or(usize::MAX);
    let retained = release::retained(&app.pool, place).await?;
    for old in retained.iter().skip(keep) {
        if let Some(old) = release::get(&app.pool, *old).await? {
            apply(app, None, &old, Input::Collect).await?;
        }
    }
    for instance in unused(app, live).await? {
        // A newer release may have begun meanwhile to start it again: then it stays; else it waits for this.
        let mut transaction = app.pool.begin().await?;
        if !instance::hold_stopped(&mut transaction, instance.id).await? {
            continue;
        }
        if let Some(container) = container_of(app, &instance).await? {
            app.engine.remove(&container).await?;
        }
        instance::gone(&mut transaction, instance.id).await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// Stopped instances that no release runs on or goes back to.
pub(crate) async fn unused(app: &App, live: &Release) -> anyhow::Result<Vec<Instance>> {
    let place = (&live.app, &live.environment);
    let mut instances = instance::of_environment(&app.pool, place).await?;
    instances.retain(|instance| instance.state == "stopped");
    let mut users = release::retained(&app.pool, place).await?;
    users.extend(release::unfinished(&app.pool, place).await?);
    users.extend(release::live(&app.pool, place).await?);
    for user in users {
        let Some(user) = release::get(&app.pool, user).await? else { continue };
        let used = member::of_content(&user.content, &instances);
        instances.retain(|instance| !used.iter().any(|mine| mine.id == instance.id));
    }
    Ok(instances)
}
