//! Manifests that are wrong: each is answered with what to correct, and users notice nothing.

use proto::v1::build;
use proto::v1::release::State;
use serde_json::json;
use stories::fixture::{chameleon, manifest};
use stories::{App, World, rewrite};
use testkit::Load;

/// What is changed in the chameleon's manifest, and into what.
const WRONG: [(&str, &str, &str); 15] = [
    ("syntax", "services:", "services: ["),
    ("not a mapping", "services:\n", "services: web\nx-rest:\n"),
    ("an unknown key", "drain:", "drian:"),
    ("an unknown section", "environments:", "enviroments:"),
    ("another version", "version: 1", "version: 2"),
    ("another app", "app: shop", "app: blog"),
    ("a port out of range", "8000", "80000"),
    ("a duration without a unit", "drain: 5s", "drain: 5"),
    ("a key twice", "host:", "bake: 1s\n    host:"),
    ("a gate too short", "gate: 30s", "gate: 3s"),
    ("a path outside", "context: .", "context: ../secrets"),
    ("an unknown service", "host:", "paths: { /: wbe }\n    host:"),
    ("a shell", "http:", "command: python app.py\n    http:"),
    ("a secret that is none", "http:", "secrets: [api-key]\n    http:"),
    ("an environment that nothing comes to", "track: { branch: main }", "keep: 3"),
];

/// Pushes `manifest`, and tells why its build failed.
async fn refused(app: &App<'_>, what: &str) -> String {
    let build = app.built(&app.push(what).await).await;
    assert_eq!(build.state(), build::State::Failed, "{what}");
    let failure = build.failure.expect("a failed build says why");
    format!("# {what}\n{} {}\n", failure.reason, failure.message)
}

#[tokio::test]
async fn a_wrong_manifest_fails_its_build_with_the_line_and_what_to_do() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    let load = Load::steady(&app.users());
    let mut told = String::new();
    for (what, from, to) in WRONG {
        repo.write("slipway.yaml", &manifest("shop"));
        rewrite(&repo, from, to);
        told += &refused(&app, what).await;
    }
    insta::assert_snapshot!(told, @r#"
    # syntax
    MANIFEST_INVALID the manifest of the commit is not valid:
    slipway.yaml:5:10 not YAML: while parsing a flow mapping, did not find expected ',' or '}'
    # not a mapping
    MANIFEST_INVALID the manifest of the commit is not valid:
    slipway.yaml:3:11 services: expected a mapping, found "web"
    # an unknown key
    MANIFEST_INVALID the manifest of the commit is not valid:
    slipway.yaml:11:13 services.web.stop.drian: unknown key (did you mean `drain`?)
    # an unknown section
    MANIFEST_INVALID the manifest of the commit is not valid:
    slipway.yaml:1:1 environments: there is no environment (write `environments: { production: { track: { branch: main } } }`)
    slipway.yaml:12:1 enviroments: unknown key (did you mean `environments`?)
    # another version
    MANIFEST_INVALID the manifest of the commit is not valid:
    slipway.yaml:1:10 version: there is no version 2 (write 1)
    # another app
    MANIFEST_INVALID the manifest of the commit is of the app blog, but this is shop
    # a port out of range
    MANIFEST_INVALID the manifest of the commit is not valid:
    slipway.yaml:6:19 services.web.http.port: expected a port, found "80000": write a number from 1 to 65535
    # a duration without a unit
    MANIFEST_INVALID the manifest of the commit is not valid:
    slipway.yaml:11:20 services.web.stop.drain: expected a duration, found "5": write a number and ms, s, m, h or d, like 300s, 250ms or 1h30m
    # a key twice
    MANIFEST_INVALID the manifest of the commit is not valid:
    slipway.yaml:17:5 environments.production: the key `bake` stands twice (it stands in line 15 already)
    # a gate too short
    MANIFEST_INVALID the manifest of the commit is not valid:
    slipway.yaml:10:13 services.web.health.gate: a gate of 3s is shorter than the probes need at worst: 2s + 2 x (1s + 5s) = 14s (make it at least 14s, or lower `start_period`, `period`, `timeout` or `failures`)
    # a path outside
    MANIFEST_INVALID the manifest of the commit is not valid:
    slipway.yaml:5:23 services.web.build.context: expected a path in the repository, found "../secrets": it must not leave the repository, so no `..`
    # an unknown service
    MANIFEST_INVALID the manifest of the commit is not valid:
    slipway.yaml:15:17 environments.production.paths./: there is no service wbe (did you mean `web`?)
    # a shell
    MANIFEST_INVALID the manifest of the commit is not valid:
    slipway.yaml:6:14 services.web.command: expected a list, found "python app.py"
    # a secret that is none
    MANIFEST_INVALID the manifest of the commit is not valid:
    slipway.yaml:6:15 services.web.secrets[0].name: secret name "api-key" is not valid: use 1 to 128 letters, digits and '_', not starting with a digit, like an environment variable
    # an environment that nothing comes to
    MANIFEST_INVALID the manifest of the commit is not valid:
    slipway.yaml:13:3 environments.production: no release can come here (add `track: { branch: ... }` or `promote_from: ...`)
    "#);
    assert_eq!((load.stop().await.failed(), app.releases().await.len()), (0, 1));
}

