//! A monitor with a real Postgres, NATS and engine, and a deployer that says what the test wants.

mod deployer;
mod docker;

use bus::Bus;
use deployer::FakeDeployer;
pub(crate) use docker::Docker;
use events::payload::{DriftV1, InstanceV1, ReleaseV1, read};
use events::{Envelope, EventId, EventType};
use monitor::heal::Limits;
use monitor::liveness::Pace;
use monitor::{Config, Samples};
use proto::v1::drift_service_client::DriftServiceClient;
use proto::v1::environment_drift::State;
use proto::v1::release_service_server::ReleaseServiceServer;
use proto::v1::{
    self, CheckDriftRequest, EnvironmentDrift, HealDriftRequest, ListDriftRequest,
    ListPastDriftRequest,
};
use service::internal::{Internal, channel};
use service::principal::Principal;
use service::telemetry::Telemetry;
use service::{Clock, Env, Secret};
use sqlx::PgPool;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use testkit::{Database, Infra, Loopback, Nats, eventually};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::Code;
use tonic::transport::Channel;

/// The environment every story is about.
pub(crate) const PLACE: &str = "apps/shop/environments/production";
/// Longer than anything here takes on a machine under load.
const PATIENCE: Duration = Duration::from_mins(3);

pub(crate) struct World {
    pub(crate) docker: Docker,
    pub(crate) deployer: Arc<FakeDeployer>,
    pub(crate) pool: PgPool,
    internal: Internal,
    client: DriftServiceClient<Channel>,
    cancel: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
    bus: Bus,
    _nats: Nats,
    _database: Database,
    _folder: tempfile::TempDir,
}

impl World {
    /// A world in which one release is live, with one instance that runs.
    pub(crate) async fn with_one_instance() -> Self {
        Self::looking_every(Duration::from_secs(1)).await
    }

    /// The same, in which the monitor looks only when it is told of something.
    pub(crate) async fn looking_when_told() -> Self {
        Self::looking_every(Duration::from_hours(1)).await
    }

    async fn looking_every(every: Duration) -> Self {
        let infra = Infra::from_environment();
        let world = Self::around(infra.clone(), infra.docker_host, every).await;
        world.until(State::InSync).await;
        world
    }

    /// The same, in which nobody answers where the monitor expects the engine.
    pub(crate) async fn without_engine() -> Self {
        let nobody = "unix:///nonexistent/docker.sock".to_owned();
        Self::around(Infra::from_environment(), nobody, Duration::from_secs(1)).await
    }

    async fn around(infra: Infra, docker_host: String, every: Duration) -> Self {
        Telemetry::install("monitor", &Env::process());
        let platform = service::new_id().simple().to_string();
        let docker = Docker::connect(&infra.docker_host, &platform).await;
        let deployer = Arc::new(FakeDeployer::default());
        let container = docker.run("api-0", deployer.instance, deployer.release).await;
        deployer.goes_live(&container, &docker.name("api-0"), docker.digest());
        let folder = tempfile::tempdir().expect("a folder");
        let database = Database::create(&infra.database_url).await;
        let nats = Nats::start(&infra.nats_server, Loopback::unused());
        let token = Secret::new("t0ken");
        let config = Config {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            database_url: Secret::new(database.url()),
            nats_url: Secret::new(nats.url()),
            internal_token: token.clone(),
            deployer_url: serve(Arc::clone(&deployer), &token).await,
            docker_host,
            platform: docker.platform.clone(),
            data: folder.path().join("data"),
            every,
            // Nobody answers there: nothing is said about routes.
            router_url: "http://127.0.0.1:1".to_owned(),
            builder_url: "http://127.0.0.1:1".to_owned(),
            samples: Samples {
                folder: folder.path().join("data/samples"),
                kept: Duration::from_hours(1),
                bytes: 1 << 20,
            },
            heal: Limits::default(),
            restart: Pace::default(),
        };
        let monitor = monitor::start(config).await.expect("everything is there");
        let client = channel(&format!("http://{}", monitor.address())).expect("an address");
        let cancel = CancellationToken::new();
        Self {
            docker,
            deployer,
            pool: PgPool::connect(&database.url()).await.expect("the database is there"),
            internal: Internal::new(&token).expect("valid"),
            client: DriftServiceClient::new(client),
            running: tokio::spawn(monitor.run(cancel.clone())),
            cancel,
            bus: Bus::connect(&nats.url(), "test").await.expect("it answers"),
            _nats: nats,
            _database: database,
            _folder: folder,
        }
    }

    /// Everything the monitor lists.
    pub(crate) async fn list(&self) -> Vec<EnvironmentDrift> {
        self.list_for(&Principal::slipway()).await
    }

    /// What somebody is shown.
    pub(crate) async fn list_for(&self, principal: &Principal) -> Vec<EnvironmentDrift> {
        let request = self.request_of(principal, ListDriftRequest::default());
        let answer = self.client.clone().list_drift(request).await.expect("answered");
        answer.into_inner().environments
    }

    /// A page of what somebody is shown: names, and whether there is more.
    pub(crate) async fn page_for(
        &self,
        principal: &Principal,
        page_size: i32,
    ) -> (Vec<String>, bool) {
        let message = ListDriftRequest { page_size, ..ListDriftRequest::default() };
        let request = self.request_of(principal, message);
        let page = self.client.clone().list_drift(request).await.expect("answered").into_inner();
        let names = page.environments.into_iter().map(|it| it.name).collect();
        (names, !page.next_page_token.is_empty())
    }

