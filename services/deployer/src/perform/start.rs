//! Starts the candidate beside the stable release, or, where that cannot be, after it.

use super::detached::{After, stop_withdrawn};
use super::{Outcome, certify, counted, ready, traffic};
use crate::app::App;
use crate::db::release::Release;
use crate::db::{instance, release};
use crate::{member, replace};
use ::release::Traffic;
use std::time::Duration;

/// Every instance of the candidate runs and proved that it is ready.
pub(crate) async fn start(
    app: &App,
    release: &Release,
    stop_stable: bool,
) -> Result<String, Outcome> {
    if stop_stable {
        stop_what_cannot_stay(app, release).await?;
    }
    let ready::Up { count, slowest, caches } = ready::bring_up(app, release).await?;
    let ready = counted(count, "instance", "ready");
    let caches = caches.iter().map(|(service, warm)| {
        let state = if *warm { "warm" } else { "cold" };
        format!(", the cache of {service} was {state}")
    });
    Ok(format!("{ready}, the slowest after {}{}", seconds(slowest), caches.collect::<String>()))
}

fn seconds(span: Duration) -> String {
    format!("{:.2} s", span.as_secs_f64())
}

/// Requests are held, then the instances that cannot run beside their successors are drained and stopped.
async fn stop_what_cannot_stay(app: &App, release: &Release) -> Result<(), Outcome> {
    let again = |error: &(dyn std::error::Error + 'static)| Outcome::again(error);
    let Some(stable) = release.stable else { return Ok(()) };
    let stable = release::get(&app.pool, stable).await.map_err(|error| again(&error))?;
    let Some(stable) = stable else { return Ok(()) };
    let services = replace::stop_first(&release.content, &stable.content);
    let place = (&release.app, &release.environment);
    let all = instance::of_environment(&app.pool, place).await.map_err(|error| again(&error))?;
    let mut old = member::of_content(&stable.content, &all);
    old.retain(|instance| services.contains(&instance.service) && instance.state != "stopped");
    if old.is_empty() {
        return Ok(());
    }
    certify::begin(app, release).await?;
    traffic::set(app, release, Traffic::holding, &old).await?;
    // Fenced by the release that wants it: the stable one goes on being what it is.
    stop_withdrawn(app, release, old, After::Keep).await.map(drop)
}
