use crate::instance::Instance;
use crate::table::{table, to};
use crate::world::{PATIENCE, World};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_and_none_goes_to_the_old_after_the_acknowledgement() {
    let mut current = Instance::start("first").await;
    let world = Arc::new(World::with(|config| config.threads = 2).await);
    world.apply([to(&[&current])]).await;
    let load = world.load(8);
    for _ in 0..100 {
        let next = Instance::start("next").await;
        world.apply([to(&[&next])]).await;
        let remaining = world.drained(&[&current], PATIENCE).await;
        assert!(remaining.is_empty(), "{remaining:?}");
        let served = current.requests();
        next.received(20).await;
        assert_eq!(current.requests(), served);
        current = next;
    }
    let answers = load.stop().await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert!(answers.len() >= 2000, "{}", answers.len());
}

#[tokio::test]
async fn an_older_table_is_refused_with_a_reason() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    assert_eq!(world.try_apply(table(7, [to(&[&instance])])).await.expect("in force"), 7);
    assert_eq!(world.try_apply(table(7, [to(&[&instance])])).await.expect("again"), 7);
    let stale = world.try_apply(table(6, [])).await.expect_err("older");
    assert_eq!(stale.code(), tonic::Code::FailedPrecondition);
    assert_eq!(service::grpc::status::reason(&stale).as_deref(), Some("STALE_GENERATION"));
    assert_eq!(world.get("/").await.body, "a");
}

#[tokio::test]
async fn a_table_that_is_not_valid_changes_nothing() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance])]).await;
    let refused = world.try_apply(table(2, [to(&[&instance]).host("not a host")])).await;
    let refused = refused.expect_err("invalid");
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    assert!(refused.message().starts_with("table.routes[0].hosts[0]: host"), "{refused:?}");
    assert_eq!(world.get("/").await.body, "a");
}

#[tokio::test]
async fn the_table_is_shown_without_its_secrets() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance])]).await;
    let shown = world.table().await;
    assert_eq!((shown.generation, shown.routes[0].candidate_token.as_str()), (1, ""));
}

#[tokio::test]
async fn the_control_demands_the_internal_token() {
    let world = World::start().await;
    let channel = service::internal::channel(&format!("http://{}", world.control)).expect("a url");
    let mut stranger = proto::v1::router_service_client::RouterServiceClient::new(channel);
    let refused = stranger.get_table(proto::v1::GetTableRequest {}).await.expect_err("refused");
    assert_eq!(refused.code(), tonic::Code::Unauthenticated);
}
