//! A place of one test's own in the real engine: what it makes carries its labels and goes away with it.

use deployer::docker::{Engine, label};
use deployer::spec::{InstanceSpec, Place, RestartPolicy, SecretValue};
use events::{AppName, EnvironmentName, InstanceId, ReleaseId, ServiceName};
use futures_util::FutureExt as _;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::time::Duration;
use testkit::eventually;
use uuid::Uuid;

/// The base of the examples: Python and nothing else.
const IMAGE: &str = "slipway.local/python:3.11";

/// Everything comes about within this, also on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(3);

/// The engine, and a place in it.
pub(crate) struct Here {
    pub(crate) engine: Engine,
    pub(crate) place: Place,
    pub(crate) release: ReleaseId,
}

/// Runs `test` in a place of its own and takes away what it left.
pub(crate) async fn in_place<F: Future<Output = ()>>(test: impl FnOnce(std::sync::Arc<Here>) -> F) {
    let engine = Engine::connect(&host()).await.expect("these tests need a Docker engine");
    let image = engine.image(IMAGE).await.expect("the engine answers");
    assert!(image.is_some(), "these tests need the image {IMAGE}; `make test` builds it");
    let place = Place {
        platform: format!("test-{}", &Uuid::new_v4().simple().to_string()[..8]),
        app: AppName::parse("shop").unwrap(),
        environment: EnvironmentName::parse("production").unwrap(),
    };
    let here = Here { engine, place, release: ReleaseId::new(Uuid::new_v4()) };
    let here = std::sync::Arc::new(here);
    here.engine.ensure_network(&here.place.network(), &here.place.labels()).await.unwrap();
    let result = AssertUnwindSafe(test(here.clone())).catch_unwind().await;
    here.clear().await;
    result.unwrap_or_else(|panic| resume_unwind(panic));
}

#[expect(clippy::disallowed_methods, reason = "a test has no configuration of a service")]
fn host() -> String {
    std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned())
}

impl Here {
    async fn clear(&self) {
        let ours = [(label::PLATFORM.to_owned(), self.place.platform.clone())].into();
        for found in self.engine.list(&ours).await.unwrap() {
            self.engine.remove(&found.container_id).await.unwrap();
        }
        self.engine.remove_network(&self.place.network(), &self.place.labels()).await.unwrap();
    }

    /// An instance of service `api` that runs this Python.
    pub(crate) fn python(&self, code: &str) -> InstanceSpec {
        self.command(&["python3", "-u", "-c", code])
    }

    /// An instance of service `api` that runs this command.
    pub(crate) fn command(&self, command: &[&str]) -> InstanceSpec {
        InstanceSpec {
            uid: InstanceId::new(Uuid::new_v4()),
            release: self.release,
            number: 1,
            replica: 0,
            place: self.place.clone(),
            service: ServiceName::parse("api").unwrap(),
            job: None,
            image: IMAGE.to_owned(),
            command: Some(command.iter().map(|&word| word.to_owned()).collect()),
            entrypoint: Some(Vec::new()),
            env: BTreeMap::new(),
            secret_env: BTreeMap::new(),
            secret_files: BTreeMap::new(),
            volumes: Vec::new(),
            network: self.place.network(),
            aliases: vec!["api".to_owned()],
            nano_cpus: None,
            memory: Some(128 << 20),
            pids: 64,
            user: None,
            read_only: false,
            init: true,
            stop_grace: Duration::from_secs(10),
            port: Some(8000),
            restart_policy: RestartPolicy::No,
        }
    }

    /// Makes and starts it.
    pub(crate) async fn run(&self, spec: &InstanceSpec) -> String {
        let created = self.engine.create_or_adopt(spec).await.unwrap();
        self.engine.start(&created.container_id).await.unwrap();
        created.container_id
    }

    /// Makes, starts and waits until it has written `line`.
    pub(crate) async fn run_until(&self, spec: &InstanceSpec, line: &str) -> String {
        let container = self.run(spec).await;
        eventually(&format!("{line:?} to be written"), PATIENCE, async || {
            self.lines(&container).await.iter().any(|written| written == line).then_some(())
        })
        .await;
        container
    }

    /// What it has written.
    pub(crate) async fn lines(&self, container: &str) -> Vec<String> {
        self.engine.tail(container, 100).await.into_iter().map(|line| line.line).collect()
    }
}

/// A secret.
pub(crate) fn secret(value: &str) -> SecretValue {
    SecretValue { version: 1, value: value.to_owned().into() }
}
