//! A push becomes an image that the registry has.

use crate::world::{MANIFEST, World, digests, outcome};
use proto::v1::build::State;

#[tokio::test(flavor = "multi_thread")]
async fn a_push_becomes_an_image_in_the_registry() {
    let world = World::with_app().await;
    let build = world.push().await;
    assert_eq!(outcome(&build), (State::Succeeded, ""), "{}", world.log(&build).await);
    let image = build.services[0].image.as_ref().expect("an image");
    assert_eq!(image.repository, format!("{}/shop/api", world.registry));
    assert_eq!(build.services[0].tags, [format!("sha-{}", &build.commit[..12]), "main".to_owned()]);
    assert!(image.size_bytes > 0 && build.services[0].new_layers.len() == 1);
    assert_eq!(build.environments, ["production"]);
    assert_eq!((build.manifest.as_str(), build.policy.as_str()), (MANIFEST, MANIFEST));
    let steps: Vec<&str> = build.steps.iter().map(|step| step.step.as_str()).collect();
    assert_eq!(steps, ["fetch", "plan", "build api", "push api"]);
    assert_eq!(world.said().await, ["build.queued", "build.started", "build.succeeded"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_content_is_not_built_again() {
    let world = World::with_app().await;
    let first = world.push().await;
    world.repo.commit(&[]);
    let second = world.push().await;
    assert_eq!(digests(&first), digests(&second));
    assert!(second.services[0].reused && !first.services[0].reused);
    assert_eq!(second.services[0].tags.len(), 2);
    assert!(second.steps.iter().all(|step| !step.step.starts_with("build")));
}
