//! Messages that nobody can handle. Each is parked, once; the next one is handled; nothing goes round.

use crate::world::{EFFECTS, PARKED, PATIENCE, World, envelope, plain};
use async_nats::HeaderMap;
use events::subject;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use testkit::eventually;

const PUSHED: &str = "slipway.v1.shop.source.pushed";

fn good() -> HeaderMap {
    let mut headers = bus::to_headers(&envelope(Value::Null));
    let own = service::new_id().to_string();
    headers.insert("Nats-Msg-Id", own.as_str());
    headers
}

fn with(name: &'static str, value: &str) -> HeaderMap {
    let mut headers = good();
    headers.insert(name, value);
    headers
}

/// The reasons, oldest first, without places in somebody's source.
async fn reasons(world: &World) -> Vec<String> {
    let what = |reason: String| reason.split(" at line").next().unwrap_or_default().to_owned();
    world.parked().await.into_iter().map(|parked| what(parked.reason)).collect()
}

#[tokio::test]
async fn whatever_is_not_an_event_is_parked() {
    let world = World::talking().await;
    let deep = "[".repeat(10_000);
    let not_utf_8 = [0xff, 0xfe, 0x00, 0xc3];
    let nul = r#"{"a": "\u0000"}"#;
    world.publish(PUSHED.to_owned(), good(), "garbage").await;
    world.publish(PUSHED.to_owned(), good(), not_utf_8).await;
    world.publish(PUSHED.to_owned(), good(), deep).await;
    world.publish(PUSHED.to_owned(), good(), nul).await;
    world.publish(PUSHED.to_owned(), HeaderMap::new(), "{}").await;
    world.publish(PUSHED.to_owned(), with("ce-type", "release.live"), "{}").await;
    world.publish(PUSHED.to_owned(), with("content-type", "text/html"), "{}").await;
    world.publish("slipway.v1.NO APP.source.pushed".replace(' ', "_"), good(), "{}").await;
    world.say(plain(1)).await;
    world.until(EFFECTS, 1).await;
    world.until_settled().await;
    insta::assert_snapshot!(reasons(&world).await.join("\n"), @r#"
    the data is not JSON: expected value
    the data is not JSON: expected value
    the data is not JSON: recursion limit exceeded
    error returned from database: unsupported Unicode escape sequence
    header ce-id is missing or not valid
    header ce-type says release.live, the subject says source.pushed
    header content-type is missing or not valid
    subject "slipway.v1.NO_APP.source.pushed" is not slipway.v1.<app>.<type>
    "#);
}

#[tokio::test]
async fn what_its_handler_cannot_bear_is_parked_after_its_tries() {
    let world = World::talking().await;
    world.say(json!({"do": "panic"})).await;
    world.say(json!({"do": "refuse"})).await;
    world.say(plain(1)).await;
    world.until(EFFECTS, 1).await;
    world.until(PARKED, 2).await;
    world.until_settled().await;
    let mut reasons = reasons(&world).await;
    reasons.sort();
    assert_eq!(reasons, ["never this one", "the handler panics"]);
}

/// How often something was tried at most that began so long ago: after 0.2 s, 0.4 s, 0.8 s and so on, up to 10 s.
fn most_tries(since: Duration) -> u64 {
    let pause = |n: u32| Duration::from_millis(200_u64 << n).min(Duration::from_secs(10));
    let begun = (0..16).scan(Duration::ZERO, |at, n| {
        *at += pause(n);
        Some(*at)
    });
    1 + begun.take_while(|at| *at <= since).map(|_| 1).sum::<u64>()
}

#[tokio::test]
async fn one_that_fails_for_ever_comes_slower_and_slower() {
    let world = World::talking().await;
    let begun = Instant::now();
    world.say(json!({"do": "fail"})).await;
    for number in 0..20 {
        world.say(plain(number)).await;
    }
    world.until(EFFECTS, 20).await;
    let stream = world.stream().await;
    let tries = eventually("a few tries", PATIENCE, async || {
        let tried = stream.consumer_info("listener").await.ok()?;
        Some(tried.delivered.consumer_sequence - 20).filter(|tries| *tries > 4)
    });
    let (tries, most) = (tries.await, most_tries(begun.elapsed()));
    assert!(tries <= most, "tried {tries} times, {most} at most");
}

/// Says something in the protocol's own words, past every client.
fn raw(world: &World, message: &[u8]) {
    let url = world.nats.url();
    let address = url.trim_start_matches("nats://");
    let mut connection = TcpStream::connect(address).expect("the broker listens");
    connection.write_all(b"CONNECT {\"verbose\":false,\"headers\":true}\r\n").expect("sent");
    connection.write_all(message).expect("sent");
    connection.write_all(b"\r\nPING\r\n").expect("sent");
    let (mut answer, mut part) = (Vec::new(), [0; 4096]);
    while !answer.windows(4).any(|part| part == b"PONG") {
        let read = connection.read(&mut part).expect("an answer");
        assert!(read > 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&part[..read]);
    }
}

#[tokio::test]
async fn what_no_client_can_read_is_parked_and_taken_out_of_the_stream() {
    let world = World::talking().await;
    world.say(plain(1)).await;
    world.until(EFFECTS, 1).await;
    let headers = b"NATS/1.0\r\nce-id: \xff\xfe\r\n\r\n";
    let mut message = format!("HPUB {PUSHED} {} {}\r\n", headers.len(), headers.len() + 4);
    message.push_str("");
    raw(&world, &[message.as_bytes(), headers, b"body"].concat());
    raw(&world, b"PUB slipway.v1.\xff\xfe.source.pushed 4\r\nbody");
    world.say(plain(2)).await;
    world.until(EFFECTS, 2).await;
    world.until(PARKED, 2).await;
    world.until_settled().await;
    eventually("the stream to be without them", PATIENCE, async || {
        (world.stream().await.cached_info().state.messages == 2).then_some(())
    })
    .await;
    world.say(plain(3)).await;
    world.until(EFFECTS, 3).await;
}

#[tokio::test]
async fn an_event_that_is_too_large_does_not_hold_up_the_rest() {
    let world = World::talking().await;
    let large = world.say(json!({ "text": "x".repeat(300 * 1024) })).await;
    let near = world.say(json!({ "text": "x".repeat(254 * 1024) })).await;
    world.until(EFFECTS, 1).await;
    world.until(PARKED, 1).await;
    let parked = world.parked().await.remove(0);
    assert_eq!((parked.consumer.as_str(), parked.outgoing), ("speaker", true));
    assert_eq!(parked.event_id, Some(large.id.uuid()));
    let wanted = subject::event(&near.app, near.event_type);
    assert_eq!(
        parked.reason,
        format!("publish on {wanted}: 307211 bytes are too many, 261120 fit")
    );
}

#[tokio::test]
async fn what_another_version_enqueued_does_not_hold_up_the_rest() {
    let world = World::talking().await;
    let said = world.say(plain(1)).await;
    world.until(EFFECTS, 1).await;
    let newer = "insert into bus.outbox (id, service, subject, envelope)
                 select gen_random_uuid(), service, 'slipway.v1.shop.release.exploded',
                        envelope || '{\"event_type\": \"release.exploded\"}' from bus.outbox";
    sqlx::query(newer).execute(&world.pool).await.expect("enqueued");
    world.say(plain(2)).await;
    world.until(EFFECTS, 2).await;
    world.until(PARKED, 1).await;
    let parked = world.parked().await.remove(0);
    assert!(parked.outgoing && parked.event_id != Some(said.id.uuid()), "{parked:?}");
    assert_eq!(parked.subject, "slipway.v1.shop.release.exploded");
}
