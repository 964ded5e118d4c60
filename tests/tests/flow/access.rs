//! Who may do what: tokens, roles, apps and environments.

mod calls;

use crate::tell::reason;
use calls::{CALLS, JOB, There, call};
use proto::v1::grant::Role;
use proto::v1::{
    CreateReleaseRequest, CreateTokenRequest, GetReleaseRequest, ListAppsRequest,
    ListBuildsRequest, ListDeliveriesRequest, ListEnvironmentsRequest, ListReleasesRequest,
    ListTokensRequest, RunJobRequest, WatchEventsRequest, WatchEventsResponse, WatchLogsRequest,
    WatchLogsResponse, WatchReleasesRequest, WatchReleasesResponse,
};
use serde_json::json;
use std::time::Duration;
use stories::fixture::{chameleon, manifest};
use stories::{App, Client, World, rewrite};
use tokio::time::timeout;
use tonic::{Status, Streaming};

async fn there(app: &App<'_>) -> There {
    let mut apps = app.client.clone().apps;
    let deliveries = apps.list_deliveries(ListDeliveriesRequest::default()).await;
    let deliveries = deliveries.expect("a list").into_inner().deliveries;
    let request = RunJobRequest { name: JOB.into(), ..Default::default() };
    let run = app.client.clone().jobs.run_job(request).await.expect("it is due").into_inner();
    There {
        build: app.builds().await[0].name.clone(),
        delivery: deliveries[0].name.clone(),
        run: run.run.expect("a run").name,
    }
}

