//! Which services of a new release take the place of which old ones, and in what order. Pure.

use crate::content::Content;
use events::ServiceName;
use manifest::{Replace, Strategy};
use std::collections::BTreeSet;

/// The services of `old` that must stop before `new` starts: all changed ones when the strategy says so,
/// else those that cannot run twice.
pub(crate) fn stop_first(new: &Content, old: &Content) -> BTreeSet<ServiceName> {
    let recreate = new.resolved.strategy == Strategy::Recreate;
    let mut changed = new.changed_from(Some(old));
    changed.retain(|service| old.resolved.services.contains_key(service));
    changed.retain(|service| {
        let runs_once = |content: &Content| {
            let service = content.resolved.services.get(service);
            service.is_some_and(|service| service.replace == Replace::StopFirst)
        };
        recreate || runs_once(new) || runs_once(old)
    });
    changed
}
