//! Runs the jobs that come before the instances: what they depend on is there first, each runs once, one after the
//! other, and one that fails ends the release.

use super::{Outcome, ready};
use crate::app::App;
use crate::db::release::{self, Release};
use crate::db::run::Run;
use crate::db::setup;
use crate::job::{Due, Order, RunState, carry_out, due, need};
use crate::{dependency, replace};
use ::release::Failure;
use events::ServiceName;
use std::collections::BTreeSet;

/// Everything that is due has run.
pub(crate) async fn run_jobs(app: &App, release: &Release) -> Result<String, Outcome> {
    let resolved = &release.content.resolved;
    let place = (&release.app, &release.environment);
    let setups = setup::of(&app.pool, place).await.map_err(|error| Outcome::again(&error))?;
    let due = due(resolved, &setups, release.id);
    let mut told = Vec::new();
    if !due.is_empty() {
        bring_up_needed(app, release, &due).await?;
    }
    for due in &due {
        let run = carry_out(app, &Order { release, due, variables: &[], errand: None }).await?;
        if run.state != RunState::Succeeded {
            return Err(Outcome::failed(failure(run)));
        }
        told.push(said(due, &run));
    }
    Ok(if told.is_empty() { "nothing to run".to_owned() } else { told.join(", ") })
}

/// What the jobs depend on answers: services of the app, where they can start beside the old ones, and what is outside.
async fn bring_up_needed(app: &App, release: &Release, due: &[Due]) -> Result<(), Outcome> {
    let resolved = &release.content.resolved;
    let mut needed = need(resolved, due);
    if let Some(stable) = release.stable {
        let stable = release::get(&app.pool, stable).await;
        let stable = stable.map_err(|error| Outcome::again(&error))?;
        let stay: BTreeSet<ServiceName> = stable
            .map(|stable| replace::stop_first(&release.content, &stable.content))
            .unwrap_or_default();
        needed.retain(|service| !stay.contains(service));
    }
    if !needed.is_empty() {
        ready::bring_up_only(app, release, |service| needed.contains(service)).await?;
    }
    let of_job = |due: &Due| resolved.jobs.get(&due.job).map(|job| &job.service);
    let services: BTreeSet<&ServiceName> = due.iter().filter_map(of_job).collect();
    for service in services.into_iter().filter_map(|name| resolved.services.get(name)) {
        dependency::wait(resolved, service).await.map_err(Outcome::failed)?;
    }
    Ok(())
}

/// Why a run did not succeed.
pub(super) fn failure(run: Run) -> Failure {
    Failure {
        service: Some(run.service.to_string()),
        exit_code: run.exit_code,
        out_of_memory: run.reason.as_deref() == Some("JOB_OUT_OF_MEMORY"),
        log_lines: run.log_lines,
        ..Failure::new(run.reason.unwrap_or_else(|| "JOB_FAILED".to_owned()), run.message)
    }
}

/// That a run succeeded.
pub(super) fn said(due: &Due, run: &Run) -> String {
    let took = run.ended_at.zip(run.started_at).map(|(end, start)| end - start);
    let seconds = took.and_then(|took| took.to_std().ok()).unwrap_or_default().as_secs_f64();
    let what = if due.kind == crate::job::Kind::Undo { "undo of " } else { "" };
    format!("{what}{} in {seconds:.2} s", due.job)
}
