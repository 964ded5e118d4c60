//! Undoes what a release that goes back left half set up.

use super::{Due, Kind, Order, RunState, Setup, carry_out};
use crate::app::App;
use crate::db::release::Release;
use crate::db::{run, setup};
use crate::perform::Outcome;
use events::JobName;
use std::collections::BTreeSet;

/// Runs the `undo` of every set-up that `release` left half done, and lets one that is under way end. What cannot be
/// undone is told and holds nothing up: the next release tries it first.
pub(crate) async fn undo(app: &App, release: &Release) -> Result<(), Outcome> {
    for job in left(app, release).await.map_err(|error| Outcome::again(&error))? {
        let due = Due { job, kind: Kind::Undo };
        let run =
            carry_out(app, &Order { release, due: &due, variables: &[], errand: None }).await?;
        if run.state != RunState::Succeeded {
            tracing::warn!(release.id = %release.id, job = %run.job, reason = run.reason, message = run.message, "a set-up is not undone");
        }
    }
    Ok(())
}

async fn left(app: &App, release: &Release) -> Result<BTreeSet<JobName>, sqlx::Error> {
    let setups = setup::of(&app.pool, (&release.app, &release.environment)).await?;
    let jobs = &release.content.resolved.jobs;
    let can_be = |job: &JobName| jobs.get(job).is_some_and(|job| job.undo.is_some());
    let is_own = |(setup, by): &(Setup, _)| *setup == Setup::Failed && *by == release.id;
    let failed = setups.into_iter().filter(|(job, known)| can_be(job) && is_own(known));
    let mut left: BTreeSet<JobName> = failed.map(|(job, _)| job).collect();
    let open = run::open_of(&app.pool, release.id).await?;
    left.extend(open.into_iter().filter(|run| run.kind == Kind::Undo).map(|run| run.job));
    Ok(left)
}
