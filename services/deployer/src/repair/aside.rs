//! Containers that make room for their successor: renamed, still serving, removed when it has the requests,
//! and named back when it never got them. What does not have our labels is never touched.

use super::Repair;
use crate::app::App;
use crate::db::repair;
use crate::docker::{EngineError, InstanceFacts, label};
use crate::perform::Outcome;
use crate::spec::InstanceSpec;
use std::time::Duration;

/// Puts aside what is where the instance should be: its container, and what of ours has its name.
pub(super) async fn put(
    app: &App,
    repair: &Repair,
    spec: &InstanceSpec,
    container_id: Option<&str>,
) -> Result<Vec<String>, Outcome> {
    let name = spec.container_name();
    let mut aside = repair.aside.clone();
    for at in container_id.into_iter().chain([name.as_str()]) {
        let Some(found) = find(app, at).await? else { continue };
        let is_successor = found.labels.get(label::UID) == Some(&repair.successor.to_string());
        if is_ours(&found, spec) && !is_successor && !aside.contains(&found.container_id) {
            aside.push(found.container_id);
        }
    }
    // Known before it is done, so that a crash leaves nothing unknown.
    repair::put_aside(&app.pool, repair.id, &aside)
        .await
        .map_err(|error| Outcome::again(&error))?;
    for container in &aside {
        let Some(found) = find(app, container).await? else { continue };
        if found.name == name {
            let renamed = rename(app, container, &aside_name(&name, container)).await;
            renamed.map_err(|error| Outcome::again(&error))?;
        }
    }
    Ok(aside)
}

/// Stops and removes what was put aside: nothing asks it any more.
pub(super) async fn clear(
    app: &App,
    aside: &[String],
    spec: &InstanceSpec,
    grace: Duration,
) -> Result<(), Outcome> {
    for container in aside {
        let Some(found) = find(app, container).await? else { continue };
        if !is_ours(&found, spec) {
            continue;
        }
        let again = |error: EngineError| Outcome::again(&error);
        app.engine.stop(container, grace).await.map_err(again)?;
        app.engine.remove(container).await.map_err(again)?;
    }
    Ok(())
}

/// The successor goes and what was put aside has its name again; where the name has another owner of ours
/// by now, what was put aside goes too.
pub(super) async fn put_back(
    app: &App,
    repair: &Repair,
    spec: &InstanceSpec,
    grace: Duration,
) -> Result<(), Outcome> {
    let again = |error: EngineError| Outcome::again(&error);
    let name = spec.container_name();
    let mut holder = find(app, &name).await?;
    if let Some(found) = &holder
        && is_ours(found, spec)
        && found.labels.get(label::UID) == Some(&repair.successor.to_string())
    {
        app.engine.remove(&found.container_id).await.map_err(again)?;
        holder = None;
    }
    match holder {
        None => {
            let Some(container) = repair.aside.first() else { return Ok(()) };
            if find(app, container).await?.is_some() {
                app.engine.rename(container, &name).await.map_err(again)?;
            }
            clear(app, &repair.aside[1..], spec, grace).await
        }
        Some(found) if repair.aside.contains(&found.container_id) => Ok(()),
        // A release has made the instance anew meanwhile.
        Some(found) if is_ours(&found, spec) => clear(app, &repair.aside, spec, grace).await,
        Some(_) => Ok(()),
    }
}

async fn find(app: &App, container: &str) -> Result<Option<InstanceFacts>, Outcome> {
    app.engine.find(container).await.map_err(|error| Outcome::again(&error))
}

fn is_ours(found: &InstanceFacts, spec: &InstanceSpec) -> bool {
    label::is_ours(&found.labels, &spec.labels())
}

/// The engine does not find the network of one that ends and starts again all the time, and refuses to rename it:
/// it serves nobody, so it is ended for good first.
async fn rename(app: &App, container: &str, name: &str) -> Result<(), EngineError> {
    match app.engine.rename(container, name).await {
        Err(error) if error.status() == Some(404) => {
            app.engine.stop(container, Duration::ZERO).await?;
            app.engine.rename(container, name).await
        }
        renamed => renamed,
    }
}

/// Names of containers may be longer than names of ours.
fn aside_name(name: &str, container: &str) -> String {
    format!("{name}.aside.{}", container.get(..12).unwrap_or(container))
}