    /// Heals with this request id; when that was asked for last.
    pub(crate) async fn heal(&self, request_id: &str) -> chrono::DateTime<chrono::Utc> {
        let message =
            HealDriftRequest { name: PLACE.to_owned(), request_id: request_id.to_owned() };
        let request = self.request_of(&Principal::slipway(), message);
        self.client.clone().heal_drift(request).await.expect("answered");
        let asked = sqlx::query_scalar("select heal_asked_at from monitor.verdict");
        asked.fetch_one(&self.pool).await.expect("asked")
    }

    /// The sizes of all pages of the past.
    pub(crate) async fn past_in_pages(&self, page_size: i32) -> Vec<usize> {
        let (mut pages, mut page_token) = (Vec::new(), String::new());
        while pages.is_empty() || !page_token.is_empty() {
            let message = ListPastDriftRequest { name: PLACE.to_owned(), page_size, page_token };
            let request = self.request_of(&Principal::slipway(), message);
            let page = self.client.clone().list_past_drift(request).await.expect("answered");
            let page = page.into_inner();
            pages.push(page.findings.len());
            page_token = page.next_page_token;
        }
        pages
    }

    /// Waits until the monitor says so by itself.
    pub(crate) async fn until(&self, state: State) -> EnvironmentDrift {
        let what = format!("the environment to be {state:?}");
        eventually(&what, PATIENCE, async || {
            self.list().await.into_iter().find(|it| it.state() == state)
        })
        .await
    }

    /// The deployer says that the release of this environment moves on.
    pub(crate) async fn release_progresses(&self) {
        let payload = ReleaseV1 {
            release: self.deployer.release,
            app: "shop".parse().expect("valid"),
            environment: "production".parse().expect("valid"),
            number: 7,
            state: "shifting".to_owned(),
            version: 3,
            stable: None,
            reason: None,
            message: None,
        };
        let identity = (EventId::new(service::new_id()), Clock::system().now());
        let event_type = EventType::ReleaseProgressed;
        let said = bus::envelope("deployer", event_type, &payload.app, &payload, identity);
        self.bus.publish(&said.expect("JSON")).await.expect("said");
    }

    /// What the monitor says when it is asked to look now.
    pub(crate) async fn check(&self) -> EnvironmentDrift {
        self.check_for(&Principal::slipway(), PLACE).await.expect("answered")
    }

    /// What it says when somebody asks it to look there now.
    pub(crate) async fn check_for(
        &self,
        principal: &Principal,
        name: &str,
    ) -> Result<EnvironmentDrift, Code> {
        let message = CheckDriftRequest { name: name.to_owned() };
        let request = self.request_of(principal, message);
        let answer = self.client.clone().check_drift(request).await;
        let answer = answer.map_err(|status| status.code())?.into_inner();
        Ok(answer.environment.expect("always there"))
    }

    /// A look takes its time on a busy machine.
    fn request_of<T>(&self, principal: &Principal, message: T) -> tonic::Request<T> {
        let mut request = self.internal.request_of(principal, message);
        request.set_timeout(PATIENCE);
        request
    }

    /// Every event of this type that is in the outbox or was in it.
    pub(crate) async fn told(&self, event_type: EventType) -> Vec<Envelope> {
        let rows: Vec<serde_json::Value> =
            sqlx::query_scalar("select envelope from bus.outbox order by position")
                .fetch_all(&self.pool)
                .await
                .expect("the outbox is there");
        let all = rows.into_iter().map(|row| serde_json::from_value(row).expect("an envelope"));
        all.filter(|envelope: &Envelope| envelope.event_type == event_type).collect()
    }

    /// The reasons of every `drift.detected`.
    pub(crate) async fn detected(&self) -> Vec<Vec<String>> {
        let reasons = |envelope: &Envelope| {
            let drift: DriftV1 = read(envelope).expect("version 1");
            drift.findings.into_iter().map(|finding| finding.reason).collect()
        };
        self.told(EventType::DriftDetected).await.iter().map(reasons).collect()
    }

    /// Why instances crashed.
    pub(crate) async fn crashes(&self) -> Vec<String> {
        let reason = |envelope: &Envelope| read::<InstanceV1>(envelope).expect("version 1").message;
        self.told(EventType::InstanceCrashed).await.iter().map(reason).collect()
    }

    /// Ends everything and leaves nothing.
    pub(crate) async fn end(self) {
        self.cancel.cancel();
        self.running.await.expect("no panic").expect("a clean end");
        self.docker.clean().await;
        self.pool.close().await;
    }
}

async fn serve(deployer: Arc<FakeDeployer>, token: &Secret) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let server = service::grpc::Server::new(token);
    let router = server.add(ReleaseServiceServer::from_arc(deployer)).into_router();
    tokio::spawn(service::http::serve(listener, router, CancellationToken::new()));
    url
}

/// The reasons of what differs.
pub(crate) fn reasons(drift: &EnvironmentDrift) -> Vec<&str> {
    drift.findings.iter().map(|finding: &v1::Finding| finding.reason.as_str()).collect()
}
