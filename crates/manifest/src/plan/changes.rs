//! What becomes of each service.

use super::{Action, ServicePlan};
use crate::resolved::{Resolved, ResolvedService};
use crate::service::Source;
use events::ServiceName;
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) fn services(
    resolved: &Resolved,
    running: Option<&Resolved>,
) -> BTreeMap<ServiceName, ServicePlan> {
    let old = running.map(|running| &running.services);
    let gone = old.into_iter().flatten().filter(|(name, _)| !resolved.services.contains_key(*name));
    let gone = gone.map(|(name, _)| {
        let why = "the manifest does not have it any more; its volumes stay".to_owned();
        (name.clone(), ServicePlan { action: Action::Remove, why, replicas: 0 })
    });
    let here = resolved.services.iter().map(|(name, service)| {
        let (action, why) = change(service, old.and_then(|old| old.get(name)));
        (name.clone(), ServicePlan { action, why, replicas: service.replicas })
    });
    gone.chain(here).collect()
}

fn change(new: &ResolvedService, old: Option<&ResolvedService>) -> (Action, String) {
    let Some(old) = old else { return (Action::Start, "it does not run yet".to_owned()) };
    let changed = changed_keys(new, old);
    if !changed.is_empty() {
        return (Action::Replace, format!("changed: {}", changed.join(", ")));
    }
    let why = match &new.source {
        Source::Build(_) => "replaced only if its content changed".to_owned(),
        Source::Image(image) => format!("replaced only if {image} is another image now"),
    };
    (Action::ReplaceIfImageChanged, why)
}

/// The keys whose values differ. How an image is built shows in its digest.
fn changed_keys(new: &ResolvedService, old: &ResolvedService) -> Vec<String> {
    let (Ok(Value::Object(new)), Ok(Value::Object(old))) =
        (serde_json::to_value(new), serde_json::to_value(old))
    else {
        return Vec::new();
    };
    let image_changed = |key: &str| key != "source" || new[key].get("build").is_none();
    let differs = |key: &&String| old.get(*key) != new.get(*key) && image_changed(key);
    new.keys().filter(differs).cloned().collect()
}
