//! What is counted of events.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use service::metrics::Metrics;

/// What became of events that were heard or said.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts(Family<[(&'static str, &'static str); 1], Counter>);

impl Counts {
    pub(crate) fn register(&self, metrics: &Metrics) {
        let help = "Events by what became of them: handled, duplicate, retried, parked, published";
        metrics.lock().register("events", help, self.0.clone());
    }

    pub(crate) fn add(&self, outcome: &'static str) {
        self.0.get_or_create(&[("outcome", outcome)]).inc();
    }
}
