//! Whether the cache of a service is warm on this machine: a command of its own says so, in an instance that was
//! started just now, and with that how long its candidate may take.

use crate::docker::Engine;
use crate::probe::{GateInstance, Over};
use manifest::{Cache, ResolvedService};
use std::sync::OnceLock;
use tokio::time::{Instant, sleep_until};

/// What a service's command said of its cache, once it said something.
pub(super) type Warm = OnceLock<bool>;

/// When the time of a candidate of `service` is over. Its cache is asked in `asked`; without one the gate is that
/// of a cold start, as for instances that an earlier attempt started: what they filled since says nothing.
pub(super) async fn over(
    engine: &Engine,
    service: &ResolvedService,
    asked: Option<&GateInstance>,
    warm: &Warm,
) -> Over {
    let start = Instant::now();
    if let Some((cache, instance)) = service.cache.as_ref().zip(asked) {
        let is_warm = is_warm(engine, cache, instance).await;
        if *warm.get_or_init(|| is_warm) {
            sleep_until(start + cache.gate.duration()).await;
            return Over::WarmGate;
        }
    }
    sleep_until(start + service.health.gate.duration()).await;
    Over::Gate
}

async fn is_warm(engine: &Engine, cache: &Cache, instance: &GateInstance) -> bool {
    let command: Vec<String> = cache.check.iter().map(ToString::to_string).collect();
    let limit = cache.within.duration();
    match engine.exec(&instance.container_id, &command, limit).await {
        Ok(said) => said.exit_code == 0,
        // The instance ended, or its command takes too long: the gate finds out what is the matter.
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::info!(service = %instance.service, error, "the cache could not be asked; it counts as cold");
            false
        }
    }
}
