//! A check: a stage of a Dockerfile that must build before anything is released. No image is kept, and a
//! check that passed with the same content is not run again.

use crate::db;
use crate::engine::query::Order;
use crate::failure::{Reason, Stop};
use crate::run::image::{NotBuilt, access, order, send, stop};
use crate::run::plan::Plan;
use crate::run::source::Commit;
use crate::run::{Task, content};
use manifest::Check;

/// Runs one check.
pub async fn run(task: Task<'_>, commit: &Commit, plan: &Plan, check: &Check) -> Result<(), Stop> {
    task.recorder.step(format!("check {}", check.name), build(task, commit, plan, check)).await
}

async fn build(task: Task<'_>, commit: &Commit, plan: &Plan, check: &Check) -> Result<(), Stop> {
    let app = &task.build.identity.app;
    let service = plan.manifest.service_of(check);
    let build = service.and_then(|name| Some((name, plan.manifest.services[name].source.build()?)));
    let Some((service, build)) = build else {
        let message = format!("check {}: no service is built that has its stage", check.name);
        return Err(Stop::failed(Reason::CheckFailed, message));
    };
    let prepared = content::prepare(task, commit, plan, (service, build)).await?;
    let key = prepared.key(Some(check.target.as_str()));
    if let Some(key) = &key
        && db::passed_check::is_known(&task.app.pool, app, check.name.as_str(), key).await?
    {
        task.recorder.line(format!("check {} passed with the same content before", check.name));
        return Ok(());
    }
    let order = Order { target: Some(check.target.as_str().to_owned()), ..order(task, &prepared) };
    let called = format!("check {}", check.name);
    let work =
        send(task, (commit, plan), &prepared, &order, (access(commit, plan, build), &called));
    let limit = check.timeout.duration();
    let done = tokio::time::timeout(limit, work).await.unwrap_or(Err(NotBuilt::Timeout(limit)));
    done.map_err(|error| stop(&error, Reason::CheckFailed, service, &called))?;
    if let Some(key) = &key {
        db::passed_check::remember(&task.app.pool, app, check.name.as_str(), key).await?;
    }
    Ok(())
}
