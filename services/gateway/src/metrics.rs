//! What is counted.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use service::metrics::Metrics;

type ByLabel = Family<[(&'static str, &'static str); 1], Counter>;

/// What is counted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    deliveries: ByLabel,
    changes: ByLabel,
    looks: ByLabel,
    parked: Family<[(&'static str, String); 1], Gauge>,
}

impl Counts {
    pub(crate) fn registered(metrics: &Metrics) -> Self {
        let counts = Self::default();
        let mut registry = metrics.lock();
        registry.register(
            "deliveries",
            "Webhook requests by what became of them",
            counts.deliveries.clone(),
        );
        registry.register("changes", "Changes by what made them appear", counts.changes.clone());
        registry.register("looks", "Looks at remote heads by result", counts.looks.clone());
        let help = "Events that were put aside, by the service that did";
        registry.register("parked_events", help, counts.parked.clone());
        drop(registry);
        counts
    }

    /// A webhook request was answered: `accepted`, `ignored`, `duplicate` or the reason of a refusal.
    pub(crate) fn delivery(&self, outcome: &'static str) {
        self.deliveries.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// A change was made.
    pub(crate) fn change(&self, cause: &'static str) {
        self.changes.get_or_create(&[("cause", cause)]).inc();
    }

    /// Remote heads were looked at: `ok` or `failed`.
    pub(crate) fn look(&self, result: &'static str) {
        self.looks.get_or_create(&[("result", result)]).inc();
    }

    /// So many events are put aside by each service.
    pub(crate) fn parked(&self, counts: &[(String, i64)]) {
        self.parked.clear();
        for (service, count) in counts {
            self.parked.get_or_create(&[("service", service.clone())]).set(*count);
        }
    }
}
