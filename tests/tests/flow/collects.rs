//! `slipway gc`: what builds and releases left goes, by reference and nothing else.

use crate::tell::reason;
use proto::v1::CollectBuildsRequest;
use proto::v1::release::State;
use serde_json::json;
use std::time::Duration;
use stories::fixture::{chameleon, manifest};
use stories::{App, World, digest, rewrite};
use testkit::{Repo, eventually};

/// What is left over goes within this.
const PATIENCE: Duration = Duration::from_mins(3);

/// What only the first release mounts.
const VOLUMES: &str = "    volumes: [{ name: warm, path: /warm, class: cache }, \
                       { name: weights, path: /weights, class: model }]\n    http:";

/// A repository of an app that keeps one release to go back to.
fn keeps_one() -> Repo {
    let repo = chameleon("shop", &json!({"version": "one"}));
    let text = manifest("shop").replace("    bake: 1s", "    bake: 1s\n    keep: 1");
    repo.write("slipway.yaml", &text.replace("    http:", VOLUMES));
    repo
}

/// The digests of three releases, built long enough ago; the first is not kept any more.
async fn three(app: &App<'_>) -> Vec<String> {
    let mut images = Vec::new();
    for (version, number) in [("one", 1), ("two", 2), ("three", 3)] {
        let release = app.ship(&json!({"version": version}), number).await;
        if number == 1 {
            let prepared = release.steps.iter().find(|step| step.step == "preparing");
            let told = prepared.map(|step| step.detail.as_str()).unwrap_or_default();
            assert!(
                told.contains("mounts volume warm at /warm, which its image does not have"),
                "{told}"
            );
            rewrite(app.repo, VOLUMES, "    http:");
        }
        images.push(digest(&release, "web").to_owned());
    }
    app.release_in(1, &[State::Collected]).await;
    eventually("the container of the first to go", PATIENCE, async || {
        (app.world.docker.containers().len() == 2).then_some(())
    })
    .await;
    app.world.builds_are_hours_old().await;
    images
}

#[tokio::test]
async fn an_image_that_no_release_needs_goes_and_the_others_stay() {
    let world = World::with(&[("SLIPWAY_CACHE_BUDGET", "0")]).await;
    let repo = keeps_one();
    let app = world.register("shop", &repo).await;
    let images = three(&app).await;
    let foreign = world.docker.derived("web");
    let planned = world.slipway("gc").done();
    assert!(planned.contains("would go") && planned.contains("no release needs it"), "{planned}");
    assert_eq!(world.docker.digests_among(&images), images, "a plan removes nothing");
    let said = world.slipway("gc --apply").done();
    assert!(said.contains("live: apps/shop/environments/production/releases/3"), "{said}");
    assert!(said.contains("rollback target: apps/shop/environments/production/releases/2"));
    assert_eq!(world.docker.digests_among(&images), images[1..], "{said}");
    assert!(world.docker.has_image(&foreign), "{said}");
    let volumes =
        |word| said.lines().filter(|it| it.starts_with("volume") && it.contains(word)).count();
    assert_eq!(
        (volumes("a cache that no release mounts"), volumes("never removed but by you")),
        (1, 1),
        "{said}"
    );
    app.rollback(0).await.expect("there is an earlier release");
    app.live(4).await;
    assert_eq!(app.version().await, "two");
}

#[tokio::test]
async fn nothing_is_collected_while_it_is_not_known_what_is_needed() {
    let mut world = World::start().await;
    let repo = keeps_one();
    let images = three(&world.register("shop", &repo).await).await;
    world.stop("deployer");
    let asked = world.admin().builds.collect_builds(CollectBuildsRequest::default()).await;
    assert_eq!(reason(&asked.expect_err("refused")), "Unavailable SERVICE_AWAY");
    assert_eq!(world.docker.digests_among(&images), images);
}
