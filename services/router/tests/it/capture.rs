use crate::instance::Instance;
use crate::table::to;
use crate::world::World;
use service::Secret;

/// Nobody listens there.
const NOWHERE: &str = "nats://127.0.0.1:1";

#[tokio::test]
async fn requests_are_answered_while_nobody_takes_what_is_captured() {
    let instance = Instance::start("a").await;
    let world = World::with(|config| config.nats_url = Some(Secret::new(NOWHERE))).await;
    world.apply([to(&[&instance]).captured("/echo")]).await;
    for id in 0..2_500_u32 {
        let body = format!("{{\"amount\": {id}}}");
        let answer = world.post_json("/echo", body.clone()).await;
        assert_eq!(answer.body, body);
    }
    // More than are read at once and may wait.
    assert!(world.samples("dropped").await > 500);
    assert_eq!(world.samples("published").await, 0);
}

#[tokio::test]
async fn what_is_too_large_passes_and_is_not_captured() {
    let instance = Instance::start("a").await;
    let world = World::with(|config| config.nats_url = Some(Secret::new(NOWHERE))).await;
    world.apply([to(&[&instance]).captured("/echo")]).await;
    let body = format!("{{\"amount\": \"{}\"}}", "x".repeat(100_000));
    assert_eq!(world.post_json("/echo", body.clone()).await.body, body);
    assert_eq!(world.samples("unreadable").await, 1);
}
