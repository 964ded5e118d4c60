use crate::instance::Instance;
use crate::table::{table, to};
use crate::world::World;

#[tokio::test]
async fn a_router_that_starts_serves_from_its_last_table() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance])]).await;
    let data = world.data.clone();
    world.ended().await;
    let world = World::on(data, |_| {}).await;
    assert_eq!(world.get("/").await.body, "a");
    let stale = world.try_apply(table(0, [])).await;
    assert!(stale.is_err());
    assert_eq!(world.stats().await.generation, 1);
}

#[tokio::test]
async fn a_damaged_table_is_put_aside_and_the_router_starts_empty() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance])]).await;
    let data = world.data.clone();
    world.ended().await;
    std::fs::write(data.path().join("router/table"), "nonsense").expect("written");
    let world = World::on(data, |_| {}).await;
    assert_eq!(world.get("/").await.status, 404);
    assert!(world.data().join("router/table.damaged").exists());
    world.apply([to(&[&instance])]).await;
    assert_eq!(world.get("/").await.body, "a");
}

#[tokio::test]
async fn a_table_that_could_not_be_saved_is_in_force_and_told_and_saved_later() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    std::fs::remove_dir_all(world.data().join("router")).expect("removed");
    world.apply([to(&[&instance])]).await;
    assert_eq!(world.get("/").await.body, "a");
    let ready = world.page("/readyz").await;
    assert_eq!(ready.status, 503);
    assert!(ready.body.contains("writing the route table"), "{}", ready.body);
    // It is as with a full disk: as soon as there is room, it is saved.
    std::fs::create_dir(world.data().join("router")).expect("made");
    world
        .until("it to be saved", async || (world.page("/readyz").await.status == 200).then_some(()))
        .await;
    assert!(world.data().join("router/table").exists());
}
