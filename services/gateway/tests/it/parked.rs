//! Events that were put aside: who sees them, who hands them back.

use crate::fixture::{BOOTSTRAP, World, reason, with_token};
use proto::v1::event_service_client::EventServiceClient;
use proto::v1::grant::Role;
use proto::v1::{
    DropParkedEventRequest, ListParkedEventsRequest, ParkedEvent, RetryParkedEventRequest,
};
use sqlx::{Connection, PgConnection};
use tonic::transport::Channel;

async fn events(world: &World) -> EventServiceClient<Channel> {
    EventServiceClient::new(world.channel().await)
}

async fn database(world: &World) -> PgConnection {
    PgConnection::connect(&world.database.url()).await.expect("the database")
}

/// A gateway, and one parked event of `shop` and one of `blog`.
async fn with_parked() -> World {
    let world = World::new().await;
    let rows = "insert into bus.parked (consumer, stream_sequence, subject, headers, event_id, reason, body)
                select 'builder', 7, 'slipway.v1.' || app || '.source.pushed', '{}', gen_random_uuid(),
                       'broken', 'body' from unnest(array['blog', 'shop']) app";
    sqlx::query(rows).execute(&mut database(&world).await).await.expect("parked");
    world
}

async fn list(world: &World, token: &str) -> Vec<ParkedEvent> {
    let request = with_token(token, ListParkedEventsRequest::default());
    let answer = events(world).await.list_parked_events(request).await.expect("listed");
    answer.into_inner().parked_events
}

#[tokio::test]
async fn each_sees_what_is_parked_of_its_apps() {
    let world = with_parked().await;
    let all = list(&world, BOOTSTRAP).await;
    assert_eq!(all.len(), 2);
    let shop = &all[0];
    assert_eq!(
        (shop.service.as_str(), shop.reason.as_str(), shop.size_bytes, shop.sequence),
        ("builder", "broken", 4, 7)
    );
    let viewer = world.token(Role::Viewer, "shop", "").await.expect("made");
    assert_eq!(list(&world, &viewer).await, std::slice::from_ref(shop));
}

#[tokio::test]
async fn only_administrators_hand_back_and_forget() {
    let world = with_parked().await;
    let name = list(&world, BOOTSTRAP).await[0].name.clone();
    let deployer = world.token(Role::Deployer, "", "").await.expect("made");
    let retry = RetryParkedEventRequest { name: name.clone(), ..Default::default() };
    let refused = events(&world).await.retry_parked_event(with_token(&deployer, retry)).await;
    assert_eq!(reason(&refused.expect_err("refused")), "PermissionDenied PERMISSION_DENIED");
    let drop = DropParkedEventRequest { name, ..Default::default() };
    let refused = events(&world).await.drop_parked_event(with_token(&deployer, drop)).await;
    assert_eq!(reason(&refused.expect_err("refused")), "PermissionDenied PERMISSION_DENIED");
}

#[tokio::test]
async fn one_that_is_handed_back_waits_for_its_service() {
    let world = with_parked().await;
    let name = list(&world, BOOTSTRAP).await[0].name.clone();
    let retry = RetryParkedEventRequest { name: name.clone(), ..Default::default() };
    let answer = events(&world).await.retry_parked_event(with_token(BOOTSTRAP, retry)).await;
    let parked = answer.expect("handed back").into_inner().parked_event.expect("an event");
    assert_eq!((&parked.name, parked.retry_time.is_some()), (&name, true));
    let due = pg::parked::take(&mut database(&world).await, "builder").await.expect("asked");
    assert_eq!(due.map(|due| due.body), Some(b"body".to_vec()));
}

#[tokio::test]
async fn one_that_is_forgotten_is_gone() {
    let world = with_parked().await;
    let name = list(&world, BOOTSTRAP).await[0].name.clone();
    let request = || DropParkedEventRequest { name: name.clone(), request_id: "once".to_owned() };
    for _ in 0..2 {
        let dropped =
            events(&world).await.drop_parked_event(with_token(BOOTSTRAP, request())).await;
        dropped.expect("the same answer twice");
    }
    assert_eq!(list(&world, BOOTSTRAP).await.len(), 1);
    let other = DropParkedEventRequest { name, ..Default::default() };
    let gone = events(&world).await.drop_parked_event(with_token(BOOTSTRAP, other)).await;
    assert_eq!(reason(&gone.expect_err("gone")), "NotFound NOT_FOUND");
}
