//! What the monitor counts.

use crate::data::Verdict;
use crate::judge::State;
use crate::reason::Reason;
use chrono::{DateTime, Utc};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

type Labels = [(&'static str, &'static str); 1];

/// What the monitor counts.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    looks: Family<Labels, Counter>,
    environments: Family<Labels, Gauge>,
    last_look: Gauge,
    findings: Family<Labels, Gauge>,
    repairs: Family<[(&'static str, String); 2], Counter>,
    withheld: Family<Labels, Counter>,
    probes: Family<Labels, Counter>,
    comparisons: Family<Labels, Counter>,
}

impl Metrics {
    /// The metrics, registered, each series present from the start.
    pub(crate) fn register(all: &service::metrics::Metrics) -> Self {
        let metrics = Self::default();
        let mut registry = all.lock();
        registry.register("drift_looks", "Looks at an environment", metrics.looks.clone());
        registry.register(
            "drift_environments",
            "Environments by state",
            metrics.environments.clone(),
        );
        registry.register(
            "drift_last_scan_timestamp_seconds",
            "When an environment was looked at last",
            metrics.last_look.clone(),
        );
        registry.register("drift_findings", "What differs, by reason", metrics.findings.clone());
        registry.register(
            "drift_repairs",
            "Repairs that ended, by kind and outcome",
            metrics.repairs.clone(),
        );
        registry.register(
            "drift_heals_withheld",
            "Differences that are not healed, by reason",
            metrics.withheld.clone(),
        );
        registry.register(
            "instance_probes",
            "Answers to the question of liveness",
            metrics.probes.clone(),
        );
        registry.register(
            "drift_comparisons",
            "Comparisons of captured traffic with its reference, by verdict",
            metrics.comparisons.clone(),
        );
        drop(registry);
        for verdict in [Verdict::Drift, Verdict::NoDrift, Verdict::InsufficientData] {
            drop(metrics.comparisons.get_or_create(&[("verdict", verdict.as_str())]));
        }
        for result in ["good", "bad"] {
            drop(metrics.probes.get_or_create(&[("result", result)]));
        }
        metrics.findings(&[]);
        for result in ["success", "failure"] {
            drop(metrics.looks.get_or_create(&[("result", result)]));
        }
        metrics.environments(&[]);
        metrics
    }

    /// One more look.
    pub(crate) fn looked(&self, success: bool, at: DateTime<Utc>) {
        let result = if success { "success" } else { "failure" };
        self.looks.get_or_create(&[("result", result)]).inc();
        if success {
            self.last_look.set(at.timestamp());
        }
    }

    /// How many findings of each reason were told of.
    pub(crate) fn findings(&self, counts: &[(String, i64)]) {
        for reason in Reason::ALL.map(Reason::as_str) {
            let count = counts.iter().find(|(of, _)| of == reason).map_or(0, |(_, count)| *count);
            self.findings.get_or_create(&[("reason", reason)]).set(count);
        }
    }

    /// A repair ended.
    pub(crate) fn repaired(&self, kind: &'static str, outcome: &str) {
        let labels = [("kind", kind.to_owned()), ("outcome", outcome.to_owned())];
        self.repairs.get_or_create(&labels).inc();
    }

    /// Something differs and is not healed.
    pub(crate) fn withheld(&self, reason: &'static str) {
        self.withheld.get_or_create(&[("reason", reason)]).inc();
    }

    /// Captured traffic was compared.
    pub(crate) fn compared(&self, verdict: Verdict) {
        self.comparisons.get_or_create(&[("verdict", verdict.as_str())]).inc();
    }

    /// An instance answered whether it lives.
    pub(crate) fn asked(&self, good: bool) {
        let result = if good { "good" } else { "bad" };
        self.probes.get_or_create(&[("result", result)]).inc();
    }

    /// How many environments are in which state.
    pub(crate) fn environments(&self, states: &[(State, i64)]) {
        for state in State::ALL {
            let count = states.iter().filter(|(of, _)| *of == state).map(|(_, count)| count).sum();
            self.environments.get_or_create(&[("state", state.as_str())]).set(count);
        }
    }
}
