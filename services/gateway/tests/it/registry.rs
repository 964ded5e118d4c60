//! Apps, changes asked for, deliveries handled again.

use crate::deployer::with_deployer;
use crate::fixture::{Repository, World, admin, reason};
use proto::v1::{
    App, CreateAppRequest, CreateChangeRequest, DeleteAppRequest, GetDeliveryRequest,
    ListAppsRequest, ListDeliveriesRequest, ReplayDeliveryRequest, UpdateAppRequest,
};

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

#[tokio::test]
async fn an_app_is_registered_with_what_its_repository_says() {
    let (world, shop) = World::with_shop().await;
    let apps = world.apps().await.list_apps(admin(ListAppsRequest::default())).await;
    let app = apps.expect("listed").into_inner().apps.remove(0);
    assert_eq!((app.name.as_str(), app.source.as_str()), ("apps/shop", "shop"));
    assert_eq!((app.repository, app.default_branch.as_str()), (shop.address(), "main"));
    let again = world.register("shop", &shop.address()).await.expect_err("there already");
    assert_eq!(reason(&again), "AlreadyExists ALREADY_EXISTS");
}

#[tokio::test]
async fn what_cannot_be_registered_says_why() {
    let world = World::new().await;
    let missing = world.folder.path().join("missing").display().to_string();
    let refused = world.register("shop", &missing).await.expect_err("not there");
    assert_eq!(reason(&refused), "FailedPrecondition REPOSITORY_UNREACHABLE");
    assert!(refused.message().contains("does not appear to be a git repository"), "{refused}");
    let outside = world.register("shop", "/etc").await.expect_err("outside");
    insta::assert_snapshot!(outside.message(), @"app.repository: local paths are allowed only below SLIPWAY_ALLOW_LOCAL_REPOSITORIES");
    let name = world.register("Shop", &missing).await.expect_err("no name");
    assert!(name.message().starts_with("app_id: "), "{name}");
    let policy = App { repository: missing, policy: "version: 1\nap: x".into(), ..App::default() };
    let request =
        CreateAppRequest { app_id: "shop".into(), app: Some(policy), ..Default::default() };
    let refused = world.apps().await.create_app(admin(request)).await.expect_err("no policy");
    assert!(refused.message().starts_with("app.policy: slipway.yaml:"), "{refused}");
}

#[tokio::test]
async fn validate_only_changes_nothing() {
    let world = World::new().await;
    let shop = Repository::new(&world.folder.path().join("shop"));
    shop.commit("first");
    let app = App { repository: shop.address(), ..App::default() };
    let request = CreateAppRequest {
        app_id: "shop".into(),
        app: Some(app),
        validate_only: true,
        ..Default::default()
    };
    let answer = world.apps().await.create_app(admin(request)).await.expect("valid").into_inner();
    assert_eq!(answer.app.expect("an app").default_branch, "main");
    let apps = world.apps().await.list_apps(admin(ListAppsRequest::default())).await;
    assert!(apps.expect("listed").into_inner().apps.is_empty());
}

#[tokio::test]
async fn a_request_sent_again_has_the_same_answer() {
    let world = World::new().await;
    let shop = Repository::new(&world.folder.path().join("shop"));
    shop.commit("first");
    let request = CreateAppRequest {
        app_id: "shop".into(),
        app: Some(App { repository: shop.address(), ..App::default() }),
        request_id: "0191-once".into(),
        ..Default::default()
    };
    let mut apps = world.apps().await;
    let first = apps.create_app(admin(request.clone())).await.expect("registered").into_inner();
    let again = apps.create_app(admin(request.clone())).await.expect("the same").into_inner();
    assert_eq!(first, again);
    assert_eq!(first.webhook_secret.len(), 64);
    let other = CreateAppRequest { app_id: "blog".into(), ..request };
    let refused = apps.create_app(admin(other)).await.expect_err("another request");
    assert!(refused.message().starts_with("request_id: "), "{refused}");
}

