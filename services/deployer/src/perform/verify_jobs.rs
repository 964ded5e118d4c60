//! The jobs that try the candidate, in containers of their own beside it: before users see it, and, where the manifest
//! says so, once more when they are all on it. Each runs once, one after the other, and one that fails ends the release.

use super::Outcome;
use super::run_jobs::{failure, said};
use crate::app::App;
use crate::candidate;
use crate::db::release::Release;
use crate::job::{Due, Kind, Order, RunState, carry_out};

/// All that are wanted have run and are content; what is told of each.
pub(super) async fn verify_by_jobs(
    app: &App,
    release: &Release,
    kind: Kind,
) -> Result<Vec<String>, Outcome> {
    let resolved = &release.content.resolved;
    let wanted = resolved.verifying_jobs().filter(|(_, job)| kind == Kind::Verify || job.again);
    let mut told = Vec::new();
    for (name, job) in wanted {
        let instances = candidate::instances(app, release).await;
        let instances = instances.map_err(|error| Outcome::again(&error))?;
        let variables = candidate::variables(resolved, &job.service, &instances);
        let due = Due { job: name.clone(), kind };
        let order = Order { release, due: &due, variables: &variables, errand: None };
        let run = carry_out(app, &order).await?;
        if run.state != RunState::Succeeded {
            return Err(Outcome::failed(failure(run)));
        }
        told.push(said(&due, &run));
    }
    Ok(told)
}