/// How a call was refused to somebody: for who they are, for what they may, or not at all.
fn verdict(answer: Result<(), Status>) -> &'static str {
    let Err(status) = answer else { return "yes" };
    match reason(&status).as_str() {
        "Unauthenticated UNAUTHENTICATED" => "who?",
        "PermissionDenied PERMISSION_DENIED" => "no",
        "NotFound NOT_FOUND" => "none",
        _ => "yes",
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table with a line for each call")]
async fn every_call_asks_for_its_role() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let hello = "jobs: { hello: { service: web, at: manual, command: [echo, hello] } }";
    rewrite(&repo, "environments:", &format!("{hello}\nenvironments:"));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    let there = there(&app).await;
    let who = everybody(&world).await;
    insta::assert_snapshot!(table(&there, &who).await, @"
                                nobody   unknown  viewer   deployer staging  other    admin
    GetApp                      who?     who?     yes      yes      yes      no       yes
    GetCi                       who?     who?     yes      yes      yes      no       yes
    ListChanges                 who?     who?     yes      yes      yes      no       yes
    ListDeliveries              who?     who?     yes      yes      yes      no       yes
    GetDelivery                 who?     who?     yes      yes      yes      no       yes
    ListBuilds                  who?     who?     yes      yes      yes      none     yes
    GetBuild                    who?     who?     yes      yes      yes      none     yes
    WatchBuildLog               who?     who?     yes      yes      yes      none     yes
    GetEnvironment              who?     who?     yes      yes      no       no       yes
    GetRelease                  who?     who?     yes      yes      no       no       yes
    WatchReleases               who?     who?     yes      yes      no       no       yes
    WatchLogs                   who?     who?     yes      yes      no       no       yes
    WatchEvents                 who?     who?     yes      yes      yes      no       yes
    ListJobs                    who?     who?     yes      yes      no       no       yes
    ListRuns                    who?     who?     yes      yes      yes      yes      yes
    GetRun                      who?     who?     yes      yes      no       no       yes
    WatchRun                    who?     who?     yes      yes      no       no       yes
    ListSecrets                 who?     who?     yes      yes      no       no       yes
    CheckDrift                  who?     who?     yes      yes      no       no       yes
    ListDataDrift               who?     who?     yes      yes      no       no       yes
    GetQuality                  who?     who?     yes      yes      no       no       yes
    CreateRelease, only planned who?     who?     yes      yes      no       no       yes
    CreateRelease               who?     who?     no       yes      no       no       yes
    CancelRelease               who?     who?     no       yes      no       no       yes
    PromoteRelease              who?     who?     no       yes      no       no       yes
    PromoteEnvironment          who?     who?     no       yes      no       no       yes
    ApproveRelease              who?     who?     no       yes      no       no       yes
    RefuseRelease               who?     who?     no       yes      no       no       yes
    GetCandidate                who?     who?     no       yes      no       no       yes
    CheckDataDrift              who?     who?     no       yes      no       no       yes
    AcceptDataDrift             who?     who?     no       yes      no       no       yes
    MuteDataDrift               who?     who?     no       yes      no       no       yes
    TellTruth                   who?     who?     no       yes      no       no       yes
    RollbackEnvironment         who?     who?     no       yes      no       no       yes
    UnpinRelease                who?     who?     no       yes      no       no       yes
    RunJob                      who?     who?     no       yes      no       no       yes
    Retrain                     who?     who?     no       yes      no       no       yes
    RestoreModel                who?     who?     no       yes      no       no       yes
    SetTraffic                  who?     who?     no       yes      no       no       yes
    SetSecret                   who?     who?     no       yes      no       no       yes
    DeleteSecret                who?     who?     no       yes      no       no       none
    CreateChange                who?     who?     no       yes      no       no       yes
    ReplayDelivery              who?     who?     no       no       no       no       yes
    CancelBuild                 who?     who?     no       no       no       none     yes
    RevealSecrets               who?     who?     no       no       no       no       no
    CommitFiles                 who?     who?     no       no       no       no       no
    ReadReference               who?     who?     no       no       no       no       no
    PublishModel                who?     who?     no       no       no       no       no
    ListTokens                  who?     who?     no       no       no       no       yes
    CreateToken                 who?     who?     no       no       no       no       yes
    DeleteToken                 who?     who?     no       no       no       no       none
    CreateApp                   who?     who?     no       no       no       no       yes
    UpdateApp                   who?     who?     no       no       no       no       yes
    RotateWebhookSecret         who?     who?     no       no       no       no       yes
    CollectReleases             who?     who?     no       no       no       no       yes
    CollectBuilds               who?     who?     no       no       no       no       yes
    DeleteApp                   who?     who?     no       no       no       no       yes
    ");
}

/// What each of them is told, call by call.
async fn table(there: &There, who: &[(&'static str, Client)]) -> String {
    let names: Vec<_> = who.iter().map(|(name, _)| *name).collect();
    let mut table = vec![format!("{:<28}{}", "", names.join(" "))];
    for name in CALLS {
        let mut row = vec![format!("{name:<27}")];
        for (_, client) in who {
            row.push(format!("{:<8}", verdict(call(client.clone(), there, name).await)));
        }
        table.push(row.join(" ").trim_end().to_owned());
    }
    table.join("\n")
}

/// Nobody, a token that is none, one of each role, and a deployer of another app; the administrator last.
async fn everybody(world: &World) -> [(&'static str, Client); 7] {
    let viewer = world.token("viewer", Role::Viewer, "shop/production").await;
    let deployer = world.token("deployer", Role::Deployer, "shop/production").await;
    let staging = world.token("staging", Role::Deployer, "shop/staging").await;
    let other = world.token("other", Role::Deployer, "blog").await;
    [
        ("nobody  ", world.client(None)),
        ("unknown ", world.client(Some("slipway_0000"))),
        ("viewer  ", world.client(Some(&viewer))),
        ("deployer", world.client(Some(&deployer))),
        ("staging ", world.client(Some(&staging))),
        ("other   ", world.client(Some(&other))),
        ("admin", world.admin()),
    ]
}

#[tokio::test]
async fn who_is_refused_learns_what_is_missing() {
    let world = World::start().await;
    let viewer = world.token("ci", Role::Viewer, "shop/production").await;
    let there = There {
        build: "builds/none".into(),
        delivery: "deliveries/none".into(),
        run: "runs/none".into(),
    };
    let mut said = Vec::new();
    for (client, name) in [
        (world.client(None), "GetApp"),
        (world.client(Some("wrong")), "GetApp"),
        (world.client(Some(&viewer)), "SetTraffic"),
        (world.client(Some(&viewer)), "SetSecret"),
        (world.client(Some(&viewer)), "CreateToken"),
        (world.admin(), "RevealSecrets"),
    ] {
        said.push(call(client, &there, name).await.expect_err("refused").message().to_owned());
    }
    insta::assert_snapshot!(said.join("\n"), @"
    the call carries no token; send the header authorization: Bearer TOKEN
    the token is not known, has expired or was ended
    ci needs the role deployer in shop/production
    ci needs the role deployer in shop/production
    ci needs the role admin in every app
    secrets are shown to services only
    ");
}

#[tokio::test]
async fn lists_show_only_what_one_may_see() {
    let world = World::start().await;
    let (shop, blog) = (chameleon("shop", &json!({})), chameleon("blog", &json!({})));
    for (name, repo) in [("shop", &shop), ("blog", &blog)] {
        world.register(name, repo).await.ship(&json!({"version": "one"}), 1).await;
    }
    let token = world.token("ci", Role::Viewer, "blog/production").await;
    let Client { mut apps, mut builds, mut releases, .. } = world.client(Some(&token));
    let found = apps.list_apps(ListAppsRequest::default()).await.expect("a list").into_inner();
    assert_eq!(found.apps.iter().map(|app| app.name.as_str()).collect::<Vec<_>>(), ["apps/blog"]);
    let found = releases.list_releases(ListReleasesRequest::default()).await.expect("a list");
    assert!(found.into_inner().releases.iter().all(|release| release.app == "blog"));
    let found = releases.list_environments(ListEnvironmentsRequest::default()).await;
    assert_eq!(found.expect("a list").into_inner().environments.len(), 1);
    pages_are_full(&world).await;
    let found = builds.list_builds(ListBuildsRequest::default()).await.expect("a list");
    assert!(found.into_inner().builds.iter().all(|build| build.app == "blog"));
}

#[tokio::test]
async fn who_may_deploy_cannot_change_the_policy_of_the_default_branch() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    let token = world.token("deployer", Role::Deployer, "shop").await;
    let text = manifest("shop").replace("host: shop.localhost", "host: other.localhost");
    for (client, hosts) in [(world.client(Some(&token)), "shop"), (world.admin(), "other")] {
        let request = CreateReleaseRequest {
            parent: "apps/shop/environments/production".into(),
            manifest: text.clone(),
            ..Default::default()
        };
        let made = client.clone().releases.create_release(request).await.expect("a release");
        let name = made.into_inner().release.expect("a release").name;
        let found = client.clone().releases.get_release(GetReleaseRequest { name }).await;
        let configuration = found.expect("it is there").into_inner().configuration;
        assert!(configuration.contains(&format!("{hosts}.localhost")), "{configuration}");
    }
}

/// What one may not see takes no place on a page: `blog` comes before `shop`, and its release is newer.
async fn pages_are_full(world: &World) {
    let token = world.token("page", Role::Viewer, "shop/production").await;
    let mut releases = world.client(Some(&token)).releases;
    let request = ListEnvironmentsRequest { page_size: 1, ..Default::default() };
    let page = releases.list_environments(request).await.expect("a list").into_inner();
    assert_eq!((page.environments.len(), page.next_page_token.as_str()), (1, ""));
    let request = ListReleasesRequest { page_size: 1, ..Default::default() };
    let page = releases.list_releases(request).await.expect("a list").into_inner();
    assert_eq!((page.releases.len(), page.next_page_token.as_str()), (1, ""));
}

#[tokio::test]
async fn a_token_is_shown_once_kept_nowhere_and_ended_at_once() {
    let world = World::start().await;
    let value = world.token("ci", Role::Viewer, "").await;
    let mut apps = world.client(Some(&value)).apps;
    apps.list_apps(ListAppsRequest::default()).await.expect("it is valid");
    assert_eq!(world.places_that_show(&value).await, Vec::<String>::new());
    let listed = world.admin().tokens.list_tokens(ListTokensRequest::default()).await;
    assert!(!format!("{listed:?}").contains(&value));
    let again = CreateTokenRequest { token_id: "ci".into(), ..Default::default() };
    world.admin().tokens.create_token(again).await.expect_err("the name is taken");
    world.revoke("ci").await;
    let refused = apps.list_apps(ListAppsRequest::default()).await.expect_err("it is ended");
    assert_eq!(reason(&refused), "Unauthenticated UNAUTHENTICATED");
}

#[tokio::test]
async fn what_a_token_watches_ends_with_it() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one", "print_lines": 1}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one", "print_lines": 1}), 1).await;
    let revoked = world.token("revoked", Role::Viewer, "shop").await;
    let mut watched = watch_all(world.client(Some(&revoked))).await;
    world.revoke("revoked").await;
    assert_eq!(watched.ends().await, ["Unauthenticated UNAUTHENTICATED"; 3]);
    let expired = world.token("expired", Role::Viewer, "shop").await;
    let mut watched = watch_all(world.client(Some(&expired))).await;
    world.is_expired("expired").await;
    assert_eq!(watched.ends().await, ["Unauthenticated UNAUTHENTICATED"; 3]);
}