#[tokio::test]
async fn a_policy_given_by_hand_is_kept_until_it_is_cleared() {
    let (world, _) = World::with_shop().await;
    let policy = "version: 1\napp: shop\nservices: { api: { image: \"nginx:1\" } }\n\
                  environments: { production: { track: { branch: main } } }\n";
    let app = App { name: "apps/shop".into(), policy: policy.into(), ..App::default() };
    let request = UpdateAppRequest { app: Some(app.clone()), ..Default::default() };
    let mut apps = world.apps().await;
    let updated = apps.update_app(admin(request)).await.expect("updated").into_inner();
    assert_eq!(updated.app.expect("an app").policy, policy);
    let app = App { name: "apps/shop".into(), ..App::default() };
    let request = UpdateAppRequest { app: Some(app), clear_policy: true, ..Default::default() };
    let updated = apps.update_app(admin(request)).await.expect("cleared").into_inner();
    assert_eq!(updated.app.expect("an app").policy, "");
}

#[tokio::test]
async fn a_change_is_made_of_a_ref_because_a_person_asked() {
    let (world, shop) = World::with_shop().await;
    let request = CreateChangeRequest {
        parent: "apps/shop".into(),
        environments: vec!["staging".into()],
        ..Default::default()
    };
    let made = world.apps().await.create_change(admin(request.clone())).await.expect("made");
    let change = made.into_inner().change.expect("a change");
    assert_eq!((change.commit, change.cause.as_str()), (shop.head("main"), "manual"));
    assert_eq!((change.git_ref.as_str(), change.by.as_str()), ("refs/heads/main", "bootstrap"));
    let missing = CreateChangeRequest { git_ref: "nothing".into(), ..request };
    let refused = world.apps().await.create_change(admin(missing)).await.expect_err("no ref");
    assert_eq!(refused.message(), "git_ref: there is no branch or tag nothing in the repository");
    assert_eq!(world.said().await.len(), 1);
}

#[tokio::test]
async fn a_delivery_handled_again_makes_a_change_again() {
    let (world, shop) = World::with_shop().await;
    assert_eq!(world.push(&shop.head("main"), A).await.short(), "202 accepted");
    let mut apps = world.apps().await;
    let list = apps.list_deliveries(admin(ListDeliveriesRequest::default())).await.expect("listed");
    let stored = list.into_inner().deliveries.remove(0);
    let get = GetDeliveryRequest { name: stored.name.clone() };
    let whole = apps.get_delivery(admin(get)).await.expect("there").into_inner().delivery;
    let body = whole.expect("a delivery").body;
    assert_eq!(i64::try_from(body.len()), Ok(stored.size_bytes));
    let replay = ReplayDeliveryRequest { name: stored.name, ..Default::default() };
    let again = apps.replay_delivery(admin(replay)).await.expect("replayed").into_inner();
    assert_ne!(again.delivery.expect("a delivery").change, stored.change);
    assert_eq!(world.said().await, [A, A]);
}

#[tokio::test]
async fn a_deleted_app_takes_no_more_webhooks() {
    let world = with_deployer(None).await;
    let shop = world.shop().await;
    let delete = DeleteAppRequest { name: "apps/shop".into(), ..Default::default() };
    world.apps().await.delete_app(admin(delete.clone())).await.expect("deleted");
    assert_eq!(world.push(&shop.head("main"), A).await.short(), "401 NOT_SIGNED");
    let again = world.apps().await.delete_app(admin(delete)).await.expect_err("gone");
    assert_eq!(reason(&again), "NotFound NOT_FOUND");
}

#[tokio::test]
async fn an_app_that_runs_is_not_deleted() {
    let refused = || service::grpc::status::precondition("APP_IN_USE", "release 3 is live");
    let world = with_deployer(Some(refused)).await;
    let shop = world.shop().await;
    let delete = DeleteAppRequest { name: "apps/shop".into(), ..Default::default() };
    let answer = world.apps().await.delete_app(admin(delete)).await.expect_err("it runs");
    assert_eq!(reason(&answer), "FailedPrecondition APP_IN_USE");
    assert_eq!(world.push(&shop.head("main"), A).await.short(), "202 accepted");
}

#[tokio::test]
async fn without_a_deployer_no_app_is_deleted() {
    let (world, shop) = World::with_shop().await;
    let delete = DeleteAppRequest { name: "apps/shop".into(), ..Default::default() };
    let answer = world.apps().await.delete_app(admin(delete)).await.expect_err("who knows");
    assert_eq!(answer.code(), tonic::Code::Unavailable);
    assert_eq!(world.push(&shop.head("main"), A).await.short(), "202 accepted");
}
