//! Messages that come twice, late, in another order, or not at all.

use crate::world::{ABSORBED, EFFECTS, LISTENER, World, effect, plain};
use bus::{Handlers, Verdict};
use events::EventType;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Work moves on within ten seconds after anything was killed, on a machine with time for it; the broker by
/// itself would wait for thirty.
const BOUND: Duration = Duration::from_secs(25);

#[tokio::test]
async fn what_comes_five_times_is_handled_once() {
    let world = World::talking().await;
    let event = world.say(plain(1)).await;
    world.until(EFFECTS, 1).await;
    for name in ["a", "b", "c", "d"] {
        world.publish_again(&event, name).await;
    }
    world.until(ABSORBED, 4).await;
    world.until_settled().await;
    assert_eq!(world.number(EFFECTS).await, 1);
}

#[tokio::test]
async fn yesterdays_event_is_absorbed_when_the_broker_has_forgotten_it() {
    let mut world = World::talking().await;
    let event = world.say(plain(1)).await;
    world.until(EFFECTS, 1).await;
    world.nats.kill();
    world.nats.wipe();
    world.nats.resume();
    world.say(plain(2)).await;
    world.until(EFFECTS, 2).await;
    world.publish_again(&event, "yesterday").await;
    world.until(ABSORBED, 1).await;
    assert_eq!(world.number(EFFECTS).await, 2);
}

#[tokio::test]
async fn an_event_that_fails_is_passed_by_those_behind_it() {
    let mut world = World::start().await;
    let tries = Arc::new(AtomicU32::new(0));
    let (pool, counted) = (world.pool.clone(), tries.clone());
    let handlers = Handlers::new().on(EventType::SourcePushed, move |envelope| {
        let (pool, tries) = (pool.clone(), counted.clone());
        async move {
            let first = envelope.data["number"] == 1;
            if first && tries.fetch_add(1, Ordering::SeqCst) < 3 {
                return Verdict::Retry("not yet".to_owned());
            }
            effect(&pool, &envelope).await.map_or_else(Verdict::from, |()| Verdict::Done)
        }
    });
    world.listen_with(handlers).await;
    // Both at once: the first must not have had all its tries before there is a second.
    world.say(plain(1)).await;
    world.say(plain(2)).await;
    world.speak().await;
    world.until(EFFECTS, 2).await;
    let order = "select (data ->> 'number')::bigint from public.effect order by at limit 1";
    assert_eq!((world.number(order).await, tries.load(Ordering::SeqCst)), (2, 4));
}

#[tokio::test]
async fn a_message_that_the_stream_lost_is_said_again() {
    let mut world = World::talking().await;
    world.say(plain(1)).await;
    world.until(EFFECTS, 1).await;
    world.kill_all().await;
    world.speak().await;
    world.say(plain(2)).await;
    world.until("select count(*) from bus.outbox where published_at is not null", 2).await;
    world.stream().await.purge().await.expect("purged");
    // The broker forgets what it was told: it reads its memory from the stream.
    world.nats.kill();
    world.nats.resume();
    let long_ago = "update bus.outbox set published_at = published_at - interval '3 minutes'";
    sqlx::query(long_ago).execute(&world.pool).await.expect("aged");
    world.listen().await;
    world.until(EFFECTS, 2).await;
    assert_eq!(world.number(ABSORBED).await, 0);
}

#[tokio::test]
async fn a_store_that_was_lost_while_nobody_ran_is_noticed() {
    let mut world = World::talking().await;
    world.say(plain(1)).await;
    world.until(EFFECTS, 1).await;
    world.until("select count(*) from bus.stream", 1).await;
    world.kill_all().await;
    world.speak().await;
    world.say(plain(2)).await;
    world.until("select count(*) from bus.outbox where published_at is not null", 2).await;
    world.kill_all().await;
    world.nats.kill();
    world.nats.wipe();
    world.nats.resume();
    world.listen().await;
    world.speak().await;
    world.until(EFFECTS, 2).await;
}

#[tokio::test]
async fn a_handler_slower_than_the_broker_waits_is_called_once() {
    let world = World::talking().await;
    world.say(json!({"do": "sleep"})).await;
    world.say(plain(2)).await;
    world.until(EFFECTS, 2).await;
    world.until_settled().await;
    assert_eq!(world.number(ABSORBED).await, 0);
}

#[tokio::test]
async fn what_a_killed_service_held_moves_on_before_the_broker_would_have_it() {
    let mut world = World::start().await;
    let begun = Arc::new(Notify::new());
    let told = begun.clone();
    let hangs = Handlers::new().on(EventType::SourcePushed, move |_| {
        told.notify_one();
        std::future::pending()
    });
    world.listen_with(hangs).await;
    world.speak().await;
    world.say(plain(1)).await;
    world.say(plain(2)).await;
    begun.notified().await;
    world.kill_all().await;
    let killed = Instant::now();
    world.listen().await;
    world.speak().await;
    world.until(EFFECTS, 2).await;
    assert!(killed.elapsed() < BOUND, "it took {:?}", killed.elapsed());
}

#[tokio::test]
async fn an_old_consumer_gets_the_settings_of_today() {
    let mut world = World::start().await;
    world.bus("test").await;
    let old = async_nats::jetstream::consumer::pull::Config {
        durable_name: Some(LISTENER.to_owned()),
        ack_wait: Duration::from_secs(30),
        filter_subjects: vec!["slipway.v1.*.source.pushed".to_owned()],
        ..Default::default()
    };
    world.stream().await.create_consumer(old).await.expect("made");
    world.listen().await;
    world.speak().await;
    world.say(plain(1)).await;
    world.until(EFFECTS, 1).await;
    let found = world.stream().await.consumer_info(LISTENER).await.expect("there");
    assert_eq!(found.config.ack_wait, Duration::from_secs(6));
}
