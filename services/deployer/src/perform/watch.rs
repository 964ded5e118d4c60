//! Watches the new release while it has all traffic: probes, restarts, errors. Ends with the bake, and only
//! after it looked.

use super::Outcome;
use super::verify::verify_again;
use super::verify_jobs::verify_by_jobs;
use crate::app::App;
use crate::changed_routes::ChangedRoutes;
use crate::compare::Measured;
use crate::db::release::Release;
use crate::db::{claim, instance, release};
use crate::job::Kind;
use crate::limits::{self, UNSEEN};
use crate::member::{self, MemberError};
use crate::probe::Probe;
use crate::table::route_name;
use crate::watch::{Alarm, Limits, Tally, Watched, Watcher, is_calm, verdict};
use crate::{addresses, diagnose};
use ::release::Failure;
use proto::v1::{GetStatsResponse, ShadowStats};
use std::time::Duration;
use tokio::time::Instant;

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// How long a release is watched at least after its instances were found again.
const ANEW: Duration = Duration::from_mins(1);

/// Watches until the bake ends or something is wrong.
pub(crate) async fn watch(app: &App, release: &Release) -> Result<String, Outcome> {
    let again = limits::again(&release.content.resolved);
    let mut end = Instant::now() + left(app, release).await?.saturating_sub(again);
    if release.plan.verify {
        verify_again(app, release).await?;
    }
    let watched = watched(app, release).await?;
    let mut watcher = Watcher::new(app.engine.clone(), watched);
    let routes = changed_routes(app, release).await?;
    let limits = Limits::from(&release.content.resolved.bake);
    let mut looks = 0_u32;
    // Users are on it meanwhile: it is watched while jobs try it.
    let mut trying = Box::pin(verify_by_jobs(app, release, Kind::VerifyAgain));
    let mut tried = again.is_zero().then(Vec::new);
    loop {
        let sights = watcher.look().await;
        looks += 1;
        if let Some(anew) = found_again(app, release).await {
            end = end.max(anew);
        }
        let measured = measured(app, release).await.unwrap_or_default();
        // A service that changed may break another that calls it and did not.
        let all = tallies(&measured, release, |_| true);
        let own = tallies(&measured, release, |route| routes.tell(route));
        let alarm = |(candidate, stable)| verdict(&sights, candidate, stable, &limits);
        if let Some(alarm) = [own, all].into_iter().find_map(alarm) {
            return Err(alarmed(app, release, &alarm).await);
        }
        if let Some(tried) = &tried
            && is_calm(&sights)
            && Instant::now() >= end
        {
            let Tally { requests, failed } = all.0;
            let seen = format!("{looks} looks, {requests} requests, {failed} failed");
            let told: Vec<String> = std::iter::once(seen).chain(tried.iter().cloned()).collect();
            return Ok(told.join(", "));
        }
        tokio::select! {
            ended = &mut trying, if tried.is_none() => tried = Some(ended?),
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Until when the release is watched anew, when its environment was somewhere else than the router believed, which
/// knows now: users reached nobody meanwhile, and nothing was seen.
pub(super) async fn found_again(app: &App, release: &Release) -> Option<Instant> {
    // An engine that does not answer is seen as such by the watcher.
    let moved = addresses::refresh_in(app, (&release.app, &release.environment)).await.ok()?;
    let anew = release.content.resolved.bake.lasts.duration().min(ANEW);
    (moved > 0).then(|| Instant::now() + anew)
}

/// How much of the bake or the hold is left, by the database's clock: time in which nobody watched does not count.
pub(super) async fn left(app: &App, release: &Release) -> Result<Duration, Outcome> {
    let left = claim::time_left(&app.pool, release.id).await;
    let left = left.map_err(|error| Outcome::again(&error))?.unwrap_or_default();
    Ok(Duration::from_secs_f64((left - UNSEEN.as_secs_f64()).max(0.0)))
}

/// The instances that the release brought; those it shares with the stable one are not its doing.
pub(super) async fn watched(app: &App, release: &Release) -> Result<Vec<Watched>, Outcome> {
    let again = |error: sqlx::Error| Outcome::again(&error);
    let place = (&release.app, &release.environment);
    let all = instance::of_environment(&app.pool, place).await.map_err(again)?;
    let stable = stable(app, release).await?;
    let changed = release.content.changed_from(stable.as_ref().map(|stable| &stable.content));
    let own = member::of_content(&release.content, &all);
    let mask = match member::mask(app, release).await {
        Ok(mask) => mask,
        Err(MemberError::Rows(error)) => return Err(again(error)),
        Err(_) => None,
    };
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
            mask: mask.clone(),
            restarts_before: 0,
        });
    }
    Ok(watched)
}

