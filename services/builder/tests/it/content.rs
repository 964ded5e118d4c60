//! What the build sees.

use crate::engine::files;
use crate::world::{World, outcome};
use builder::engine::build::Builder;
use proto::v1::build::State;

const WHOLE: &str = "FROM scratch\nCOPY . /\n";

async fn image_of(world: &World, files_given: &[(&str, &str)]) -> Vec<String> {
    world.repo.commit(files_given);
    let build = world.push().await;
    assert_eq!(outcome(&build), (State::Succeeded, ""), "{}", world.log(&build).await);
    files(&build, "api").await.into_iter().map(|(path, text)| format!("{path} {text}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ignored_files_are_not_sent() {
    let world = World::start().await;
    let found = image_of(
        &world,
        &[
            ("slipway.yaml", crate::world::MANIFEST),
            ("Dockerfile", WHOLE),
            (".dockerignore", "*\n!src\nsrc/*.tmp\n"),
            ("src/a.py", "a"),
            ("src/b.tmp", "b"),
            ("data.csv", "c"),
        ],
    )
    .await;
    assert_eq!(found, ["Dockerfile FROM scratch\nCOPY . /\n", "src/a.py a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn links_programs_and_long_names_arrive_as_they_are() {
    let world = World::start().await;
    let long = format!("{}/{}.txt", "d".repeat(120), "f".repeat(120));
    world.repo.commit(&[("run.sh", "#!"), (&long, "long")]);
    let program = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(world.repo.path.join("run.sh"), program).expect("set");
    std::os::unix::fs::symlink("run.sh", world.repo.path.join("link")).expect("linked");
    let found = image_of(
        &world,
        &[
            ("slipway.yaml", crate::world::MANIFEST),
            (".dockerignore", "slipway.yaml\n.dockerignore\n"),
            ("Dockerfile", WHOLE),
        ],
    )
    .await;

    assert!(found.contains(&"link -> run.sh".to_owned()), "{found:?}");
    assert!(found.contains(&"run.sh *#!".to_owned()), "{found:?}");
    assert!(found.contains(&format!("{long} long")), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn context_dockerfile_target_and_arguments_are_the_manifests() {
    let world = World::start().await;
    let manifest = crate::world::MANIFEST.replace(
        "build: .",
        "build: { context: api, dockerfile: docker/api.Dockerfile, target: first, args: { NAME: b } }",
    );
    let dockerfile =
        "FROM scratch AS first\nARG NAME\nCOPY ${NAME}.txt /\nFROM scratch\nCOPY a.txt /\n";
    let found = image_of(
        &world,
        &[
            ("slipway.yaml", &manifest),
            ("docker/api.Dockerfile", dockerfile),
            ("api/a.txt", "a"),
            ("api/b.txt", "b"),
        ],
    )
    .await;
    assert_eq!(found, ["b.txt b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_service_that_changed_is_built_again() {
    let world = World::start().await;
    let manifest = crate::world::MANIFEST.replace(
        "api: { build: ., http: 8000 }",
        "api: { build: api, http: 8000 }\n  worker: { build: worker }",
    );
    let dockerfile = crate::world::DOCKERFILE;
    world.repo.commit(&[
        ("slipway.yaml", &manifest),
        ("api/Dockerfile", dockerfile),
        ("api/app.txt", "1"),
        ("worker/Dockerfile", dockerfile),
        ("worker/app.txt", "1"),
    ]);
    assert_eq!(outcome(&world.push().await), (State::Succeeded, ""));
    world.repo.commit(&[("worker/app.txt", "2")]);
    let second = world.push().await;
    let reused: Vec<_> =
        second.services.iter().map(|found| (found.service.as_str(), found.reused)).collect();
    assert_eq!(reused, [("api", true), ("worker", false)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_classic_builder_makes_the_same() {
    let world = World::with(|config| config.builder = Builder::Classic).await;
    let found = image_of(
        &world,
        &[
            ("slipway.yaml", crate::world::MANIFEST),
            ("Dockerfile", crate::world::DOCKERFILE),
            ("app.txt", "1"),
        ],
    )
    .await;
    assert_eq!(found, ["app.txt 1"]);
}
