//! What runs is compared with what was released.

use proto::v1::CheckDriftRequest;
use proto::v1::environment_drift::State as Drift;
use serde_json::json;
use std::time::Duration;
use stories::World;
use stories::fixture::chameleon;
use testkit::eventually;

async fn drift_is(world: &World, wanted: Drift) -> Vec<String> {
    let name = "apps/shop/environments/production".to_owned();
    eventually(&format!("drift to be {wanted:?}"), Duration::from_mins(1), async || {
        let request = CheckDriftRequest { name: name.clone() };
        let answer = world.admin().drift.check_drift(request).await.ok()?;
        let environment = answer.into_inner().environment?;
        let reasons = environment.findings.iter().map(|finding| finding.reason.clone());
        (environment.state() == wanted).then(|| reasons.collect())
    })
    .await
}

#[tokio::test]
async fn a_container_that_was_removed_behind_our_back_is_missing() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    assert_eq!(drift_is(&world, Drift::InSync).await, Vec::<String>::new());
    let container = world.docker.running().remove(0);
    world.docker.run(&["rm", "--force", &container]);
    assert_eq!(drift_is(&world, Drift::Missing).await, ["MISSING"]);
    world.said("drift.detected", 1).await;
}
