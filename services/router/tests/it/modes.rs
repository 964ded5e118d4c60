use crate::instance::Instance;
use crate::table::{route, to};
use crate::world::World;
use proto::v1::route::Mode;
use std::time::{Duration, Instant};

#[tokio::test]
async fn maintenance_says_when_to_come_back() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance]).mode(Mode::Maintenance)]).await;
    let answer = world.get("/").await;
    assert_eq!(
        (answer.status.as_u16(), &answer.headers["retry-after"]),
        (503, &"5".parse().expect("a value"))
    );
    assert_eq!(instance.requests(), 0);
}

#[tokio::test]
async fn a_paused_route_holds_requests_until_there_is_another_table() {
    let (old, new) = (Instance::start("old").await, Instance::start("new").await);
    let world = World::start().await;
    world.apply([to(&[&old]).paused(Duration::from_mins(5))]).await;
    let begun = Instant::now();
    let (held, ()) = tokio::join!(world.post("/echo", "kept"), async {
        world.until("it to wait", async || (world.befell().await.held == 1).then_some(())).await;
        world.apply([to(&[&new])]).await;
    });
    assert_eq!((held.status.as_u16(), held.body.as_str()), (200, "kept"));
    assert_eq!((old.requests(), new.requests()), (0, 1));
    assert!(begun.elapsed() < Duration::from_mins(2), "it waited for its limit");
}

#[tokio::test]
async fn nothing_is_held_longer_than_the_limit() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance]).paused(Duration::from_millis(100))]).await;
    let (held, ()) = tokio::join!(world.get("/"), async {
        // Another table in which the route is paused does not start the time anew.
        world
            .apply([to(&[&instance]).paused(Duration::from_millis(100)), route("else").host("x")])
            .await;
    });
    assert_eq!(held.status, 503);
    assert!(held.body.contains("HELD_TOO_LONG"), "{}", held.body);
}
