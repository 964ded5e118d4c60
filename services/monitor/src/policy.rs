//! What a release's manifest says about watching it: what is done about differences, which may be, how
//! instances are asked whether they live, which requests they get. Pure.

use events::ServiceName;
use manifest::{DataDrift, DriftMode, Resolved, ResolvedProbe, RuntimeDrift, VolumeClass};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What a manifest says about watching.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// What is done about differences, and which may be.
    pub runtime: RuntimeDrift,
    /// How each service is asked whether it lives, if it is.
    pub live: BTreeMap<ServiceName, LiveProbe>,
    /// Services with volumes whose data matter.
    pub with_data: BTreeSet<ServiceName>,
    /// What the router should have.
    pub routes: Vec<Routed>,
    /// What is captured of its traffic, and when that is judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<DataDrift>,
}

/// When an answer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveProbe {
    /// From one question to the next, in milliseconds.
    period_ms: u64,
    /// How long after its start failures do not count, in milliseconds.
    grace_ms: u64,
    /// Bad answers in a row that are too many.
    pub failures: u32,
}

/// Requests that a service should get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routed {
    /// The hosts.
    pub hosts: BTreeSet<String>,
    /// The prefix of their paths.
    pub path_prefix: String,
    /// Who answers.
    pub service: ServiceName,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            runtime: RuntimeDrift { mode: DriftMode::Notify, ignore: Vec::new() },
            live: BTreeMap::new(),
            with_data: BTreeSet::new(),
            routes: Vec::new(),
            data: None,
        }
    }
}

impl LiveProbe {
    fn of(probe: &ResolvedProbe, start_period: Duration) -> Self {
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self {
            period_ms: millis(probe.period.duration()),
            grace_ms: millis(probe.initial_delay.duration().max(start_period)),
            failures: probe.failures,
        }
    }

    /// From one question to the next.
    pub const fn period(self) -> Duration {
        Duration::from_millis(self.period_ms)
    }

    /// How long after its start failures do not count.
    pub const fn grace(self) -> Duration {
        Duration::from_millis(self.grace_ms)
    }
}

impl Policy {
    /// The policy in the configuration of a release. One that cannot be read, of a deployer of another
    /// version, tells people and touches nothing.
    pub fn read(configuration: &str) -> Self {
        match serde_json::from_str::<Resolved>(configuration) {
            Ok(resolved) => Self::of(&resolved),
            Err(error) => {
                tracing::debug!(%error, "the configuration of a release is not readable");
                Self::default()
            }
        }
    }

    fn of(resolved: &Resolved) -> Self {
        let services = || resolved.services.iter();
        let live = services().filter_map(|(name, service)| {
            let probe = service.health.live.as_ref()?;
            Some((name.clone(), LiveProbe::of(probe, service.health.start_period.duration())))
        });
        let with_data = services().filter(|(_, service)| {
            service.volumes.iter().any(|volume| volume.class == VolumeClass::Data)
        });
        let hosts: BTreeSet<String> = resolved.hosts.iter().map(ToString::to_string).collect();
        let routed = resolved.routes.iter().map(|route| Routed {
            hosts: hosts.clone(),
            path_prefix: route.path_prefix.to_string(),
            service: route.service.clone(),
        });
        Self {
            runtime: resolved.drift.runtime.clone(),
            live: live.collect(),
            with_data: with_data.map(|(name, _)| name.clone()).collect(),
            routes: routed.collect(),
            data: resolved.drift.data.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(manifest: &str) -> Policy {
        let manifest = manifest::parse(manifest).expect("valid");
        let environment = "p".parse().expect("valid");
        let resolved = manifest::resolve(&manifest, &manifest, &environment).expect("resolved");
        Policy::read(&serde_json::to_string(&resolved).expect("JSON"))
    }

    #[test]
    fn a_manifest_says_what_is_watched_and_how() {
        let policy = policy(
            "app: a\nservices:\n  api:\n    build: { context: . }\n    http: { port: 80 }\n    volumes: [{ name: d, path: /d, class: data }]\n    \
             health: { live: { get: /live, period: 2s, failures: 4 }, start_period: 7s }\n\
             environments: { p: { track: { branch: x }, host: a.example, drift: { mode: heal, ignore: [labels.*] } } }\n",
        );
        let probe = policy.live.values().next().expect("a probe");
        assert_eq!((probe.period().as_secs(), probe.grace().as_secs(), probe.failures), (2, 7, 4));
        assert_eq!(policy.runtime.mode, DriftMode::Heal);
        assert_eq!((policy.with_data.len(), policy.routes[0].path_prefix.as_str()), (1, "/"));
    }

    #[test]
    fn what_cannot_be_read_changes_nothing() {
        assert_eq!(Policy::read("{}"), Policy::default());
        assert_eq!(Policy::default().runtime.mode, DriftMode::Notify);
    }
}
