use crate::instance::Instance;
use crate::table::to;
use crate::world::{World, read};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

async fn client(world: &World) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(world.traffic).await.expect("connected");
    let (sender, connection) =
        handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
    tokio::spawn(connection);
    sender
}

fn ask(path: &str) -> http::request::Builder {
    Request::post(format!("http://shop.example.com{path}"))
}

#[tokio::test]
async fn grpc_passes_with_its_trailers() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance]).h2c()]).await;
    let request = ask("/trailers").header("te", "trailers").body(Full::from("message"));
    let answer = client(&world).await.send_request(request.expect("a request")).await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.headers()["seen-te"], "trailers");
    let body = answer.into_body().collect().await.expect("a body");
    assert_eq!(body.trailers().expect("trailers")["grpc-status"], "0");
    assert_eq!(body.to_bytes(), "message");
}

#[tokio::test]
async fn one_connection_carries_many_requests_at_once() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance]).h2c()]).await;
    let client = client(&world).await;
    let asked: Vec<_> = (0..20)
        .map(|_| client.clone().send_request(ask("/held").body(Full::default()).expect("valid")))
        .map(tokio::spawn)
        .collect();
    instance.received(20).await;
    assert!(instance.connections() <= 20);
    (0..20).for_each(|_| instance.answer_one());
    for answer in asked {
        let answer = answer.await.expect("no panic").expect("an answer");
        assert_eq!(read(answer).await.body, "a");
    }
}

#[tokio::test]
async fn a_client_with_http2_reaches_an_instance_without() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance])]).await;
    let request = ask("/headers").header("cookie", "a=1").header("cookie", "b=2");
    let request = request.body(Full::from("x")).expect("a request");
    let answer = client(&world).await.send_request(request).await.expect("an answer");
    let seen = read(answer).await.body;
    assert!(seen.starts_with("/headers HTTP/1.1\n"), "{seen}");
    assert!(
        seen.contains("host: shop.example.com\n") && seen.contains("cookie: a=1; b=2\n"),
        "{seen}"
    );
}

#[tokio::test]
async fn a_client_without_http2_reaches_an_instance_with() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance]).h2c()]).await;
    let answer = world.ask(Request::get("/headers").header("host", "shop.example.com")).await;
    assert!(
        answer.body.starts_with("http://shop.example.com/headers HTTP/2.0\n"),
        "{}",
        answer.body
    );
    assert_eq!(world.post("/echo", "x".repeat(1 << 20)).await.body.len(), 1 << 20);
}