/// Which routes of the environment tell the release from the stable one.
pub(super) async fn changed_routes(app: &App, release: &Release) -> Result<ChangedRoutes, Outcome> {
    let stable = stable(app, release).await?;
    let stable = stable.as_ref().map(|stable| &stable.content);
    Ok(ChangedRoutes::between(stable, &release.content, (&release.app, &release.environment)))
}

async fn stable(app: &App, release: &Release) -> Result<Option<Release>, Outcome> {
    let Some(stable) = release.stable else { return Ok(None) };
    release::get(&app.pool, stable).await.map_err(|error| Outcome::again(&error))
}

/// What was counted of the candidate and of the stable release, since it or they started, on the routes that count.
fn tallies(
    measured: &Measured,
    release: &Release,
    counts: impl Fn(&str) -> bool,
) -> (Tally, Tally) {
    let (mut candidate, mut other) = (Tally::default(), Tally::default());
    let stable = release.stable.map(|stable| stable.to_string());
    for of in measured.releases.iter().filter(|of| counts(&of.route)) {
        let tally = match () {
            () if of.release == release.id.to_string() => &mut candidate,
            () if Some(&of.release) == stable.as_ref() => &mut other,
            () => continue,
        };
        tally.requests += of.requests;
        tally.failed += of.status_5xx + of.broken_answers;
    }
    (candidate, other)
}

/// What the router measures on the routes of the environment; nothing when it is away.
pub(super) async fn measured(app: &App, release: &Release) -> Option<Measured> {
    let GetStatsResponse { mut releases, mut predictions, .. } = app.router.stats("").await.ok()?;
    releases.retain(|of| is_route_of(release, &of.route));
    predictions.retain(|of| is_route_of(release, &of.route));
    Some(Measured { releases, predictions })
}

/// What came of the copies that the release got; nothing when the router is away or did not copy yet.
pub(super) async fn copied(app: &App, release: &Release) -> Option<Vec<ShadowStats>> {
    let mut copied = app.router.stats("").await.ok()?.shadows;
    let candidate = release.id.to_string();
    copied.retain(|of| of.release == candidate && is_route_of(release, &of.route));
    (!copied.is_empty()).then_some(copied)
}

/// Further routes of an environment carry its name, a slash, and more.
fn is_route_of(release: &Release, route: &str) -> bool {
    let rest = route.strip_prefix(&route_name(&release.app, &release.environment));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What an alarm comes to.
pub(super) async fn alarmed(app: &App, release: &Release, alarm: &Alarm) -> Outcome {
    Outcome::failed(explain(app, release, alarm).await)
}

/// The alarm as a failure, with what the process says when it ended, secrets hidden.
async fn explain(app: &App, release: &Release, alarm: &Alarm) -> Failure {
    let said = alarm.failure();
    let sight = match alarm {
        Alarm::Ended(sight) | Alarm::Unready(sight) => sight,
        Alarm::Errors { .. } => return said,
    };
    // Without the secrets nothing can be hidden, and so nothing is kept.
    let log_lines = match member::mask(app, release).await {
        Ok(Some(mask)) => diagnose::log_lines(&app.engine, &sight.container_id, &mask).await,
        Ok(None) | Err(_) => {
            vec!["the log is not kept, because not all secrets are known to be hidden".to_owned()]
        }
    };
    Failure { log_lines, ..said }
}
