use crate::instance::Instance;
use crate::table::to;
use crate::world::{Answer, World};
use hyper::Request;

async fn passed(world: &World, headers: &[(&str, &str)]) -> Answer {
    let request = Request::get("/headers?a=%20b").header("host", "shop.example.com");
    let add = |request: http::request::Builder, (name, value): &(&str, &str)| {
        request.header(*name, *value)
    };
    world.ask(headers.iter().fold(request, add)).await
}

#[tokio::test]
async fn the_instance_learns_who_asked_and_for_what() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance])]).await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let spoofed = [
        ("x-forwarded-for", "1.2.3.4"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "for=1.2.3.4"),
        ("x-request-id", "r-1"),
        ("traceparent", trace),
        ("connection", "x-drop"),
        ("x-drop", "1"),
    ];
    insta::assert_snapshot!(passed(&world, &spoofed).await.body, @r"
    /headers?a=%20b HTTP/1.1
    host: shop.example.com
    traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
    x-forwarded-for: 127.0.0.1
    x-forwarded-host: shop.example.com
    x-forwarded-proto: http
    x-request-id: r-1
    ");
}

#[tokio::test]
async fn the_word_of_a_trusted_proxy_is_continued() {
    let instance = Instance::start("a").await;
    let network = "127.0.0.0/8".parse().expect("a network");
    let world = World::with(|config| config.trusted_proxies = vec![network]).await;
    world.apply([to(&[&instance])]).await;
    let said = [("x-forwarded-for", "1.2.3.4"), ("x-forwarded-proto", "https")];
    let answer = passed(&world, &said).await.body;
    assert!(answer.contains("x-forwarded-for: 1.2.3.4, 127.0.0.1\n"), "{answer}");
    assert!(answer.contains("x-forwarded-proto: https"), "{answer}");
}

#[tokio::test]
async fn every_request_has_an_identity() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance])]).await;
    let id = |answer: Answer| {
        answer.body.lines().find_map(|line| line.strip_prefix("x-request-id: ").map(str::to_owned))
    };
    let (one, two) = (id(passed(&world, &[]).await), id(passed(&world, &[]).await));
    assert!(one.as_ref().is_some_and(|id| id.len() == 32) && one != two, "{one:?} {two:?}");
}

/// RFC 9112, 6.3: chunks count, the length is removed, and the connection is not used again.
#[tokio::test]
async fn a_request_with_two_lengths_is_framed_anew_and_ends_its_connection() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance])]).await;
    let head = "POST /headers HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n";
    let hidden = "0\r\n\r\nGET /hidden HTTP/1.1\r\nhost: a\r\n\r\n";
    let answer = world.raw(&[head, hidden].concat()).await.rest().await;
    assert!(
        answer.contains("transfer-encoding: chunked") && !answer.contains("content-length: 3"),
        "{answer}"
    );
    assert_eq!(instance.requests(), 1);
}

#[tokio::test]
async fn what_could_be_read_in_two_ways_is_refused() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance])]).await;
    for head in [
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc",
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nx: a\0b\r\n\r\n",
    ] {
        let answer = world.raw(head).await.until("\r\n").await;
        assert_eq!(answer, "HTTP/1.1 400 Bad Request\r\n", "{head}");
    }
    assert_eq!(instance.requests(), 0);
}
