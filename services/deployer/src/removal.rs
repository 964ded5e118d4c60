//! Takes away what a deleted app ran: releases end, its routes go, its instances are drained and removed, its
//! networks follow. Volumes stay. Every step may be done twice, and is done until nothing is left.

use crate::app::App;
use crate::db::app_removal::{self, Removal};
use crate::db::{
    command, environment, errand, instance, list, release, route_claim, run, setup, timetable,
    wreck,
};
use crate::docker::label;
use crate::perform::{After, stop};
use crate::spec::Place;
use crate::table;
use crate::transition::apply_in;
use ::release::{Input, Traffic};
use anyhow::Context;
use events::{AppName, EnvironmentName};
use service::fail_point::reach;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Time between two looks, when nobody asks for one: while something is to go, and while nothing is.
const LOOK: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(10));

type Environment = (AppName, EnvironmentName);

/// Takes away what is to go, until `cancel`.
pub(crate) async fn run(app: App, cancel: CancellationToken) {
    let mut nudges = app.nudges.subscribe();
    loop {
        let pause = tokio::select! {
            () = cancel.cancelled() => return,
            pause = look(&app) => pause,
        };
        tokio::select! {
            () = cancel.cancelled() => return,
            _ = nudges.recv() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// One look at everything that is to go; returns when to look again.
async fn look(app: &App) -> Duration {
    let unfinished = match app_removal::unfinished(&app.pool).await {
        Ok(unfinished) if unfinished.is_empty() => return LOOK.1,
        Ok(unfinished) => unfinished,
        Err(error) => {
            tracing::warn!(%error, "apps to remove cannot be read");
            return LOOK.0;
        }
    };
    for removal in unfinished {
        match remove(app, &removal).await {
            Ok(true) => {
                tracing::info!(slipway.app = %removal.app, by = %removal.by, "the app is gone");
            }
            Ok(false) => {}
            Err(error) => {
                let error = service::chain(&*error);
                tracing::warn!(slipway.app = %removal.app, error, "the app is not gone yet");
            }
        }
    }
    LOOK.0
}

/// One attempt; true when nothing is left, false while releases are still ending.
async fn remove(app: &App, removal: &Removal) -> anyhow::Result<bool> {
    let environments = list::environments_of(&app.pool, &removal.app).await?;
    let mut ended = true;
    for environment in &environments {
        ended &= end_releases(app, environment, removal).await?;
    }
    if !ended {
        return Ok(false);
    }
    abandon(app, &environments, removal).await?;
    take_routes(app, &environments, removal).await?;
    reach(|| "deployer.removal.routes_gone".to_owned()).await?;
    for environment in &environments {
        take_instances(app, environment, removal).await?;
        reach(|| "deployer.removal.instances_gone".to_owned()).await?;
        take_containers_and_network(app, environment, removal).await?;
        let mut transaction = app.pool.begin().await?;
        app_removal::hold(&mut *transaction, removal).await?;
        let place = (&environment.0, &environment.1);
        run::abandon(&mut transaction, place).await?;
        setup::forget(&mut transaction, place).await?;
        wreck::abandon(&mut transaction, place).await?;
        environment::remove(&mut transaction, place).await?;
        transaction.commit().await?;
    }
    let mut transaction = app.pool.begin().await?;
    app_removal::finish(&mut transaction, &removal.app).await?;
    transaction.commit().await?;
    Ok(true)
}

/// What is under way is ended by its driver, which alone knows that nothing is being done for it any more;
/// then what is live and what is kept. True when all have ended.
async fn end_releases(
    app: &App,
    environment: &Environment,
    removal: &Removal,
) -> anyhow::Result<bool> {
    let place = (&environment.0, &environment.1);
    let input = Input::Removed { by: removal.by.clone() };
    let mut transaction = app.pool.begin().await?;
    app_removal::hold(&mut *transaction, removal).await?;
    let unfinished = release::unfinished(&mut *transaction, place).await?;
    let mut asked = false;
    for id in &unfinished {
        let waiting = command::waiting(&mut transaction, *id).await?;
        if !waiting.iter().any(|command| command.input == input) {
            command::enqueue(&mut transaction, *id, &input).await?;
            asked = true;
        }
    }
    transaction.commit().await?;
    if asked {
        app.changed();
    }
    if !unfinished.is_empty() {
        return Ok(false);
    }
    let live = release::live(&app.pool, place).await?;
    for id in live.into_iter().chain(release::retained(&app.pool, place).await?) {
        let mut transaction = app.pool.begin().await?;
        app_removal::hold(&mut *transaction, removal).await?;
        if let Some(release) = release::get(&mut *transaction, id).await? {
            apply_in(app, &mut transaction, None, &release, input.clone()).await?;
        }
        transaction.commit().await?;
        app.changed();
    }
    Ok(true)
}

/// No job begins any more.
async fn abandon(app: &App, environments: &[Environment], removal: &Removal) -> anyhow::Result<()> {
    let mut transaction = app.pool.begin().await?;
    app_removal::hold(&mut *transaction, removal).await?;
    for (name, environment) in environments {
        timetable::forget(&mut transaction, (name, environment)).await?;
        errand::abandon(&mut transaction, (name, environment)).await?;
    }
    Ok(transaction.commit().await?)
}

/// The router acknowledges a table without the app; its hosts are free.
async fn take_routes(
    app: &App,
    environments: &[Environment],
    removal: &Removal,
) -> anyhow::Result<()> {
    if environments.is_empty() {
        return Ok(());
    }
    let changed = table::publish(app, async |connection: &mut sqlx::PgConnection| {
        app_removal::hold(&mut *connection, removal).await?;
        for (name, environment) in environments {
            let place = (name, environment);
            environment::set_traffic(&mut *connection, place, &Traffic::default()).await?;
            route_claim::release(&mut *connection, place, None).await?;
        }
        Ok(())
    });
    changed.await.map(drop).context("take its routes away")
}

/// Every instance that is known: drained, stopped, removed.
async fn take_instances(
    app: &App,
    (name, environment): &Environment,
    removal: &Removal,
) -> anyhow::Result<()> {
    let mut transaction = app.pool.begin().await?;
    app_removal::hold(&mut *transaction, removal).await?;
    let instances = instance::of_environment(&mut *transaction, (name, environment)).await?;
    transaction.commit().await?;
    let releases: std::collections::BTreeSet<_> = instances.iter().map(|i| i.release).collect();
    for id in releases {
        let Some(release) = release::get(&app.pool, id).await? else { continue };
        let own = instances.iter().filter(|instance| instance.release == id).cloned().collect();
        let stopped = stop(app, &release, own, After::Remove).await;
        stopped.map_err(|outcome| anyhow::anyhow!("{outcome}")).context("stop its instances")?;
    }
    Ok(())
}

/// What a driver left that was cut off, by its labels; then the network, which has nobody in it any more.
async fn take_containers_and_network(
    app: &App,
    (name, environment): &Environment,
    removal: &Removal,
) -> anyhow::Result<()> {
    let place = Place {
        platform: app.platform.to_string(),
        app: name.clone(),
        environment: environment.clone(),
    };
    let labels = place.labels();
    let left = app.engine.list(&labels).await?;
    // What was there before this answer goes with the app, whatever is started after it.
    app_removal::hold(&app.pool, removal).await?;
    for container in left {
        if container.labels.contains_key(label::RELEASE) {
            app.engine.remove(&container.container_id).await?;
        }
    }
    Ok(app.engine.remove_network(&place.network(), &labels).await?)
}
