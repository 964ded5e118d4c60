//! The log of a build: secrets hidden, resumable, bounded.

use crate::engine::history;
use crate::world::{MANIFEST, World, outcome};
use builder::engine::build::Builder;
use proto::v1::WatchBuildLogRequest;
use proto::v1::build::State;

const TOKEN: &str = "pypi-AgEIcHlwaS5vcmc";

#[tokio::test(flavor = "multi_thread")]
async fn build_secrets_reach_the_step_and_nothing_else() {
    let world = World::start().await;
    world.peers.secrets.lock().insert("PIP_TOKEN".to_owned(), TOKEN.as_bytes().to_vec());
    let manifest = MANIFEST.replace("build: .", "build: { context: ., secrets: [PIP_TOKEN] }");
    // Named after this run, because the engine remembers what it has built.
    let dockerfile = format!(
        "FROM slipway.local/python:3.11\n\
         RUN --mount=type=secret,id=PIP_TOKEN echo {} && test $(wc -c < /run/secrets/PIP_TOKEN) = 20 && \
         cat /run/secrets/PIP_TOKEN && echo && base64 /run/secrets/PIP_TOKEN\n",
        world.app.config.instance
    );
    world.repo.commit(&[("slipway.yaml", &manifest), ("Dockerfile", &dockerfile)]);
    let build = world.push().await;
    let log = world.log(&build).await;
    assert_eq!(outcome(&build), (State::Succeeded, ""), "{log}");
    assert!(log.matches("***").count() >= 2, "{log}");
    let everything = format!("{log}{build:?}{}", history(&build, "api").await);
    assert!(!everything.contains(TOKEN));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_can_be_read_from_any_line() {
    let world = World::with_app().await;
    let build = world.push().await;
    let whole = world.log(&build).await;
    let request = WatchBuildLogRequest { name: build.name.clone(), offset: 1, follow: false };
    let stream =
        world.builds.clone().watch_build_log(world.request(request)).await.expect("answered");
    let message = stream.into_inner().message().await.expect("a stream").expect("lines");
    assert_eq!(message.offset, 1);
    assert_eq!(message.lines, whole.lines().skip(1).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_bounded_and_says_so() {
    // BuildKit has a bound of its own, and a lower one.
    let world = World::with(|config| config.builder = Builder::Classic).await;
    let dockerfile = "FROM slipway.local/python:3.11\nRUN python3 -c 'for i in range(9000): print(\"x\" * 1500)'\n";
    world.repo.commit(&[("slipway.yaml", MANIFEST), ("Dockerfile", dockerfile)]);
    let build = world.push().await;
    assert_eq!(outcome(&build), (State::Succeeded, ""));
    let log = world.log(&build).await;
    assert!(log.len() < 11 * 1024 * 1024 && log.ends_with("bytes is not kept"), "{}", log.len());
}
