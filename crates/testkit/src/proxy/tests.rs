use super::*;
use crate::{Loopback, eventually};
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

const SOON: Duration = Duration::from_mins(1);
const A_WHILE: Duration = Duration::from_millis(200);

/// A server that says everything again, and a wire to it.
async fn echo() -> (Proxy, SocketAddr) {
    let host = Loopback::unused();
    let listener = TcpListener::bind(host.port(0)).await.expect("a port");
    let proxy = Proxy::tcp(host.port(7000), listener.local_addr().expect("bound"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (mut from, mut to) = stream.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut from, &mut to).await });
        }
    });
    (proxy, host.port(7000))
}

async fn connected(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("the wire takes everybody")
}

/// What comes back for `word`.
async fn ask(stream: &mut TcpStream, word: &str) -> std::io::Result<String> {
    stream.write_all(word.as_bytes()).await?;
    let mut answer = vec![0; word.len()];
    stream.read_exact(&mut answer).await?;
    Ok(String::from_utf8(answer).expect("what was sent"))
}

async fn is_silent(stream: &mut TcpStream, word: &str) -> bool {
    tokio::time::timeout(A_WHILE, ask(stream, word)).await.is_err()
}

#[tokio::test]
async fn a_good_wire_changes_nothing_and_a_slow_one_takes_time() {
    let (proxy, address) = echo().await;
    let mut stream = connected(address).await;
    assert_eq!(ask(&mut stream, "hello").await.expect("an answer"), "hello");
    proxy.set(Mode::Slow(A_WHILE));
    let asked = Instant::now();
    assert_eq!(ask(&mut stream, "hello").await.expect("an answer"), "hello");
    assert!(asked.elapsed() >= 2 * A_WHILE, "there and back");
}

#[tokio::test]
async fn what_a_black_hole_caught_stays_silent() {
    let (proxy, address) = echo().await;
    let mut before = connected(address).await;
    assert_eq!(ask(&mut before, "hello").await.expect("an answer"), "hello");
    proxy.set(Mode::BlackHole);
    let mut inside = connected(address).await;
    assert!(is_silent(&mut before, "hello").await && is_silent(&mut inside, "hello").await);
    proxy.set(Mode::Pass);
    assert!(is_silent(&mut before, "again").await && is_silent(&mut inside, "again").await);
    assert_eq!(ask(&mut connected(address).await, "hello").await.expect("an answer"), "hello");
}

#[tokio::test]
async fn a_reset_ends_every_connection() {
    let (proxy, address) = echo().await;
    let mut before = connected(address).await;
    assert_eq!(ask(&mut before, "hello").await.expect("an answer"), "hello");
    proxy.set(Mode::Reset);
    eventually("the connection to end", SOON, async || ask(&mut before, "?").await.err()).await;
    // A reset that is quick enough is already told to who connects.
    let refused = async { ask(&mut TcpStream::connect(address).await?, "hello").await };
    assert_eq!(refused.await.expect_err("cut").kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn only_the_answers_that_are_meant_are_lost() {
    let (proxy, address) = echo().await;
    proxy.set(Mode::CutAnswers("COMMIT"));
    let mut stream = connected(address).await;
    assert_eq!(ask(&mut stream, "BEGIN").await.expect("an answer"), "BEGIN");
    assert!(ask(&mut stream, "COMMIT").await.is_err());
    assert_eq!(proxy.cuts(), 1);
}

#[tokio::test]
async fn a_unix_socket_is_carried_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let (near, far) = (folder.path().join("near"), folder.path().join("far"));
    let listener = UnixListener::bind(&far).expect("a path");
    let _proxy = Proxy::unix(&near, &far);
    let mut near = UnixStream::connect(&near).await.expect("the wire");
    let (mut far, _) = listener.accept().await.expect("a connection");
    near.write_all(b"hello").await.expect("sent");
    near.shutdown().await.expect("done");
    let mut heard = String::new();
    far.read_to_string(&mut heard).await.expect("read to the end");
    assert_eq!(heard, "hello");
}
