//! What the engine does by itself, and what is on it that is not ours.

use proto::v1::release::State;
use serde_json::json;
use service::fail_point::Fault;
use std::time::Duration;
use stories::World;
use stories::fixture::{behave, chameleon};
use testkit::eventually;

/// What the engine says of a container.
fn told(world: &World, container: &str, format: &str) -> String {
    world.docker.run(&["inspect", "--format", format, container])
}

const ADDRESS: &str = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
const NETWORK: &str = "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}";

/// Runs a container that nobody released, from the image of `like`; the world cleans it up.
fn stranger(world: &World, like: &str, options: &[&str]) -> String {
    let label = format!("slipway.instance={}", world.platform());
    let image = told(world, like, "{{.Image}}");
    let begin = ["run", "--detach", "--label", &label, "--entrypoint", "sleep"];
    world.docker.run(&[&begin, options, &[&image, "600"]].concat())
}

/// The name of the container that is to be made next.
async fn intended(world: &World) -> String {
    let pool = sqlx::PgPool::connect(&world.database_url()).await.expect("a database");
    let intended = "select container_name from deployer.instance where state = 'intended'";
    sqlx::query_scalar(intended).fetch_one(&pool).await.expect("an instance")
}

#[tokio::test]
async fn an_instance_with_another_address_is_found_again() {
    let mut world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    world.register("shop", &repo).await.ship(&json!({"version": "one"}), 1).await;
    world.kill("monitor");
    let web = world.docker.running().remove(0);
    let (before, network) = (told(&world, &web, ADDRESS), told(&world, &web, NETWORK));
    world.docker.run(&["stop", &web]);
    stranger(&world, &web, &["--network", &network]);
    world.docker.run(&["start", &web]);
    assert_ne!(told(&world, &web, ADDRESS), before, "its address is somebody else's now");
    world.kill("deployer");
    world.resume("deployer");
    let app = world.app("shop", &repo);
    eventually("users to find it", Duration::from_mins(5), async || {
        (app.version().await == "one").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_container_of_somebody_else_with_our_name_is_left_alone() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    let web = world.docker.running().remove(0);
    let point = "deployer.starting.before_effect";
    world.arm(point, Fault::Hold);
    behave(&repo, &json!({"version": "two"}));
    app.push("Two").await;
    world.hit(point).await;
    let theirs = stranger(&world, &web, &["--name", &intended(&world).await]);
    world.release_hold(point);
    let failed = app.release_in(2, &[State::Failed, State::Live]).await.failure.expect("why");
    assert_eq!(failed.reason, "NAME_TAKEN");
    assert_eq!(told(&world, &theirs, "{{.State.Running}}"), "true");
    assert_eq!(app.version().await, "one");
}
