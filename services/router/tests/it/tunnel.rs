use crate::instance::Instance;
use crate::table::to;
use crate::world::{PATIENCE, World};
use std::time::Duration;

const UPGRADE: &str = "GET /upgrade HTTP/1.1\r\nhost: shop\r\nconnection: keep-alive, Upgrade\r\nupgrade: echo\r\n\r\n";

#[tokio::test]
async fn a_tunnel_outlives_a_switch_and_counts_until_it_ends() {
    let (old, new) = (Instance::start("old").await, Instance::start("new").await);
    let world = World::start().await;
    let timeout = Duration::from_secs(5);
    world.apply([to(&[&old]).timeout(timeout)]).await;
    let mut tunnel = world.raw(UPGRADE).await;
    assert!(tunnel.until("\r\n\r\n").await.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
    world.apply([to(&[&new])]).await;
    assert_eq!(world.drained(&[&old], timeout + Duration::from_millis(300)).await, [1]);
    tunnel.write("still here").await;
    assert_eq!(tunnel.until("here").await, "still here");
    drop(tunnel);
    assert!(world.drained(&[&old], PATIENCE).await.is_empty());
}

#[tokio::test]
async fn bytes_sent_before_the_answer_are_not_lost() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance])]).await;
    let mut tunnel = world.raw(&[UPGRADE, "early"].concat()).await;
    tunnel.until("\r\n\r\n").await;
    assert_eq!(tunnel.until("early").await, "early");
}

#[tokio::test]
async fn an_upgrade_that_is_declined_is_an_answer_like_others() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance])]).await;
    let head = UPGRADE.replace("/upgrade", "/headers").replace("keep-alive", "close");
    let answer = world.raw(&head).await.rest().await;
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("upgrade: echo"),
        "{answer}"
    );
}
