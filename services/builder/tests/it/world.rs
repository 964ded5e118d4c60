//! A builder with everything it needs, for one test.

use crate::engine;
use crate::peers::Peers;
use crate::repo::Repo;
use builder::engine::build::Builder as Way;
use builder::{Config, app};
use bus::Bus;
use events::payload::{ChangeCause, SourcePushedV1};
use events::{AppName, ChangeId, CommitSha, EventId, EventType, GitRef, PrincipalName};
use proto::v1::build::State;
use proto::v1::build_service_client::BuildServiceClient;
use proto::v1::{Build, GetBuildRequest, ListBuildsRequest, WatchBuildLogRequest};
use service::internal::Internal;
use service::principal::Principal;
use service::{Clock, Secret};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use testkit::Database;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use uuid::Uuid;

/// The longest a test waits for anything, also on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(3);
/// The app of every test.
pub(crate) const APP: &str = "shop";
/// One service, built from nothing but a file.
pub(crate) const MANIFEST: &str = "
version: 1
app: shop
services:
  api: { build: ., http: 8000 }
environments:
  production: { track: { branch: main, tag: 'v*' } }
";
/// The fastest image there is.
pub(crate) const DOCKERFILE: &str = "FROM scratch\nCOPY app.txt /app.txt\n";

/// See the module.
pub(crate) struct World {
    pub(crate) repo: Repo,
    pub(crate) peers: Peers,
    pub(crate) app: Arc<app::App>,
    pub(crate) registry: String,
    pub(crate) builds: BuildServiceClient<Channel>,
    bus: Bus,
    internal: Internal,
    cancel: CancellationToken,
    _database: Database,
    _nats: Nats,
    _home: TempDir,
}

pub(crate) fn variable(name: &str) -> String {
    let mut env = service::Env::process();
    let value: Option<String> = env.required(name);
    env.finish(|| value).expect("the variables that tests/it/main.rs names")
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// A world whose configuration is changed before it starts.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let database = Database::create(&variable("SLIPWAY_TEST_DATABASE_URL")).await;
        let nats = Nats::start(home.path()).await;
        let peers = Peers::default();
        let peer_url = format!("http://{}", peers.serve().await);
        let repo = Repo::create(home.path().join("repositories/shop"));
        peers.apps.lock().insert(
            format!("apps/{APP}"),
            proto::v1::App {
                repository: repo.path.display().to_string(),
                default_branch: "main".to_owned(),
                ..proto::v1::App::default()
            },
        );
        let token = Secret::new("a token of this test");
        let registry = format!("{}/{}", variable("SLIPWAY_TEST_REGISTRY"), Uuid::new_v4().simple());
        let mut config = Config {
            address: ([127, 0, 0, 1], 0).into(),
            database_url: Secret::new(database.url()),
            nats_url: Secret::new(nats.url.clone()),
            internal_token: token.clone(),
            gateway_url: peer_url.clone(),
            deployer_url: peer_url,
            docker_host: variable("SLIPWAY_TEST_DOCKER"),
            registry: registry.clone(),
            registry_auth_file: None,
            data: home.path().to_owned(),
            instance: format!("test-{}", Uuid::new_v4().simple()),
            slots: 2,
            builder: Way::Auto,
            timeout: PATIENCE,
            network: None,
            memory: None,
            cgroup: None,
            disk_floor: 0,
            collect_every: Duration::ZERO,
            local_repositories: vec![home.path().join("repositories")],
        };
        change(&mut config);
        let builder = builder::start(config).await.expect("the builder starts");
        let url = format!("http://{}", builder.address().expect("bound"));
        let (app, cancel) = (Arc::clone(builder.app()), CancellationToken::new());
        tokio::spawn(builder.run(cancel.clone()));
        Self {
            repo,
            peers,
            app,
            registry,
            builds: BuildServiceClient::new(service::internal::channel(&url).expect("a url")),
            bus: Bus::connect(&nats.url, "gateway").await.expect("connected"),
            internal: Internal::new(&token).expect("a token"),
            cancel,
            _database: database,
            _nats: nats,
            _home: home,
        }
    }

    /// A world whose repository has the simplest app there is.
    pub(crate) async fn with_app() -> Self {
        let world = Self::start().await;
        world.repo.commit(&[
            ("slipway.yaml", MANIFEST),
            ("Dockerfile", DOCKERFILE),
            ("app.txt", "1"),
        ]);
        world
    }

    /// Says it, once.
    pub(crate) async fn say(&self, pushed: &SourcePushedV1) -> EventId {
        let stamp = (EventId::new(service::new_id()), Clock::system().now());
        let envelope =
            bus::envelope("gateway", EventType::SourcePushed, &pushed.app, pushed, stamp);
        let envelope = envelope.expect("written");
        self.bus.publish(&envelope).await.expect("published");
        envelope.id
    }

    /// Pushes what is committed, and waits until its build has ended.
    pub(crate) async fn push(&self) -> Build {
        let pushed = push_of(&self.repo.head());
        self.say(&pushed).await;
        self.ended(&pushed).await
    }

    /// The build of a change, once it has ended.
    pub(crate) async fn ended(&self, pushed: &SourcePushedV1) -> Build {
        self.until(pushed, |build| build.end_time.is_some()).await
    }

    /// The build of a change, once it is as wanted.
    pub(crate) async fn until(
        &self,
        pushed: &SourcePushedV1,
        wanted: impl Fn(&Build) -> bool,
    ) -> Build {
        let what = format!("the build of {} to be as wanted", pushed.change);
        let name = testkit::eventually(&what, PATIENCE, async || {
            self.build_of(pushed).await.filter(|build| wanted(build)).map(|build| build.name)
        });
        self.build(&name.await).await
    }

    async fn build_of(&self, pushed: &SourcePushedV1) -> Option<Build> {
        let change = format!("changes/{}", pushed.change);
        let request = self.request(ListBuildsRequest { change, ..ListBuildsRequest::default() });
        let mut builds =
            self.builds.clone().list_builds(request).await.expect("answered").into_inner().builds;
        builds.pop()
    }

    /// Everything about one build.
    pub(crate) async fn build(&self, name: &str) -> Build {
        let request = self.request(GetBuildRequest { name: name.to_owned() });
        self.builds
            .clone()
            .get_build(request)
            .await
            .expect("answered")
            .into_inner()
            .build
            .expect("there")
    }

    /// The whole log of a build, followed to its end.
    pub(crate) async fn log(&self, build: &Build) -> String {
        let name = build.name.clone();
        let request = self.request(WatchBuildLogRequest { name, offset: 0, follow: true });
        let mut stream =
            self.builds.clone().watch_build_log(request).await.expect("answered").into_inner();
        let mut lines = Vec::new();
        while let Some(message) = stream.message().await.expect("a stream") {
            lines.extend(message.lines);
        }
        lines.join("\n")
    }

    /// Follows the log of a change until it has `line`.
    pub(crate) async fn until_log(&self, pushed: &SourcePushedV1, line: &str) {
        let name = self.until(pushed, |_| true).await.name;
        let request = WatchBuildLogRequest { name, offset: 0, follow: true };
        let request = self.request(request);
        let mut stream =
            self.builds.clone().watch_build_log(request).await.expect("answered").into_inner();
        loop {
            let message =
                stream.message().await.expect("a stream").expect("the line before the end");
            if message.lines.iter().any(|found| found == line) {
                return;
            }
        }
    }

    /// A request of the platform itself.
    pub(crate) fn request<T>(&self, message: T) -> tonic::Request<T> {
        self.request_of(&Principal::slipway(), message)
    }

    /// A request of somebody.
    pub(crate) fn request_of<T>(&self, principal: &Principal, message: T) -> tonic::Request<T> {
        let mut request = self.internal.request_of(principal, message);
        request.set_timeout(PATIENCE);
        request
    }

    /// The types of all events about builds, in order.
    pub(crate) async fn said(&self) -> Vec<String> {
        let rows = sqlx::query_scalar::<_, String>(
            "select envelope->>'event_type' from bus.outbox where service = 'builder' order by position",
        );
        rows.fetch_all(&self.app.pool).await.expect("rows")
    }

    /// Runs a statement, for what cannot be brought about otherwise.
    pub(crate) async fn sql(&self, statement: &str) {
        let statement = sqlx::AssertSqlSafe(statement.to_owned());
        sqlx::raw_sql(statement).execute(&self.app.pool).await.expect("done");
    }
}

