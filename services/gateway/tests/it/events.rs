//! Reading along what is said on the bus.

use crate::fixture::{Repository, World, admin, reason, with_token};
use proto::v1::event_service_client::EventServiceClient;
use proto::v1::grant::Role;
use proto::v1::{CreateChangeRequest, Event, WatchEventsRequest};
use service::Secret;
use std::path::PathBuf;
use testkit::{Loopback, Nats};
use tonic::Streaming;

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

async fn with_nats() -> (World, Repository, Nats) {
    let program = PathBuf::from(testkit::variable("SLIPWAY_TEST_NATS_SERVER"));
    let nats = Nats::start(&program, Loopback::unused());
    let world = World::with(|config| config.nats_url = Secret::new(nats.url())).await;
    let shop = world.shop().await;
    (world, shop, nats)
}

type Watched = Result<Streaming<proto::v1::WatchEventsResponse>, tonic::Status>;

async fn watch(world: &World, token: &str, request: WatchEventsRequest) -> Watched {
    let mut events = EventServiceClient::new(world.channel().await);
    events.watch_events(with_token(token, request)).await.map(tonic::Response::into_inner)
}

async fn next(stream: &mut Streaming<proto::v1::WatchEventsResponse>) -> Option<Event> {
    stream.message().await.expect("no error").and_then(|message| message.event)
}

#[tokio::test]
async fn a_push_is_heard_on_the_bus() {
    let (world, shop, _nats) = with_nats().await;
    world.push(&shop.head("main"), A).await;
    let follow = WatchEventsRequest { tail_count: 10, follow: true, ..Default::default() };
    let bootstrap = crate::fixture::BOOTSTRAP;
    world.until_said().await;
    let mut heard = watch(&world, bootstrap, follow).await.expect("a stream");
    let event = next(&mut heard).await.expect("an event");
    assert_eq!((event.r#type.as_str(), event.app.as_str()), ("source.pushed", "shop"));
    assert!(event.data.contains(A), "{}", event.data);
    world.push(A, B).await;
    let event = next(&mut heard).await.expect("another event");
    assert!(event.data.contains(B) && event.sequence == 2, "{event:?}");
}

#[tokio::test]
async fn who_comes_back_goes_on_from_the_place_that_was_told() {
    let (world, shop, _nats) = with_nats().await;
    world.push(&shop.head("main"), A).await;
    world.until_said().await;
    let follow = WatchEventsRequest { follow: true, ..Default::default() };
    let bootstrap = crate::fixture::BOOTSTRAP;
    // The other one is a place in a stream that was lost.
    for from_sequence in [0, 1_000] {
        let begin = WatchEventsRequest { from_sequence, ..follow.clone() };
        let mut heard = watch(&world, bootstrap, begin).await.expect("a stream");
        let place = heard.message().await.expect("no error").expect("an answer");
        assert_eq!((place.event, place.next_sequence), (None, 2));
    }
    world.push(A, B).await;
    world.until_said().await;
    let again = WatchEventsRequest { from_sequence: 2, ..follow };
    let mut heard = watch(&world, bootstrap, again).await.expect("a stream");
    let event = next(&mut heard).await.expect("an event");
    assert!(event.data.contains(B) && event.sequence == 2, "{event:?}");
}

#[tokio::test]
async fn past_events_end_without_follow_and_others_are_not_seen() {
    let (world, shop, _nats) = with_nats().await;
    world.push(&shop.head("main"), A).await;
    world.until_said().await;
    let past = WatchEventsRequest { tail_count: 10, ..Default::default() };
    let mut heard = watch(&world, crate::fixture::BOOTSTRAP, past.clone()).await.expect("a stream");
    assert!(next(&mut heard).await.is_some());
    assert!(next(&mut heard).await.is_none());
    let viewer = world.token(Role::Viewer, "blog", "").await.expect("made");
    let mut heard = watch(&world, &viewer, past.clone()).await.expect("a stream");
    let place = heard.message().await.expect("no error").expect("an answer");
    assert_eq!((place.event, place.next_sequence), (None, 2), "where it is, and nothing of it");
    assert!(heard.message().await.expect("no error").is_none());
    let shop = WatchEventsRequest { app: "shop".into(), ..past };
    let refused = watch(&world, &viewer, shop).await.expect_err("another app");
    assert_eq!(reason(&refused), "PermissionDenied PERMISSION_DENIED");
}

#[tokio::test]
async fn the_last_event_of_an_app_is_found_behind_those_of_others() {
    let (world, shop, _nats) = with_nats().await;
    world.register("blog", &shop.address()).await.expect("registered");
    world.push(&shop.head("main"), A).await;
    world.push(A, B).await;
    world.until_said().await;
    let change = CreateChangeRequest { parent: "apps/blog".into(), ..Default::default() };
    world.apps().await.create_change(admin(change)).await.expect("a change");
    world.until_said().await;
    let last = WatchEventsRequest { app: "shop".into(), tail_count: 1, ..Default::default() };
    let mut heard = watch(&world, crate::fixture::BOOTSTRAP, last).await.expect("a stream");
    let event = next(&mut heard).await.expect("an event");
    assert!(event.app == "shop" && event.data.contains(B), "{event:?}");
    assert!(next(&mut heard).await.is_none());
}

#[tokio::test]
async fn without_nats_webhooks_are_taken_and_readers_are_told() {
    let (world, shop) = World::with_shop().await;
    assert_eq!(world.push(&shop.head("main"), A).await.short(), "202 accepted");
    let mut events = EventServiceClient::new(world.channel().await);
    let refused = events.watch_events(admin(WatchEventsRequest::default())).await;
    assert_eq!(reason(&refused.expect_err("away")), "Unavailable NATS_AWAY");
}
