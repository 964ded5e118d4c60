//! Whether the machine has room for a release beside what runs. Pure.

use crate::docker::Capacity;
use events::ServiceName;
use manifest::{Action, Bytes, Plan, Resolved, Strategy};
use release::Failure;

/// What is wanted beside what runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Bytes of disk that have to stay free.
    pub(crate) disk_floor: u64,
    /// Bytes of memory that new instances may use by their limits; those without a limit count for nothing.
    pub(crate) memory: u64,
}

/// What the services of a plan may use beside what runs: what surely starts, and with what only may.
pub(crate) fn wanted(resolved: &Resolved, plan: &Plan, disk_floor: u64) -> [Wanted; 2] {
    let memory = |actions: &[Action]| {
        let is_meant = |name: &ServiceName| {
            plan.services.get(name).is_some_and(|it| actions.contains(&it.action))
        };
        let beside = resolved.strategy != Strategy::Recreate;
        let meant = resolved.services.iter().filter(|(name, _)| beside && is_meant(name));
        let limits = meant.filter_map(|(_, it)| Some(it.resources.memory?.times(it.replicas)));
        Wanted { disk_floor, memory: limits.map(Bytes::get).sum() }
    };
    let surely = [Action::Start, Action::Replace];
    [memory(&surely), memory(&[surely.as_slice(), &[Action::ReplaceIfImageChanged]].concat())]
}

/// Says what is missing and what to do. What is not known is not missing.
pub(crate) fn refused(there: &Capacity, wanted: Wanted) -> Option<Failure> {
    let Wanted { disk_floor, memory } = wanted;
    if let Some(free) = there.disk_free.filter(|free| *free < disk_floor) {
        let message = format!(
            "the engine's disk has {} MiB free, {} MiB are needed; free some, or lower SLIPWAY_DISK_FLOOR",
            mib(free),
            mib(disk_floor)
        );
        return Some(Failure::new("DISK_LOW", message));
    }
    let available = there.memory_available.filter(|available| *available < memory)?;
    let message = format!(
        "the new instances may use {} MiB beside the old ones and the machine has {} MiB left; lower \
         `resources.memory`, stop something, or let `strategy: recreate` stop the old ones first",
        mib(memory),
        mib(available)
    );
    Some(Failure::new("MEMORY_LOW", message))
}

fn mib(bytes: u64) -> u64 {
    bytes / (1024 * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn told(disk_floor: u64, memory: u64) -> String {
        let there = Capacity {
            disk_free: Some(100 * MIB),
            memory_available: Some(512 * MIB),
            ..Capacity::default()
        };
        let wanted = Wanted { disk_floor: disk_floor * MIB, memory: memory * MIB };
        refused(&there, wanted).map_or_else(|| "room".to_owned(), |failure| failure.to_string())
    }

    #[test]
    fn what_is_missing_is_told() {
        insta::assert_snapshot!(told(100, 512), @"room");
        insta::assert_snapshot!(told(101, 0), @"DISK_LOW: the engine's disk has 100 MiB free, 101 MiB are needed; free some, or lower SLIPWAY_DISK_FLOOR");
        insta::assert_snapshot!(told(0, 513), @"MEMORY_LOW: the new instances may use 513 MiB beside the old ones and the machine has 512 MiB left; lower `resources.memory`, stop something, or let `strategy: recreate` stop the old ones first");
    }

    #[test]
    fn what_may_start_is_told_apart_from_what_surely_does() {
        let text = |memory: &str| {
            format!(
                "app: shop\nservices: {{ api: {{ build: ., replicas: 2, resources: {{ memory: {memory} }} }}, \
                 db: {{ build: ., resources: {{ memory: 64MiB }} }} }}\n\
                 environments: {{ production: {{ track: {{ branch: main }} }} }}"
            )
        };
        let resolved = |memory| {
            let manifest = manifest::parse(&text(memory)).expect("a manifest");
            let environment = manifest.environments.keys().next().expect("one");
            manifest::resolve(&manifest, &manifest, environment).expect("it resolves")
        };
        let (old, new) = (resolved("100MiB"), resolved("200MiB"));
        let plan = manifest::plan(&new, Some(&old));
        let memory = wanted(&new, &plan, 0).map(|wanted| wanted.memory / MIB);
        assert_eq!(memory, [400, 464], "db is kept unless its image changed");
        let recreate = Resolved { strategy: Strategy::Recreate, ..new };
        assert_eq!(wanted(&recreate, &plan, 0)[1].memory, 0, "nothing runs beside the other");
    }

    #[test]
    fn what_is_not_known_is_not_missing() {
        let wanted = Wanted { disk_floor: MIB, memory: MIB };
        assert_eq!(refused(&Capacity::default(), wanted), None);
    }
}
