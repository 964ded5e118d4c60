use crate::instance::Instance;
use crate::table::to;
use crate::world::{PATIENCE, World};
use router::Limits;
use std::time::Duration;

const CHUNKED: &str = "POST /count HTTP/1.1\r\nhost: shop\r\ntransfer-encoding: chunked\r\n\r\n";

#[tokio::test]
async fn a_body_that_says_it_is_too_long_does_not_reach_the_instance() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance]).max_body(10)]).await;
    assert_eq!(world.post("/count", "0123456789").await.body, "10");
    assert_eq!(world.post("/count", "0123456789x").await.status, 413);
    assert_eq!(instance.requests(), 1);
}

#[tokio::test]
async fn a_chunked_body_is_cut_where_it_gets_too_long() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance]).max_body(10)]).await;
    let mut client = world.raw(CHUNKED).await;
    client.write("6\r\n012345\r\n6\r\n012345\r\n0\r\n\r\n").await;
    assert_eq!(client.until("\r\n").await, "HTTP/1.1 413 Payload Too Large\r\n");
}

#[tokio::test]
async fn a_body_that_stops_coming_is_not_waited_for() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance]).timeout(Duration::from_millis(100))]).await;
    let mut client = world.raw(CHUNKED).await;
    client.write("6\r\n012345\r\n").await;
    assert_eq!(client.until("\r\n").await, "HTTP/1.1 408 Request Timeout\r\n");
}

#[tokio::test]
async fn a_body_that_keeps_coming_may_take_longer_than_the_answer() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance]).timeout(Duration::from_secs(5))]).await;
    let mut client = world.raw(CHUNKED).await;
    // Its slowness is what is tried.
    for _ in 0..9 {
        tokio::time::sleep(Duration::from_millis(600)).await;
        client.write("1\r\nx\r\n").await;
    }
    client.write("0\r\n\r\n").await;
    assert_eq!(client.until("\r\n").await, "HTTP/1.1 200 OK\r\n");
}

#[tokio::test]
async fn an_instance_that_does_not_answer_in_time_is_not_waited_for() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance]).timeout(Duration::from_millis(100))]).await;
    let answer = world.get("/held").await;
    assert_eq!(answer.status, 504);
    assert!(answer.body.contains("TIMED_OUT"), "{}", answer.body);
    assert!(world.drained(&[&instance], PATIENCE).await.is_empty());
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let world = World::start().await;
    let head = format!("GET / HTTP/1.1\r\nhost: shop\r\nx: {}\r\n\r\n", "x".repeat(40 * 1024));
    let answer = world.raw(&head).await.until("\r\n").await;
    assert_eq!(answer, "HTTP/1.1 431 Request Header Fields Too Large\r\n");
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let limits = Limits { head_timeout: Duration::from_millis(200), ..Limits::default() };
    let world = World::with(|config| config.limits = limits).await;
    assert_eq!(world.raw("").await.rest().await, "");
    assert_eq!(world.raw("GET / HTT").await.rest().await, "");
}

#[tokio::test]
async fn an_idle_connection_is_closed_but_not_one_that_waits_for_its_answer() {
    let instance = Instance::start("a").await;
    let limits = Limits { idle_timeout: Duration::from_millis(500), ..Limits::default() };
    let world = World::with(|config| config.limits = limits).await;
    world.apply([to(&[&instance])]).await;
    let idle = world.raw("GET / HTTP/1.1\r\nhost: shop\r\n\r\n").await;
    let mut busy = world.raw("GET /held HTTP/1.1\r\nhost: shop\r\n\r\n").await;
    assert!(idle.rest().await.starts_with("HTTP/1.1 200 OK\r\n"));
    instance.answer_one();
    assert_eq!(busy.until("\r\n").await, "HTTP/1.1 200 OK\r\n");
}

#[tokio::test]
async fn there_are_no_more_connections_than_allowed() {
    let instance = Instance::start("a").await;
    let limits = Limits { connections: 1, ..Limits::default() };
    let world = World::with(|config| config.limits = limits).await;
    world.apply([to(&[&instance])]).await;
    let first = world.raw("GET / HTTP/1.1\r\nhost: shop\r\n\r\n").await;
    instance.received(1).await;
    let second = world.raw("GET / HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n").await;
    // There is nothing to wait for: it must not come.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(instance.requests(), 1);
    drop(first);
    assert!(second.rest().await.starts_with("HTTP/1.1 200 OK\r\n"));
}
