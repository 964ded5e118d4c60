use crate::instance::Instance;
use crate::table::to;
use crate::world::World;
use std::time::Duration;

#[tokio::test]
async fn what_is_in_flight_is_finished_and_what_is_idle_closed() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance])]).await;
    let mut idle = world.raw("GET / HTTP/1.1\r\nhost: shop\r\n\r\n").await;
    idle.until("\r\n\r\na").await;
    let busy = world.raw("GET /held HTTP/1.1\r\nhost: shop\r\n\r\n").await;
    instance.received(2).await;
    world.stop();
    assert_eq!(idle.rest().await, "");
    instance.answer_one();
    assert!(busy.rest().await.ends_with("\r\n\r\na"));
    world.ended().await;
}

#[tokio::test]
async fn what_does_not_end_is_ended_at_the_deadline() {
    let instance = Instance::start("a").await;
    let world = World::with(|config| config.drain = Duration::from_millis(100)).await;
    world.apply([to(&[&instance])]).await;
    let busy = world.raw("GET /held HTTP/1.1\r\nhost: shop\r\n\r\n").await;
    let head =
        "GET /upgrade HTTP/1.1\r\nhost: shop\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
    let mut tunnel = world.raw(head).await;
    tunnel.until("\r\n\r\n").await;
    instance.received(2).await;
    world.ended().await;
    assert_eq!(busy.rest().await, "");
    assert_eq!(tunnel.rest().await, "");
}
