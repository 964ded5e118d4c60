//! Strangers who flood the way in of webhooks. They can keep each other out, and nobody else.

use bytes::Bytes;
use serde_json::json;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Instant;
use stories::fixture::chameleon;
use stories::{WEBHOOK_SECRET, World};
use testkit::webhook;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

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

type Answers = BTreeMap<(String, bool), u64>;

/// Deliveries one after the other that do not go on, until one is refused or it is enough; what they were answered.
async fn dawdle(to: SocketAddr, enough: CancellationToken) -> Answers {
    let mut answers = Answers::new();
    loop {
        let said = answer(begin(to, [127, 0, 0, 66]).await).await;
        let is_cut = said.0 == "408";
        *answers.entry(said).or_default() += 1;
        if !is_cut || enough.is_cancelled() {
            return answers;
        }
    }
}

/// A body that does not begin is cut after so many seconds.
const CUT_AFTER: u64 = 2;
/// Deliveries of one sender that are read at once.
const READ: u64 = 64;

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_passes_six_hundred_slow_ones() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({}));
    world.register("shop", &repo).await;
    let (begun, enough) = (Instant::now(), CancellationToken::new());
    let mut slow = JoinSet::new();
    for _ in 0..600 {
        slow.spawn(dawdle(world.hooks_address(), enough.clone()));
    }
    // From when the first of them is refused until it is enough, they have all they can get.
    let mut answers = slow.join_next().await.expect("six hundred").expect("no panic");
    let ping = webhook::delivery("ping", &json!({"zen": "Keep it simple"}));
    let headers = ping.headers(WEBHOOK_SECRET);
    let sent = world.hooks_from([127, 0, 0, 67]).post("/hooks/shop", &headers, ping.body).await;
    assert_eq!(sent.expect("an answer").status, 202);
    enough.cancel();
    for (said, count) in slow.join_all().await.into_iter().flatten() {
        *answers.entry(said).or_default() += count;
    }
    let cut = answers.remove(&("408".to_owned(), false)).unwrap_or_default();
    let refused = answers.remove(&("429".to_owned(), true)).unwrap_or_default();
    assert!(answers.is_empty(), "cut when it was too slow, or told to come back: {answers:?}");
    let at_most = READ * (1 + begun.elapsed().as_secs() / CUT_AFTER);
    assert!(
        (READ..=at_most).contains(&cut) && cut + refused >= 600,
        "{cut} cut, {refused} refused"
    );
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
