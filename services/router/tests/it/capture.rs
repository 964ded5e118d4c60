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
    // Until there are more than are read at once and may wait, however long that takes.
    while world.samples("dropped").await == 0 {
        for id in 0..100_u32 {
            let body = format!("{{\"amount\": {id}}}");
            let answer = world.post_json("/echo", body.clone()).await;
            assert_eq!(answer.body, body);
        }
    }
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

#[tokio::test]
async fn what_each_release_predicts_is_counted_while_they_are_compared() {
    let [stable, candidate] = [Instance::start("a").await, Instance::start("b").await];
    let world = World::with(|config| config.nats_url = Some(Secret::new(NOWHERE))).await;
    let both = to(&[&stable]).predicted("/size", "/bytes").candidate(&[&candidate]);
    world.apply([both.predicted("/size", "/bytes")]).await;
    for amount in [1, 1, 22] {
        world.post_json("/size", format!("{{\"amount\": {amount}}}")).await;
    }
    let counted = world.until("all to be counted", async || {
        let predictions = world.stats().await.predictions;
        let numbers = predictions.into_iter().filter_map(|of| of.predictions);
        let numbers: Vec<_> =
            numbers.flat_map(|of| of.numbers).map(|of| (of.number, of.count)).collect();
        (numbers.iter().map(|(_, count)| count).sum::<u64>() == 3).then_some(numbers)
    });
    assert_eq!(counted.await, [(13.0, 2), (14.0, 1)]);
}
