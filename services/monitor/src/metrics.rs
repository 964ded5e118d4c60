//! What the monitor counts.

use crate::judge::State;
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
        drop(registry);
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

    /// How many environments are in which state.
    pub(crate) fn environments(&self, states: &[(State, i64)]) {
        for state in State::ALL {
            let count = states.iter().filter(|(of, _)| *of == state).map(|(_, count)| count).sum();
            self.environments.get_or_create(&[("state", state.as_str())]).set(count);
        }
    }
}
