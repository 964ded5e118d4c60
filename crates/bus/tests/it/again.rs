//! Parked events that a person hands back.

use crate::world::{EFFECTS, LISTENER, PARKED, World, effect, plain};
use bus::{Handlers, Verdict};
use events::EventType;
use pg::parked::{Wished, retry};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

async fn hand_back(world: &World, id: i64) -> Wished {
    let mut transaction = world.pool.begin().await.expect("a transaction");
    let wished = retry(&mut transaction, id).await.expect("asked");
    transaction.commit().await.expect("written");
    wished
}

/// A listener that refuses everything until it is repaired.
async fn broken() -> (World, Arc<AtomicBool>) {
    let mut world = World::start().await;
    let repaired = Arc::new(AtomicBool::new(false));
    let (pool, is_repaired) = (world.pool.clone(), repaired.clone());
    let handlers = Handlers::new().on(EventType::SourcePushed, move |envelope| {
        let (pool, is_repaired) = (pool.clone(), is_repaired.clone());
        async move {
            if !is_repaired.load(Ordering::SeqCst) {
                return Verdict::Park("broken".to_owned());
            }
            effect(&pool, &envelope).await.map_or_else(Verdict::from, |()| Verdict::Done)
        }
    });
    world.listen_with(handlers).await;
    world.speak().await;
    (world, repaired)
}

#[tokio::test]
async fn an_event_that_is_handed_back_is_handled_and_no_longer_parked() {
    let (world, repaired) = broken().await;
    world.say(plain(1)).await;
    world.until(PARKED, 1).await;
    world.until("select count(*) from bus.inbox", 1).await;
    repaired.store(true, Ordering::SeqCst);
    let parked = world.parked().await.remove(0);
    assert!(matches!(hand_back(&world, parked.id).await, Wished::Again(_)));
    world.until(EFFECTS, 1).await;
    world.until(PARKED, 0).await;
}

#[tokio::test]
async fn one_that_fails_again_is_parked_again() {
    let (world, _) = broken().await;
    world.say(plain(1)).await;
    world.until("select count(*) from bus.inbox", 1).await;
    let parked = world.parked().await.remove(0);
    sqlx::query("update bus.parked set reason = 'before'").execute(&world.pool).await.expect("set");
    hand_back(&world, parked.id).await;
    world.until("select count(*) from bus.parked where reason = 'broken'", 1).await;
    assert_eq!(world.parked().await[0].retry_at, None);
    assert_eq!(world.number("select count(*) from bus.inbox").await, 1);
}

#[tokio::test]
async fn one_that_could_not_be_said_is_said_again() {
    let world = World::talking().await;
    world.say(json!({ "text": "x".repeat(300 * 1024) })).await;
    world.until(PARKED, 1).await;
    let smaller =
        "update bus.outbox set envelope = jsonb_set(envelope, '{data,text}', '\"short\"')";
    sqlx::query(smaller).execute(&world.pool).await.expect("repaired");
    let parked = world.parked().await.remove(0);
    assert!(matches!(hand_back(&world, parked.id).await, Wished::Again(_)));
    world.until(EFFECTS, 1).await;
    assert_eq!(world.number(PARKED).await, 0);
}

#[tokio::test]
async fn what_an_earlier_version_kept_in_part_can_only_be_forgotten() {
    let world = World::start().await;
    let row = "insert into bus.parked (consumer, stream_sequence, subject, reason, body)
               values ('listener', 1, 'slipway.v1.shop.source.pushed', 'old', 'x')";
    sqlx::query(row).execute(&world.pool).await.expect("parked");
    let parked = world.parked().await.remove(0);
    assert_eq!(
        (parked.consumer.as_str(), hand_back(&world, parked.id).await),
        (LISTENER, Wished::Incomplete)
    );
    assert_eq!(hand_back(&world, parked.id + 1).await, Wished::Unknown);
    let mut connection = world.pool.acquire().await.expect("a connection");
    assert!(pg::parked::forget(&mut connection, parked.id).await.expect("asked"));
}

#[tokio::test]
async fn what_is_parked_is_bounded() {
    let world = World::start().await;
    let rows = "insert into bus.parked (consumer, stream_sequence, subject, reason, body)
                select 'listener', n, 'garbage', '', '' from generate_series(1, 1010) n";
    sqlx::query(rows).execute(&world.pool).await.expect("parked");
    let mut connection = world.pool.acquire().await.expect("a connection");
    pg::retention::sweep(&mut connection).await.expect("swept");
    assert_eq!(world.number(PARKED).await, pg::retention::PARKED_ROWS);
    assert_eq!(world.number("select min(stream_sequence) from bus.parked").await, 11);
}
