use crate::instance::Instance;
use crate::table::to;
use crate::world::{PATIENCE, World};
use proto::v1::RouteStats;
use std::time::Duration;

const SOON: Duration = Duration::from_millis(50);
const LONG: Duration = PATIENCE;

#[tokio::test]
async fn an_instance_is_drained_when_its_last_request_is_answered() {
    let (old, new) = (Instance::start("old").await, Instance::start("new").await);
    let world = World::start().await;
    world.apply([to(&[&old])]).await;
    let (held, ()) = tokio::join!(world.get("/held"), async {
        old.received(1).await;
        world.apply([to(&[&new])]).await;
        assert_eq!(world.drained(&[&old], SOON).await, [1]);
        assert_eq!(world.get("/").await.body, "new");
        old.answer_one();
        assert!(world.drained(&[&old, &new], LONG).await.is_empty());
    });
    assert_eq!(held.body, "old");
}

#[tokio::test]
async fn an_answer_counts_until_it_is_sent() {
    let (old, new) = (Instance::start("old").await, Instance::start("new").await);
    let world = World::start().await;
    world.apply([to(&[&old])]).await;
    let mut events = world.raw("GET /events HTTP/1.1\r\nhost: shop\r\n\r\n").await;
    old.tell("one;");
    events.until("one;").await;
    world.apply([to(&[&new])]).await;
    assert_eq!(world.drained(&[&old], SOON).await, [1]);
    old.tell("two;");
    events.until("two;").await;
    drop(events);
    assert!(world.drained(&[&old], LONG).await.is_empty());
}

#[tokio::test]
async fn an_instance_nobody_knows_is_drained() {
    let stranger = Instance::start("stranger").await;
    assert!(World::start().await.drained(&[&stranger], LONG).await.is_empty());
}

#[tokio::test]
async fn idle_connections_to_an_instance_that_left_are_closed() {
    let (old, new) = (Instance::start("old").await, Instance::start("new").await);
    let world = World::start().await;
    world.apply([to(&[&old])]).await;
    world.get("/").await;
    world.apply([to(&[&new])]).await;
    world.get("/").await;
    world.apply([to(&[&old])]).await;
    world.get("/").await;
    assert_eq!((old.requests(), old.connections()), (2, 2));
}

#[tokio::test]
async fn what_was_with_an_instance_that_left_is_drained_or_cut() {
    let (old, new) = (Instance::start("old").await, Instance::start("new").await);
    let world = World::start().await;
    world.apply([to(&[&old])]).await;
    tokio::join!(world.get("/held"), async {
        old.received(1).await;
        world.apply([to(&[&new])]).await;
        old.answer_one();
        assert!(world.drained(&[&old], LONG).await.is_empty());
    });
    tokio::join!(world.get("/held"), async {
        new.received(1).await;
        world.apply([to(&[&old])]).await;
        assert_eq!(world.drained(&[&new], SOON).await, [1]);
        new.answer_one();
        assert!(world.drained(&[&new], LONG).await.is_empty());
    });
    let wanted = RouteStats { requests: 2, drained: 1, cut: 1, ..RouteStats::default() };
    assert_eq!(world.befell().await, wanted);
}
