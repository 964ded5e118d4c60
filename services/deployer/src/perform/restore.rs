//! The way back: the stable release proves its capacity and gets all traffic, then the candidate goes.

use super::detached::{After, stop};
use super::{Outcome, certify, counted, ready, traffic};
use crate::app::App;
use crate::db::release::Release;
use crate::db::{instance, release};
use crate::{job, member, wreck};

/// The stable release is up and gets every new request; without one, nobody does.
pub(crate) async fn traffic(app: &App, release: &Release) -> Result<String, Outcome> {
    if let Some(stable) = stable(app, release).await? {
        ready::bring_up(app, &stable).await.map_err(still_wanted)?;
    }
    let generation =
        traffic::set(app, release, |before| before.restored(release.stable), &[]).await?;
    Ok(format!("all traffic on the stable release, table {generation}"))
}

/// The stable release is the only way back: it is tried until the time of the undo is over.
fn still_wanted(outcome: Outcome) -> Outcome {
    if let Outcome::Failed(failure) = outcome {
        return Outcome::Again(format!("the stable release: {failure}"));
    }
    outcome
}

async fn stable(app: &App, release: &Release) -> Result<Option<Release>, Outcome> {
    let Some(stable) = release.stable else { return Ok(None) };
    release::get(&app.pool, stable).await.map_err(|error| Outcome::again(&error))
}

/// Drains and removes what only the candidate runs on, or leaves it to be looked into when that failed. What a kept release could go back to stays, stopped.
pub(crate) async fn remove_candidate(app: &App, release: &Release) -> Result<String, Outcome> {
    let again = |error: sqlx::Error| Outcome::again(&error);
    // In this order: what undoes something may need what the candidate runs.
    job::give_up(app, release).await?;
    job::undo(app, release).await?;
    let place = (&release.app, &release.environment);
    let all = instance::of_environment(&app.pool, place).await.map_err(again)?;
    let mut candidate = member::of_content(&release.content, &all);
    if let Some(stable) = stable(app, release).await? {
        let kept = member::of_content(&stable.content, &all);
        candidate.retain(|instance| !kept.iter().any(|other| other.id == instance.id));
    }
    let mut kept = Vec::new();
    for id in release::retained(&app.pool, place).await.map_err(again)? {
        if let Some(retained) = release::get(&app.pool, id).await.map_err(again)? {
            kept.extend(member::of_content(&retained.content, &all).into_iter().map(|i| i.id));
        }
    }
    let count = candidate.len();
    let (keep, remove) = candidate.into_iter().partition(|instance| kept.contains(&instance.id));
    stop(app, release, keep, After::Keep).await?;
    let left = if wreck::is_left_by(app, release) { After::Wreck } else { After::Remove };
    stop(app, release, remove, left).await?;
    certify::end(app, release).await?;
    Ok(counted(count, "instance", "gone"))
}
