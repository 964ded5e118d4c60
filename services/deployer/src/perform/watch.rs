//! Watches the new release while it has all traffic: probes, restarts, errors. Ends with the bake, and only
//! after it looked.

use super::Outcome;
use crate::app::App;
use crate::db::release::Release;
use crate::db::{instance, release};
use crate::diagnose;
use crate::docker::Mask;
use crate::member;
use crate::probe::Probe;
use crate::table::route_name;
use crate::watch::{Alarm, Limits, Tally, Watched, Watcher, verdict};
use ::release::Failure;
use chrono::TimeDelta;
use events::ReleaseId;
use std::collections::BTreeMap;
use std::time::Duration;

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(1);

/// Watches until the bake ends or something is wrong.
pub(crate) async fn watch(app: &App, release: &Release) -> Result<String, Outcome> {
    let bake = &release.content.resolved.bake;
    let lasts = TimeDelta::from_std(bake.lasts.duration()).unwrap_or(TimeDelta::MAX);
    let watched = watched(app, release).await?;
    let mut watcher = Watcher::new(app.engine.clone(), watched);
    let before = tallies(app, release).await.unwrap_or_default();
    let limits = Limits::from(bake);
    let mut looks = 0_u32;
    loop {
        let sights = watcher.look().await;
        looks += 1;
        let now = tallies(app, release).await.unwrap_or_else(|| before.clone());
        let (candidate, stable) = since(release, &before, &now);
        if let Some(alarm) = verdict(&sights, candidate, stable, &limits) {
            return Err(Outcome::failed(explain(app, &alarm).await));
        }
        let seen_all = sights.iter().all(|sight| sight.running.is_some());
        if seen_all && app.clock.now() - release.entered_at >= lasts {
            let Tally { requests, failed } = candidate;
            return Ok(format!("{looks} looks, {requests} requests, {failed} failed"));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// The instances that the release brought; those it shares with the stable one are not its doing.
async fn watched(app: &App, release: &Release) -> Result<Vec<Watched>, Outcome> {
    let again = |error: sqlx::Error| Outcome::again(&error);
    let place = (&release.app, &release.environment);
    let all = instance::of_environment(&app.pool, place).await.map_err(again)?;
    let stable = match release.stable {
        Some(stable) => release::get(&app.pool, stable).await.map_err(again)?,
        None => None,
    };
    let changed = release.content.changed_from(stable.as_ref().map(|stable| &stable.content));
    let own = member::of_content(&release.content, &all);
    let mut watched = Vec::new();
    for instance in own.into_iter().filter(|instance| changed.contains(&instance.service)) {
        let Some(resolved) = release.content.resolved.services.get(&instance.service) else {
            continue;
        };
        let container_id = instance.container_id.unwrap_or(instance.container_name);
        watched.push(Watched {
            uid: instance.id,
            service: instance.service,
            container_id,
            probe: Probe::ready(&resolved.health),
            restarts_before: 0,
        });
    }
    Ok(watched)
}

/// What the router counted of each release on the routes of the environment; nothing when it is away.
async fn tallies(app: &App, release: &Release) -> Option<BTreeMap<String, Tally>> {
    let name = route_name(&release.app, &release.environment);
    let stats = app.router.stats("").await.ok()?;
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let further = format!("{name}/");
    for measured in stats.releases {
        if measured.route == name || measured.route.starts_with(&further) {
            let tally = tallies.entry(measured.release).or_default();
            tally.requests += measured.requests;
            tally.failed += measured.status_5xx;
        }
    }
    Some(tallies)
}

/// The candidate's requests since the watch began, and all that the stable release answered.
fn since(
    release: &Release,
    before: &BTreeMap<String, Tally>,
    now: &BTreeMap<String, Tally>,
) -> (Tally, Tally) {
    let of = |tallies: &BTreeMap<String, Tally>, id: ReleaseId| {
        tallies.get(&id.to_string()).copied().unwrap_or_default()
    };
    let candidate = of(now, release.id).since(of(before, release.id));
    let stable = release.stable.map(|stable| of(now, stable)).unwrap_or_default();
    (candidate, stable)
}

/// The alarm as a failure, with what the process says when it ended.
async fn explain(app: &App, alarm: &Alarm) -> Failure {
    let said = alarm.failure();
    let sight = match alarm {
        Alarm::Ended(sight) | Alarm::Unready(sight) => sight,
        Alarm::Errors { .. } => return said,
    };
    let mask = Mask::new([]);
    let log_lines = diagnose::log_lines(&app.engine, &sight.container_id, &mask).await;
    Failure { log_lines, ..said }
}
