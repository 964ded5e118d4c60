//! Metrics in the text format of Prometheus. Names start with `slipway_`; labels hold names people
//! gave, never identities that grow without bound.

use parking_lot::{Mutex, MutexGuard};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use std::sync::Arc;

/// The content type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The metrics of one service. Clones share them.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Mutex<Registry>>);

impl Metrics {
    /// No metrics yet but which program this is.
    pub fn new(service: &'static str) -> Self {
        let mut registry = Registry::with_prefix("slipway");
        let build = [("service", service), ("version", env!("CARGO_PKG_VERSION"))];
        registry.register("build", "Which program this is", Info::new(build.to_vec()));
        Self(Arc::new(Mutex::new(registry)))
    }

    /// Where to register a metric, its name without prefix, unit and `_total`.
    pub fn lock(&self) -> MutexGuard<'_, Registry> {
        self.0.lock()
    }

    /// All metrics as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.0.lock()).expect("writing to a string does not fail");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::metrics::counter::Counter;

    #[test]
    fn metrics_are_text_with_our_prefix() {
        let metrics = Metrics::new("test");
        let deliveries = Counter::<u64>::default();
        metrics.lock().register("deliveries", "Webhook deliveries", deliveries.clone());
        deliveries.inc();
        let text = metrics.text();
        assert!(text.contains("slipway_deliveries_total 1\n"), "{text}");
        assert!(text.contains("slipway_build_info{service=\"test\",version="), "{text}");
    }
}
