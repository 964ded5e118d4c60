//! What is counted.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Unit;
use service::metrics::Metrics;

/// Bounds of the duration buckets: from a build of nothing new to one of a large model.
const SECONDS: [f64; 9] = [0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0];

/// What is counted.
#[derive(Debug, Clone)]
pub struct Counts {
    ended: Family<[(&'static str, &'static str); 2], Counter>,
    duration: Histogram,
}

impl Counts {
    /// Counts that `metrics` shows.
    pub fn registered(metrics: &Metrics) -> Self {
        let counts = Self { ended: Family::default(), duration: Histogram::new(SECONDS) };
        let mut registry = metrics.lock();
        let (ended, duration) = (counts.ended.clone(), counts.duration.clone());
        registry.register("builds", "Builds that ended, by state and reason", ended);
        let help = "Time from claim to end of builds that this process worked on";
        registry.register_with_unit("build_duration", help, Unit::Seconds, duration);
        drop(registry);
        counts
    }

    /// A build ended.
    pub fn ended(&self, state: &'static str, reason: Option<&'static str>) {
        let labels = [("state", state), ("reason", reason.unwrap_or_default())];
        self.ended.get_or_create(&labels).inc();
    }

    /// This process worked so long on a build.
    pub fn worked(&self, seconds: f64) {
        self.duration.observe(seconds);
    }
}
