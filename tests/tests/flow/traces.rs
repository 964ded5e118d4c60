//! What whoever collects traces gets to see of a push.

use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use stories::World;
use stories::fixture::chameleon;
use testkit::{Collector, eventually};

/// On threads of its own: while services end, the collector has to go on answering them.
#[tokio::test(flavor = "multi_thread")]
async fn a_push_is_one_trace_from_the_webhook_to_live() {
    let collector = Collector::start();
    let mut world = World::with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint())]).await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let release = world.register("shop", &repo).await.ship(&json!({"version": "one"}), 1).await;
    world.handled("monitor", "release.live", 1).await;
    // What a service still holds it sends before it ends.
    for service in ["gateway", "builder", "deployer", "monitor"] {
        world.stop(service);
    }
    let wanted = [
        "gateway POST /hooks/{source}",
        "builder process source.pushed",
        "builder build shop",
        "deployer process build.succeeded",
        "deployer starting",
        "deployer start container",
        "deployer RUN shop/production",
        "monitor process release.live",
    ];
    let told = eventually("the whole trace", Duration::from_mins(3), async || {
        let of_it = |id: &[u8]| hex(id) == release.trace_id;
        let spans = collector.spans().into_iter().filter(|(_, span)| of_it(&span.trace_id));
        let name = |service: &str, span: &str| {
            format!("{} {span}", service.trim_start_matches("slipway-"))
        };
        let names: BTreeSet<_> = spans.map(|(service, span)| name(&service, &span.name)).collect();
        wanted.iter().all(|name| names.contains(*name)).then_some(names)
    });
    assert!(told.await.len() > wanted.len());
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