#[tokio::test]
async fn what_the_manifest_names_and_the_commit_has_not_fails_the_build() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    let mut told = String::new();
    for (what, from, to) in [
        ("no such context", "context: .", "context: server"),
        ("no Dockerfile", "context: .", "context: ., dockerfile: Containerfile"),
        ("no such stage", "context: .", "context: ., target: runtime"),
        ("a build secret without a value", "context: .", "context: ., secrets: [PIP_TOKEN]"),
        ("no such image", "build: { context: . }", "image: REGISTRY/nobody/nothing:1"),
    ] {
        repo.write("slipway.yaml", &manifest("shop"));
        rewrite(&repo, from, &to.replace("REGISTRY", &world.infra().registry));
        told += &refused(&app, what).await.replace(&world.infra().registry, "REGISTRY");
    }
    std::fs::remove_file(repo.path().join("slipway.yaml")).expect("it is there");
    told += &refused(&app, "no manifest").await;
    insta::assert_snapshot!(told, @"
    # no such context
    BUILD_FAILED the commit has no directory server
    # no Dockerfile
    BUILD_FAILED the commit has no Containerfile
    # no such stage
    BUILD_FAILED building web: failed to solve with frontend dockerfile.v0: failed to create LLB definition: target stage runtime could not be found
    # a build secret without a value
    SECRET_MISSING the build secret PIP_TOKEN is not set: slipway secret set shop PIP_TOKEN
    # no such image
    IMAGE_NOT_FOUND no image REGISTRY/nobody/nothing:1 for web
    # no manifest
    MANIFEST_MISSING the commit has no slipway.yaml
    ");
    assert_eq!((app.version().await.as_str(), app.releases().await.len()), ("one", 1));
}

#[tokio::test]
async fn what_cannot_be_released_fails_before_anything_is_touched() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    let before = world.docker.containers();
    rewrite(&repo, "http:", "secrets: [API_KEY]\n    http:");
    app.push("A secret without a value").await;
    let failure = app.release_in(2, &[State::Failed]).await.failure.expect("why");
    insta::assert_snapshot!(format!("{} {}", failure.reason, failure.message), @"SECRET_MISSING service web needs secret API_KEY, which has no value; set it with `slipway secret set`");
    assert_eq!((app.version().await, world.docker.containers()), ("one".to_owned(), before));
}

#[tokio::test]
async fn a_branch_that_does_not_fit_the_policy_is_not_silently_left_undeployed() {
    let world = World::start().await;
    let repo = chameleon("shop", &json!({"version": "one"}));
    rewrite(&repo, "host:", "paths: { /: web }\n    host:");
    let app = world.register("shop", &repo).await;
    app.ship(&json!({"version": "one"}), 1).await;
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    rewrite(&repo, "  web:", "  site:");
    rewrite(&repo, "/: web", "/: site");
    let commit = repo.commit("Rename the service");
    app.deploy_ref("feature").await.expect("there is such a ref");
    let failure = app.built(&commit).await.failure.expect("it says why");
    insta::assert_snapshot!(format!("{} {}", failure.reason, failure.message), @"MANIFEST_INVALID the services of this commit cannot be routed in production: / goes to web, which is no service with `http`");
}
