//! Strangers who flood the way in of webhooks. They can keep each other out, and nobody else.

use bytes::Bytes;
use serde_json::json;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use stories::fixture::chameleon;
use stories::{WEBHOOK_SECRET, World};
use testkit::webhook;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

/// All bodies may take 128 MiB; the rest is the program itself and what its connections read ahead.
const MOST_KIB: usize = 320 << 10;

/// A delivery that was begun and does not go on.
async fn begin(to: SocketAddr, from: [u8; 4]) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((from, 0).into()).expect("an address of this machine");
    let mut stream = socket.connect(to).await.expect("the gateway accepts");
    let head = "POST /hooks/shop HTTP/1.1\r\nhost: hooks.example.com\r\n\
                content-type: application/json\r\ncontent-length: 1000\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.expect("the gateway reads");
    stream
}

/// The first line of the answer, and whether it says when to try again.
async fn answer(mut stream: TcpStream) -> (String, bool) {
    let mut answer = Vec::new();
    // The rest of the body was not read, so the end may be a reset.
    drop(stream.read_to_end(&mut answer).await);
    let text = String::from_utf8_lossy(&answer).to_lowercase();
    let status = text.split(' ').nth(1).unwrap_or("none").to_owned();
    (status, text.contains("retry-after"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_passes_six_hundred_slow_ones() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({}));
    world.register("shop", &repo).await;
    let mut slow = Vec::new();
    for _ in 0..600 {
        slow.push(begin(world.hooks_address(), [127, 0, 0, 66]).await);
    }
    let ping = webhook::delivery("ping", &json!({"zen": "Keep it simple"}));
    let (asked, headers) = (Instant::now(), ping.headers(WEBHOOK_SECRET));
    let sent = world.hooks_from([127, 0, 0, 67]).post("/hooks/shop", &headers, ping.body).await;
    assert_eq!(sent.expect("an answer").status, 202);
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    let mut answers = BTreeMap::new();
    for stream in slow {
        *answers.entry(answer(stream).await).or_insert(0) += 1;
    }
    let wanted = [(("408".to_owned(), false), 64), (("429".to_owned(), true), 536)];
    assert_eq!(answers, wanted.into(), "cut when it was too slow, or told to come back");
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_deliveries_of_the_largest_size_take_no_more_memory() {
    let mut world = World::start().await;
    let repo = chameleon("shop", &json!({}));
    world.register("shop", &repo).await;
    let forged = webhook::delivery("push", &json!({"filler": "x".repeat(24 << 20)}));
    let (headers, body) = (forged.headers("not the secret"), Bytes::from(forged.body));
    let mut flood = JoinSet::new();
    for n in 0..64 {
        let (stranger, body) = (world.hooks_from([127, 0, 1, n % 8]), body.clone());
        let headers = headers.clone();
        flood.spawn(async move { stranger.post("/hooks/shop", &headers, body).await });
    }
    let answers = flood.join_all().await;
    let accepted = answers.iter().flatten().filter(|answer| answer.status < 400);
    assert_eq!(accepted.count(), 0);
    let most = most_memory(world.service("gateway").pid());
    assert!(most < MOST_KIB, "the gateway took {} MiB", most >> 10);
    let ping = webhook::delivery("ping", &json!({"zen": "Keep it simple"}));
    let headers = ping.headers(WEBHOOK_SECRET);
    let sent = world.hooks().post("/hooks/shop", &headers, ping.body).await;
    assert_eq!(sent.expect("an answer").status, 202);
}

/// The most memory a process had, in KiB.
fn most_memory(pid: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("always there");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
