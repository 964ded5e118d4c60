use crate::instance::Instance;
use crate::table::to;
use crate::world::World;
use std::time::Duration;

/// Long enough for an instance to begin its answer, also on a busy machine.
const IN_TIME: Duration = Duration::from_secs(5);

#[tokio::test]
async fn large_bodies_pass_both_ways_unchanged() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance])]).await;
    let body = "0123456789abcdef".repeat(1 << 16);
    assert!(world.post("/echo", body.clone()).await.body == body);
    assert_eq!(world.get("/large").await.body.len(), 3 << 20);
}

#[tokio::test]
async fn chunked_bodies_pass_as_they_come() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance])]).await;
    let head = "POST /echo HTTP/1.1\r\nhost: shop\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut client = world.raw(head).await;
    client.write("3\r\none\r\n").await;
    assert!(client.until("one\r\n").await.contains("transfer-encoding: chunked"));
    client.write("3\r\ntwo\r\n0\r\n\r\n").await;
    assert_eq!(client.until("0\r\n\r\n").await, "3\r\ntwo\r\n0\r\n\r\n");
}

#[tokio::test]
async fn events_are_not_held_back() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance]).timeout(IN_TIME)]).await;
    let mut events = world.raw("GET /events HTTP/1.1\r\nhost: shop\r\n\r\n").await;
    assert!(events.until("\r\n\r\n").await.contains("text/event-stream"));
    // Its silence is what is tried.
    tokio::time::sleep(IN_TIME + Duration::from_millis(200)).await;
    for event in ["data: 1\n\n", "data: 2\n\n"] {
        instance.tell(event);
        events.until(event).await;
    }
}

#[tokio::test]
async fn an_answer_that_stops_coming_is_broken_off() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance]).timeout(IN_TIME)]).await;
    let answer = world.raw("GET /half HTTP/1.1\r\nhost: shop\r\n\r\n").await.rest().await;
    assert!(answer.ends_with("4\r\nhalf\r\n"), "{answer}");
    assert_eq!(world.stats().await.releases[0].upstream_errors, 1);
    assert_eq!(world.stats().await.releases[0].broken_answers, 1);
}

#[tokio::test]
async fn a_connection_serves_many_requests_on_both_sides() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance])]).await;
    for path in ["/", "/large", "/headers", "/", "/early"] {
        world.get(path).await;
        world.post("/echo", "body").await;
    }
    assert_eq!((instance.requests(), instance.connections()), (10, 1));
}

#[tokio::test]
async fn requests_sent_at_once_are_answered_in_order() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance])]).await;
    let one = "GET / HTTP/1.1\r\nhost: shop\r\n\r\n";
    let last = "GET /missing HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n";
    let answers = world.raw(&[one, one, last].concat()).await.rest().await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 3);
}

#[tokio::test]
async fn a_client_that_asks_first_is_told_to_go_on() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance]).max_body(10)]).await;
    let asks = |length: u32| {
        format!(
            "POST /count HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    let mut client = world.raw(&asks(4)).await;
    assert_eq!(client.until("\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    client.write("body").await;
    assert!(client.until("\r\n\r\n4").await.starts_with("HTTP/1.1 200 OK\r\n"));
    let refused = world.raw(&asks(11)).await.until("\r\n").await;
    assert_eq!(refused, "HTTP/1.1 413 Payload Too Large\r\n");
}

#[tokio::test]
async fn an_old_client_without_host_is_served() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance])]).await;
    let answer = world.raw("GET / HTTP/1.0\r\n\r\n").await.rest().await;
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n") && answer.ends_with("\r\n\r\na"), "{answer}");
}

#[tokio::test]
async fn an_answer_to_head_has_a_length_and_no_body() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance])]).await;
    let head = "HEAD / HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n";
    let answer = world.raw(head).await.rest().await;
    assert!(answer.contains("content-length: 1\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
}