impl Drop for World {
    /// On a thread of its own, because the runtime of the test is ending.
    fn drop(&mut self) {
        self.cancel.cancel();
        let instance = self.app.config.instance.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(engine::remove_images(&instance));
        });
        thread.join().expect("everything made is removed");
    }
}

/// What a push webhook of `main` with `commit` says.
pub(crate) fn push_of(commit: &CommitSha) -> SourcePushedV1 {
    SourcePushedV1 {
        change: ChangeId::new(service::new_id()),
        app: AppName::parse(APP).expect("valid"),
        git_ref: GitRef::branch("main").expect("valid"),
        commit: commit.clone(),
        cause: ChangeCause::Push,
        forced: false,
        title: Some("a change".to_owned()),
        by: PrincipalName::new("someone"),
        delivery: None,
        environments: Vec::new(),
    }
}

/// The state of a build, and why.
pub(crate) fn outcome(build: &Build) -> (State, &str) {
    (build.state(), build.failure.as_ref().map_or("", |failure| failure.reason.as_str()))
}

/// The digest of each service.
pub(crate) fn digests(build: &Build) -> Vec<&str> {
    build
        .services
        .iter()
        .filter_map(|service| Some(service.image.as_ref()?.digest.as_str()))
        .collect()
}

struct Nats {
    process: Child,
    url: String,
}

impl Nats {
    async fn start(home: &std::path::Path) -> Self {
        let directory = home.join("nats");
        std::fs::create_dir_all(&directory).expect("created");
        let process = Command::new(variable("SLIPWAY_TEST_NATS_SERVER"))
            .args(["--jetstream", "--addr", "127.0.0.1", "--port", "-1", "--store_dir"])
            .arg(&directory)
            .arg("--ports_file_dir")
            .arg(&directory)
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("nats-server starts");
        let ports = directory.join(format!("nats-server_{}.ports", process.id()));
        let url =
            testkit::eventually("nats-server to say where it listens", PATIENCE, async || {
                let text = std::fs::read_to_string(&ports).ok()?;
                let json: serde_json::Value = serde_json::from_str(&text).ok()?;
                json["nats"][0].as_str().map(str::to_owned)
            });
        Self { process, url: url.await }
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.process.kill().expect("nats-server ends");
        self.process.wait().expect("nats-server ended");
    }
}
