use crate::instance::Instance;
use crate::table::to;
use crate::world::World;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// An address where nobody listens: a port that was free may be somebody's by now.
pub(crate) fn nobody() -> SocketAddr {
    ([127, 0, 0, 1], 1).into()
}

/// Reads until a whole request has come: without a body, or with one.
async fn read_one(stream: &mut TcpStream) {
    let mut read = Vec::new();
    let is_whole = |read: &[u8]| {
        let head = read.windows(4).position(|end| end == b"\r\n\r\n").map(|at| at + 4);
        head.is_some_and(|head| read.starts_with(b"GET") || read.len() > head)
    };
    while !is_whole(&read) {
        match stream.read_buf(&mut read).await {
            Ok(1..) => {}
            _ => return,
        }
    }
}

/// A server that answers the first request of each connection and closes it when the second has come.
async fn closes_after_one() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let connections = Arc::new(AtomicUsize::new(0));
    let seen = connections.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("accepted");
            seen.fetch_add(1, SeqCst);
            tokio::spawn(async move {
                read_one(&mut stream).await;
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                stream.write_all(answer).await.expect("written");
                read_one(&mut stream).await;
            });
        }
    });
    (address, connections)
}

#[tokio::test]
async fn an_instance_that_refuses_connections_is_passed_over() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance]).dead(nobody())]).await;
    let begun = Instant::now();
    for _ in 0..5 {
        assert_eq!(world.get("/").await.body, "a");
        assert_eq!(world.post("/echo", "kept").await.body, "kept");
    }
    let failures: Vec<u64> =
        world.stats().await.instances.iter().map(|stats| stats.connect_failures).collect();
    // It is tried again after two seconds.
    let tried = 1 + begun.elapsed().as_secs() / 2;
    assert!((1..=tried).contains(&failures[0]) && failures[1] == 0, "{failures:?} of {tried}");
}

#[tokio::test]
async fn no_instance_that_accepts_connections_is_a_bad_gateway() {
    let gone = Instance::start("gone").await;
    let world = World::start().await;
    world.apply([to(&[&gone]).dead(nobody())]).await;
    drop(gone);
    let answer = world.get("/").await;
    assert_eq!(answer.status, 502);
    assert!(answer.body.contains("UNREACHABLE"), "{}", answer.body);
    assert_eq!(world.stats().await.releases[0].upstream_errors, 1);
}

#[tokio::test]
async fn what_reached_an_instance_is_not_sent_again() {
    let a = Instance::start("a").await;
    let b = Instance::start("b").await.beside(&a);
    let world = World::start().await;
    world.apply([to(&[&a, &b])]).await;
    assert_eq!(world.post("/abort", "once").await.status, 502);
    assert_eq!(a.requests() + b.requests(), 1);
}

#[tokio::test]
async fn a_get_survives_a_connection_that_was_closed_while_idle() {
    let (address, connections) = closes_after_one().await;
    let instance = Instance::start("unused").await.at(address);
    let world = World::start().await;
    world.apply([to(&[&instance])]).await;
    for _ in 0..3 {
        assert_eq!(world.get("/").await.status, 200);
    }
    assert_eq!(connections.load(SeqCst), 3);
}

#[tokio::test]
async fn a_post_on_a_connection_that_closes_under_it_is_a_bad_gateway() {
    let (address, _) = closes_after_one().await;
    let instance = Instance::start("unused").await.at(address);
    let world = World::start().await;
    world.apply([to(&[&instance])]).await;
    assert_eq!(world.post("/", "1").await.status, 200);
    assert_eq!(world.post("/", "2").await.status, 502);
}
