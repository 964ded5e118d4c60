//! Takes instances away from users, then stops them: out of the table, drained, SIGTERM, grace, SIGKILL.
//! Each stage is timed and kept.

use super::Outcome;
use crate::app::App;
use crate::db::instance::{self, Instance};
use crate::db::release::{self, Release};
use crate::docker::{EngineError, StopReport};
use crate::table;
use futures_util::future::join_all;
use std::time::Duration;

/// What becomes of a container that was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// It stays, to be started again.
    Keep,
    /// It goes.
    Remove,
}

/// Takes `instances` out of the table, drains and stops them.
pub(crate) async fn stop(
    app: &App,
    release: &Release,
    instances: Vec<Instance>,
    after: After,
) -> Result<(), Outcome> {
    // Every one is tried, whatever becomes of the others.
    withdraw(app, release, &instances).await?;
    let stopping = instances.into_iter().map(|instance| stop_one(app, release, instance, after));
    join_all(stopping).await.into_iter().collect()
}

/// The router acknowledges a table without `instances`.
async fn withdraw(app: &App, release: &Release, instances: &[Instance]) -> Result<(), Outcome> {
    let serving: Vec<_> = instances.iter().filter(|i| i.state == "ready").collect();
    if serving.is_empty() {
        return Ok(());
    }
    table::publish(app, async |connection: &mut sqlx::PgConnection| {
        release::fence(&mut *connection, release).await?;
        for instance in &serving {
            let seen = (None, instance.address.as_deref());
            instance::observe(&mut *connection, instance.id, "draining", seen).await?;
        }
        Ok(())
    })
    .await
    .map(drop)
    .map_err(|error| Outcome::again(&error))
}

async fn stop_one(
    app: &App,
    release: &Release,
    instance: Instance,
    after: After,
) -> Result<(), Outcome> {
    let (drain, grace) = patience(release, &instance);
    let again = |error: &(dyn std::error::Error + 'static)| Outcome::again(error);
    let container = container_of(app, &instance).await.map_err(|error| again(&error))?;
    let Some(container) = container else {
        let mut connection = app.pool.acquire().await.map_err(|error| again(&error))?;
        return instance::gone(&mut connection, instance.id).await.map_err(|error| again(&error));
    };
    release::fence(&app.pool, release).await.map_err(|error| again(&error))?;
    if instance.state != "stopped" {
        app.engine.retire(&container).await.map_err(|error| again(&error))?;
        if instance.address.is_some() {
            let ids = vec![instance.id.to_string()];
            app.router.await_drained(ids, drain).await.map_err(|error| again(&error))?;
        }
        let report = app.engine.stop(&container, grace).await.map_err(|error| again(&error))?;
        tracing::info!(release.id = %release.id, instance.id = %instance.id, killed = report.killed, "an instance stopped");
        let mut connection = app.pool.acquire().await.map_err(|error| again(&error))?;
        instance::stopped(&mut connection, instance.id, json(&report))
            .await
            .map_err(|error| again(&error))?;
    }
    if after == After::Remove {
        app.engine.remove(&container).await.map_err(|error| again(&error))?;
        let mut connection = app.pool.acquire().await.map_err(|error| again(&error))?;
        instance::gone(&mut connection, instance.id).await.map_err(|error| again(&error))?;
    }
    Ok(())
}

/// The container of `instance`. One that was never made may have its name taken by somebody else.
pub(crate) async fn container_of(
    app: &App,
    instance: &Instance,
) -> Result<Option<String>, EngineError> {
    match &instance.container_id {
        Some(container) => Ok(Some(container.clone())),
        None => app.engine.find_own(&instance.container_name, instance.id).await,
    }
}

fn patience(release: &Release, instance: &Instance) -> (Duration, Duration) {
    let services = &release.content.resolved.services;
    // A service that the release does not know any more is treated as the first it knows.
    let stop = services.get(&instance.service).or_else(|| services.values().next());
    stop.map_or((Duration::from_secs(15), Duration::from_secs(30)), |service| {
        (service.stop.drain.duration(), service.stop.grace.duration())
    })
}

fn json(report: &StopReport) -> serde_json::Value {
    let stage = |stage: &crate::docker::Stage| {
        serde_json::json!({
            "signal": stage.signal,
            "sent_at": stage.sent_at,
            "took_ms": u64::try_from(stage.took.as_millis()).unwrap_or(u64::MAX),
        })
    };
    serde_json::json!({
        "stages": report.stages.iter().map(stage).collect::<Vec<_>>(),
        "exit_code": report.exit_code,
        "killed": report.killed,
    })
}