/// What an engineer may leave open for days.
struct Watches {
    releases: Streaming<WatchReleasesResponse>,
    logs: Streaming<WatchLogsResponse>,
    events: Streaming<WatchEventsResponse>,
}

async fn watch_all(client: Client) -> Watches {
    let (parent, follow) = ("apps/shop/environments/production".to_owned(), true);
    let releases = WatchReleasesRequest { parent: parent.clone(), ..Default::default() };
    let logs = WatchLogsRequest { name: parent, follow, ..Default::default() };
    let events = WatchEventsRequest { app: "apps/shop".into(), follow, ..Default::default() };
    let Client { releases: mut api, events: mut bus, .. } = client;
    Watches {
        releases: api.watch_releases(releases).await.expect("a stream").into_inner(),
        logs: api.watch_logs(logs).await.expect("a stream").into_inner(),
        events: bus.watch_events(events).await.expect("a stream").into_inner(),
    }
}

impl Watches {
    async fn ends(&mut self) -> [String; 3] {
        let Self { releases, logs, events } = self;
        let ends = async { tokio::join!(end(releases), end(logs), end(events)) };
        timeout(Duration::from_mins(3), ends).await.expect("they end").into()
    }
}

/// Why a stream ended.
async fn end<T>(stream: &mut Streaming<T>) -> String {
    loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            Ok(None) => return "it ended well".to_owned(),
            Err(status) => return reason(&status),
        }
    }
}

#[tokio::test]
async fn secrets_are_kept_sealed() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({}));
    let app = world.register("shop", &repo).await;
    app.set_secret("API_KEY", "the-value-of-the-key").await;
    for value in ["the-value-of-the-key", stories::WEBHOOK_SECRET, stories::ADMIN_TOKEN] {
        assert_eq!(world.places_that_show(value).await, Vec::<String>::new(), "{value}");
    }
}
