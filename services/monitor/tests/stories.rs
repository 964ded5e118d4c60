//! What the monitor sees when somebody changes what runs behind the platform's back.

mod world;

use events::{EventType, InstanceId, PrincipalName, ReleaseId};
use proto::v1::environment_drift::State;
use service::principal::{Grant, Principal, Role};
use tonic::Code;
use world::{PLACE, World, reasons};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_instance_is_told_once_and_so_is_its_return() {
    let world = World::with_one_instance().await;
    let name = world.docker.name("api-0");
    world.docker.kill(&name).await;
    let drift = world.until(State::Missing).await;
    assert_eq!(reasons(&drift), ["STOPPED"]);
    assert_eq!(world.crashes().await, [format!("container {name} exited with code 137 (SIGKILL)")]);
    world.docker.start(&name).await;
    world.until(State::InSync).await;
    assert_eq!(world.detected().await, [["STOPPED"]]);
    assert_eq!(world.told(EventType::DriftCleared).await.len(), 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_instance_is_missing_and_one_made_by_hand_is_not_it() {
    let world = World::with_one_instance().await;
    let name = world.docker.name("api-0");
    world.docker.remove(&name).await;
    assert_eq!(reasons(&world.until(State::Missing).await), ["MISSING"]);
    let (instance, release) = (world.deployer.instance, world.deployer.release);
    world.docker.run_other("api-0", instance, release).await;
    let drift = world.until(State::Drifted).await;
    assert!(reasons(&drift).contains(&"IMAGE"), "{drift:?}");
    assert_eq!(reasons(&world.check().await), ["IMAGE", "REPLACED"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_judged_while_a_release_moves() {
    let world = World::with_one_instance().await;
    world.deployer.moves(Some(proto::v1::release::State::Shifting));
    world.until(State::Converging).await;
    world.docker.kill(&world.docker.name("api-0")).await;
    assert_eq!(world.check().await.state(), State::Converging);
    assert!(world.crashes().await.is_empty() && world.detected().await.is_empty());
    world.deployer.moves(None);
    world.until(State::Missing).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_of_no_release_is_reported_and_left_alone() {
    let world = World::with_one_instance().await;
    let (instance, release) =
        (InstanceId::new(service::new_id()), ReleaseId::new(service::new_id()));
    let orphan = world.docker.run("left-over", instance, release).await;
    let drift = world.until(State::Orphaned).await;
    assert_eq!(reasons(&drift), ["ORPHANED"]);
    assert!(world.docker.exists(&orphan).await);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ran_is_remembered_without_the_values_of_variables() {
    let world = World::with_one_instance().await;
    let baseline: serde_json::Value = sqlx::query_scalar("select baseline from monitor.instance")
        .fetch_one(&world.pool)
        .await
        .expect("kept");
    let fields = &baseline["fields"];
    assert_eq!(fields["command"], r#"["/usr/bin/sleep","3600"]"#);
    assert_eq!(fields["env.TOKEN"].as_str().map(str::len), Some("hash:".len() + 16));
    assert!(!baseline.to_string().contains("hunter2"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_deployer_what_it_said_last_still_counts() {
    let world = World::with_one_instance().await;
    world.deployer.silent();
    world.docker.kill(&world.docker.name("api-0")).await;
    assert_eq!(reasons(&world.until(State::Missing).await), ["STOPPED"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_and_what_happens_are_reasons_to_look() {
    let world = World::looking_when_told().await;
    world.deployer.moves(Some(proto::v1::release::State::Shifting));
    world.release_progresses().await;
    world.until(State::Converging).await;
    world.deployer.moves(None);
    world.release_progresses().await;
    world.until(State::InSync).await;
    world.docker.kill(&world.docker.name("api-0")).await;
    world.until(State::Missing).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_engine_nothing_is_known_and_nothing_is_said() {
    let world = World::without_engine().await;
    let drift = world.check().await;
    assert_eq!(drift.state(), State::Unknown);
    assert!(drift.check_time.is_some() && drift.instance_count == 1, "{drift:?}");
    assert!(world.detected().await.is_empty());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_see_an_app_learns_nothing_of_it() {
    let world = World::with_one_instance().await;
    let grant = Grant { app: "blog".parse().ok(), ..Grant::everywhere(Role::Admin) };
    let stranger = Principal { name: PrincipalName::new("blog-ci"), grants: vec![grant] };
    assert!(world.list_for(&stranger).await.is_empty());
    let nowhere = "apps/shop/environments/nowhere";
    for name in [PLACE, nowhere] {
        assert_eq!(world.check_for(&stranger, name).await.err(), Some(Code::PermissionDenied));
    }
    let slipway = Principal::slipway();
    assert_eq!(world.check_for(&slipway, nowhere).await.err(), Some(Code::NotFound));
    assert_eq!(world.check_for(&slipway, "shop").await.err(), Some(Code::InvalidArgument));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_may_not_see_takes_no_place_on_a_page() {
    let world = World::with_one_instance().await;
    sqlx::query("insert into monitor.verdict (app, environment) values ('blog', 'production')")
        .execute(&world.pool)
        .await
        .expect("another app, which comes before");
    let grant = Grant { app: "shop".parse().ok(), ..Grant::everywhere(Role::Viewer) };
    let viewer = Principal { name: PrincipalName::new("shop-ci"), grants: vec![grant] };
    assert_eq!(world.page_for(&viewer, 1).await, (vec![PLACE.to_owned()], false));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_heals_once() {
    let world = World::with_one_instance().await;
    let first = world.heal("a").await;
    assert_eq!(world.heal("a").await, first, "nothing was asked for again");
    assert!(world.heal("b").await > first);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_past_is_listed_page_by_page() {
    let world = World::with_one_instance().await;
    sqlx::query(
        "insert into monitor.history (app, environment, release_number, reason, message, fields, cause,
                                      first_seen_at, last_seen_at, ended_at, outcome)
         select 'shop', 'production', 1, 'STOPPED', 'it stopped', '[]', '', now(), now(), now(), 'cleared'
         from generate_series(1, 5)",
    )
    .execute(&world.pool)
    .await
    .expect("five that ended at the same time");
    assert_eq!(world.past_in_pages(2).await, [2, 2, 1]);
    world.end().await;
}
