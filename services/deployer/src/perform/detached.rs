//! Takes instances away from users, then stops them: out of the table, drained, SIGTERM, grace, SIGKILL.
//! Each stage is timed and kept.

use super::{Outcome, traffic};
use crate::app::App;
use crate::db::instance::{self, Instance};
use crate::db::release::{self, Release};
use crate::docker::{EngineError, StopReport};
use crate::wreck;
use ::release::Traffic;
use futures_util::future::join_all;
use std::time::Duration;
use tokio::time::Instant;

/// What becomes of a container that was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// It stays, to be started again.
    Keep,
    /// It stays, to be looked into.
    Wreck,
    /// It goes.
    Remove,
}

/// How an instance stopped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Stopped {
    /// Until it had no request any more, or the time for that was over.
    drain: Duration,
    /// Requests that were not over then.
    cut_off: u64,
    /// From its signal to its end.
    grace: Duration,
    /// It did not end by itself.
    killed: bool,
}

/// What people want to know of those that stopped: the longest times, and what did not go gently.
pub(super) fn told(stopped: &[Stopped]) -> String {
    let longest = |of: fn(&Stopped) -> Duration| {
        stopped.iter().map(of).max().unwrap_or_default().as_secs_f64()
    };
    let (drain, grace) = (longest(|it| it.drain), longest(|it| it.grace));
    let cut_off: u64 = stopped.iter().map(|it| it.cut_off).sum();
    let killed = stopped.iter().filter(|it| it.killed).count();
    let cut_off = if cut_off > 0 { format!(", {cut_off} requests cut off") } else { String::new() };
    let killed = if killed > 0 { format!(", {killed} killed") } else { String::new() };
    format!("drained in {drain:.2} s, ended in {grace:.2} s{cut_off}{killed}")
}

/// Takes `instances` out of the table, drains and stops them.
pub(crate) async fn stop(
    app: &App,
    release: &Release,
    instances: Vec<Instance>,
    after: After,
) -> Result<(), Outcome> {
    if instances.iter().any(|instance| instance.state == "ready") {
        traffic::set(app, release, Traffic::clone, &instances).await?;
    }
    stop_withdrawn(app, release, instances, after).await.map(drop)
}

/// Drains and stops what is out of the table. Every one is tried, whatever becomes of the others.
pub(super) async fn stop_withdrawn(
    app: &App,
    release: &Release,
    instances: Vec<Instance>,
    after: After,
) -> Result<Vec<Stopped>, Outcome> {
    let stopping = instances.into_iter().map(|instance| stop_one(app, release, instance, after));
    join_all(stopping).await.into_iter().collect()
}

async fn stop_one(
    app: &App,
    release: &Release,
    instance: Instance,
    after: After,
) -> Result<Stopped, Outcome> {
    let mut stopped = Stopped::default();
    let (drain, grace) = patience(release, &instance);
    let again = |error: &(dyn std::error::Error + 'static)| Outcome::again(error);
    let container = container_of(app, &instance).await.map_err(|error| again(&error))?;
    let Some(container) = container else {
        let mut connection = app.pool.acquire().await.map_err(|error| again(&error))?;
        let gone = instance::gone(&mut connection, instance.id).await;
        return gone.map(|()| stopped).map_err(|error| again(&error));
    };
    release::fence(&app.pool, release).await.map_err(|error| again(&error))?;
    if instance.state != "stopped" {
        if instance.address.is_some() {
            let ids = vec![instance.id.to_string()];
            let since = Instant::now();
            let left = app.router.await_drained(ids, drain).await.map_err(|error| again(&error))?;
            stopped.drain = since.elapsed();
            stopped.cut_off = left.iter().map(|left| left.in_flight).sum();
        }
        let report = match after {
            After::Keep => app.engine.stop(&container, grace).await,
            After::Wreck | After::Remove => app.engine.halt(&container, grace).await,
        };
        let report = report.map_err(|error| again(&error))?;
        tracing::info!(release.id = %release.id, instance.id = %instance.id, killed = report.killed, cut_off = stopped.cut_off, "an instance stopped");
        stopped.grace = report.stages.iter().map(|stage| stage.took).sum();
        stopped.killed = report.killed;
        let mut connection = app.pool.acquire().await.map_err(|error| again(&error))?;
        instance::stopped(&mut connection, instance.id, json(&stopped, &report))
            .await
            .map_err(|error| again(&error))?;
    }
    let stays = match after {
        After::Keep => true,
        After::Wreck => wreck::keep(app, release, (&instance, &container))
            .await
            .map_err(|error| again(&error))?,
        After::Remove => false,
    };
    if !stays {
        app.engine.remove(&container).await.map_err(|error| again(&error))?;
        let mut connection = app.pool.acquire().await.map_err(|error| again(&error))?;
        instance::gone(&mut connection, instance.id).await.map_err(|error| again(&error))?;
    }
    Ok(stopped)
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

fn json(stopped: &Stopped, report: &StopReport) -> serde_json::Value {
    let ms = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let stage = |stage: &crate::docker::Stage| {
        serde_json::json!({
            "signal": stage.signal,
            "sent_at": stage.sent_at,
            "took_ms": ms(stage.took),
        })
    };
    serde_json::json!({
        "drain_ms": ms(stopped.drain),
        "cut_off": stopped.cut_off,
        "stages": report.stages.iter().map(stage).collect::<Vec<_>>(),
        "exit_code": report.exit_code,
        "killed": report.killed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_times_are_told_and_what_did_not_go_gently() {
        let gently = Stopped { drain: Duration::from_millis(20), ..Stopped::default() };
        insta::assert_snapshot!(told(&[gently]), @"drained in 0.02 s, ended in 0.00 s");
        let killed = Stopped { grace: Duration::from_secs(10), cut_off: 2, killed: true, ..gently };
        insta::assert_snapshot!(told(&[gently, killed]), @"drained in 0.02 s, ended in 10.00 s, 2 requests cut off, 1 killed");
    }
}
