//! Who may do what.

use crate::edge::with_builder;
use crate::fixture::{World, admin, reason, with_token};
use proto::v1::build_service_client::BuildServiceClient;
use proto::v1::grant::Role;
use proto::v1::{
    CreateAppRequest, CreateChangeRequest, CreateTokenRequest, DeleteTokenRequest, GetAppRequest,
    Grant, ListAppsRequest, ListTokensRequest, Token, WatchBuildLogRequest,
};
use std::time::Duration;
use tokio::time::timeout;

/// A stream that goes on does so for ever.
const PATIENCE: Duration = Duration::from_mins(1);

impl World {
    /// A token called `ci` with one grant; environment may be empty, as may the app.
    pub(crate) async fn token(
        &self,
        role: Role,
        app: &str,
        environment: &str,
    ) -> Result<String, tonic::Status> {
        let grant = Grant { role: role.into(), app: app.into(), environment: environment.into() };
        let token = Token { grants: vec![grant], ..Token::default() };
        let token_id = "ci".to_owned();
        let request = CreateTokenRequest { token_id, token: Some(token), ..Default::default() };
        let made = self.tokens().await.create_token(admin(request)).await;
        made.map(|made| made.into_inner().secret)
    }
}

#[tokio::test]
async fn without_a_valid_token_nothing_is_answered() {
    let (world, _) = World::with_shop().await;
    let mut apps = world.apps().await;
    let missing = apps.list_apps(ListAppsRequest::default()).await.expect_err("no token");
    assert_eq!(reason(&missing), "Unauthenticated UNAUTHENTICATED");
    let unknown = with_token("slipway_0000", ListAppsRequest::default());
    let unknown = apps.list_apps(unknown).await.expect_err("unknown token");
    assert_eq!(reason(&unknown), "Unauthenticated UNAUTHENTICATED");
}

#[tokio::test]
async fn nobody_can_say_themselves_who_they_are() {
    let (world, _) = World::with_shop().await;
    let viewer = world.token(Role::Viewer, "shop", "").await.expect("made");
    let mut request = with_token(&viewer, ListTokensRequest::default());
    let admin = service::principal::Principal::slipway();
    request.metadata_mut().insert_bin("slipway-principal-bin", admin.encode());
    let refused = world.tokens().await.list_tokens(request).await.expect_err("a viewer");
    assert_eq!(reason(&refused), "PermissionDenied PERMISSION_DENIED");
}

#[tokio::test]
async fn a_viewer_sees_what_it_was_given_and_changes_nothing() {
    let (world, shop) = World::with_shop().await;
    world.register("blog", &shop.address()).await.expect("registered");
    let viewer = world.token(Role::Viewer, "shop", "staging").await.expect("made");
    let mut apps = world.apps().await;
    let list = apps.list_apps(with_token(&viewer, ListAppsRequest::default())).await;
    assert_eq!(list.expect("listed").into_inner().apps.len(), 1);
    let blog = GetAppRequest { name: "apps/blog".into() };
    let refused = apps.get_app(with_token(&viewer, blog)).await.expect_err("another app");
    assert_eq!(refused.message(), "ci may not see blog");
    let deploy = CreateChangeRequest { parent: "apps/shop".into(), ..Default::default() };
    let refused = apps.create_change(with_token(&viewer, deploy)).await.expect_err("a viewer");
    assert_eq!(refused.message(), "ci needs the role deployer in shop");
}

#[tokio::test]
async fn a_deployer_of_one_environment_deploys_there_only() {
    let (world, _) = World::with_shop().await;
    let deployer = world.token(Role::Deployer, "shop", "staging").await.expect("made");
    let mut apps = world.apps().await;
    let to = |environment: &str| {
        let environments = vec![environment.to_owned()];
        let parent = "apps/shop".to_owned();
        with_token(&deployer, CreateChangeRequest { parent, environments, ..Default::default() })
    };
    assert!(apps.create_change(to("staging")).await.is_ok());
    let refused = apps.create_change(to("production")).await.expect_err("elsewhere");
    assert_eq!(refused.message(), "ci needs the role deployer in shop/production");
    let register = with_token(&deployer, CreateAppRequest::default());
    let refused = apps.create_app(register).await.expect_err("not an admin");
    assert_eq!(refused.message(), "ci needs the role admin in every app");
}

#[tokio::test]
async fn a_token_that_was_ended_ends_at_once() {
    let (world, _) = World::with_shop().await;
    let viewer = world.token(Role::Viewer, "", "").await.expect("made");
    let mut apps = world.apps().await;
    assert!(apps.list_apps(with_token(&viewer, ListAppsRequest::default())).await.is_ok());
    let delete = DeleteTokenRequest { name: "tokens/ci".into(), ..Default::default() };
    world.tokens().await.delete_token(admin(delete)).await.expect("deleted");
    let refused = apps.list_apps(with_token(&viewer, ListAppsRequest::default())).await;
    assert_eq!(reason(&refused.expect_err("ended")), "Unauthenticated UNAUTHENTICATED");
}

#[tokio::test]
async fn a_stream_ends_with_its_token() {
    let world = with_builder().await;
    let viewer = world.token(Role::Viewer, "", "").await.expect("made");
    let mut builds = BuildServiceClient::new(world.channel().await);
    let log = builds.watch_build_log(with_token(&viewer, WatchBuildLogRequest::default())).await;
    let mut lines = log.expect("a stream").into_inner();
    for _ in 0..2 {
        assert!(lines.message().await.expect("a line").is_some());
    }
    let delete = DeleteTokenRequest { name: "tokens/ci".into(), ..Default::default() };
    world.tokens().await.delete_token(admin(delete)).await.expect("deleted");
    let ended = timeout(PATIENCE, lines.message()).await.expect("it ends").expect_err("ended");
    assert_eq!(reason(&ended), "Unauthenticated UNAUTHENTICATED");
}

#[tokio::test]
async fn tokens_are_listed_without_their_secrets() {
    let (world, _) = World::with_shop().await;
    let secret = world.token(Role::Deployer, "shop", "staging").await.expect("made");
    let list = world.tokens().await.list_tokens(admin(ListTokensRequest::default())).await;
    let tokens = list.expect("listed").into_inner().tokens;
    assert_eq!((tokens[0].name.as_str(), tokens[0].grants[0].app.as_str()), ("tokens/ci", "shop"));
    assert!(!format!("{tokens:?}").contains(&secret));
}

#[tokio::test]
async fn grants_that_make_no_sense_are_refused() {
    let world = World::new().await;
    let refused =
        |result: Result<String, tonic::Status>| result.expect_err("refused").message().to_owned();
    insta::assert_snapshot!(
        [
            refused(world.token(Role::Admin, "shop", "").await),
            refused(world.token(Role::Unspecified, "", "").await),
            refused(world.token(Role::Viewer, "No App", "").await),
        ]
        .join("\n"),
        @r#"
        token.grants: an admin has no scope; use deployer
        token.grants.role: use viewer, deployer or admin
        token.grants.app: app name "No App" is not valid: use 1 to 63 lower-case letters, digits and '-', starting with a letter and not ending with '-'
        "#
    );
}
