//! A registry that is away, wants credentials, or forgets. It is a process of the test's own.

use crate::engine::remove_images;
use crate::world::{DOCKERFILE, MANIFEST, PATIENCE, World, digests, outcome, push_of};
use proto::v1::Build;
use proto::v1::build::State;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use testkit::Loopback;

/// The user `user` with the password `pass`.
const HTPASSWD: &str = "user:$2y$05$abcdefghijklmnopqrstuuZFBUbfXoM8LFiPx8LYlO/sXZB/Cwk3K\n";

struct Registry {
    home: TempDir,
    host: String,
    process: Option<Child>,
}

impl Registry {
    /// A registry that is not running yet.
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a directory");
        // Nobody may take it before the registry does.
        let host = Loopback::unused().port(5000).to_string();
        let directory = home.path().display();
        let config = format!(
            "version: 0.1\n\
             storage: {{ filesystem: {{ rootdirectory: {directory}/images }} }}\n\
             http: {{ addr: \"{host}\", secret: test }}\n\
             auth: {{ htpasswd: {{ realm: test, path: {directory}/htpasswd }} }}\n"
        );
        std::fs::write(home.path().join("config.yml"), config).expect("written");
        std::fs::write(home.path().join("htpasswd"), HTPASSWD).expect("written");
        Self { home, host, process: None }
    }

    async fn start(mut self) -> Self {
        let mut program = Command::new("docker-registry");
        program.arg("serve").arg(self.home.path().join("config.yml"));
        let process = program.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.process = Some(process.expect("docker-registry is installed"));
        let answers = async || tokio::net::TcpStream::connect(&self.host).await.ok();
        drop(testkit::eventually("the registry to answer", PATIENCE, answers).await);
        self
    }

    /// A file with these credentials.
    fn credentials(&self, password: &str) -> PathBuf {
        let path = self.home.path().join("auth.json");
        let host = &self.host;
        let text =
            format!(r#"{{"auths":{{"{host}":{{"username":"user","password":"{password}"}}}}}}"#);
        std::fs::write(&path, text).expect("written");
        path
    }

    fn forget_everything(&self) {
        std::fs::remove_dir_all(self.home.path().join("images")).expect("removed");
    }

    /// A builder that pushes here.
    async fn world(&self, password: &str) -> World {
        let world = World::with(|config| {
            config.registry.clone_from(&self.host);
            config.registry_auth_file = Some(self.credentials(password));
        });
        let world = world.await;
        let files = [("slipway.yaml", MANIFEST), ("Dockerfile", DOCKERFILE), ("app.txt", "1")];
        world.repo.commit(&files);
        world
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("docker-registry ends");
            process.wait().expect("docker-registry ended");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_is_away_is_waited_for() {
    let registry = Registry::new();
    let world = registry.world("pass").await;
    let pushed = push_of(&world.repo.head());
    world.say(&pushed).await;
    let waits = |build: &Build| build.steps.iter().any(|step| step.step == "push api");
    world.until(&pushed, waits).await;
    let _registry = registry.start().await;
    let build = world.ended(&pushed).await;
    assert_eq!(outcome(&build), (State::Succeeded, ""), "{}", world.log(&build).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_are_wrong_fail_at_once_and_are_not_shown() {
    let registry = Registry::new().start().await;
    let world = registry.world("not-the-password").await;
    let build = world.push().await;
    assert_eq!(outcome(&build), (State::Failed, "PUSH_FAILED"));
    assert!(!format!("{build:?}{}", world.log(&build).await).contains("not-the-password"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_base_is_pulled_with_the_credentials() {
    let registry = Registry::new().start().await;
    let world = registry.world("pass").await;
    let first = world.push().await;
    let image = first.services[0].image.as_ref().expect("an image");
    let dockerfile =
        format!("FROM {}@{}\nCOPY app.txt /more.txt\n", image.repository, image.digest);
    remove_images(&world.app.config.instance).await;
    world.repo.commit(&[("Dockerfile", &dockerfile)]);
    let build = world.push().await;
    assert_eq!(outcome(&build), (State::Succeeded, ""), "{}", world.log(&build).await);
    assert_eq!(build.services[0].shared_layer_count, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_registry_forgot_is_built_again() {
    let registry = Registry::new().start().await;
    let world = registry.world("pass").await;
    let first = world.push().await;
    registry.forget_everything();
    world.repo.commit(&[]);
    let second = world.push().await;
    assert_eq!(outcome(&second), (State::Succeeded, ""), "{}", world.log(&second).await);
    assert!(!second.services[0].reused && digests(&second).len() == digests(&first).len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_is_gone_with_its_tags_and_may_be_deleted_again() {
    let world = World::with_app().await;
    let build = world.push().await;
    let image = build.services[0].image.as_ref().expect("an image");
    let (registry, auth) = (&world.app.registry, &world.app.registry_auth);
    for _ in 0..2 {
        registry.delete(&image.repository, &image.digest, auth).await.expect("deleted");
    }
    let left = registry.manifest(&image.repository, "main", auth).await.expect("an answer");
    assert_eq!(left, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_does_not_delete_is_said_to() {
    let registry = Registry::new().start().await;
    let world = registry.world("pass").await;
    let build = world.push().await;
    let image = build.services[0].image.as_ref().expect("an image");
    let (client, auth) = (&world.app.registry, &world.app.registry_auth);
    let refused = client.delete(&image.repository, &image.digest, auth).await.expect_err("405");
    assert!(refused.to_string().contains("does not delete"), "{refused}");
}
