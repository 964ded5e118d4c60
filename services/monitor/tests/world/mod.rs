//! A monitor with a real Postgres, NATS and engine, and a deployer that says what the test wants.

mod deployer;
mod docker;

use bus::Bus;
use deployer::FakeDeployer;
pub(crate) use docker::Docker;
use events::payload::{DriftV1, InstanceV1, read};
use events::{Envelope, EventType};
use monitor::Config;
use proto::v1::drift_service_client::DriftServiceClient;
use proto::v1::environment_drift::State;
use proto::v1::release_service_server::ReleaseServiceServer;
use proto::v1::{self, CheckDriftRequest, EnvironmentDrift, ListDriftRequest};
use service::Secret;
use service::internal::{Internal, channel};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use uuid::Uuid;

/// The environment every story is about.
pub(crate) const PLACE: &str = "apps/shop/environments/production";
/// Longer than anything here takes on a machine under load.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct World {
    pub(crate) docker: Docker,
    pub(crate) deployer: Arc<FakeDeployer>,
    pub(crate) pool: PgPool,
    internal: Internal,
    client: DriftServiceClient<Channel>,
    cancel: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
    nats: Nats,
    database: (String, String),
    _folder: tempfile::TempDir,
}

fn variable(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

impl World {
    /// A world in which one release is live, with one instance that runs.
    pub(crate) async fn with_one_instance() -> Self {
        let docker = Docker::connect(&Uuid::now_v7().simple().to_string()).await;
        let deployer = Arc::new(FakeDeployer::default());
        let container = docker.run("api-0", deployer.instance, deployer.release).await;
        deployer.goes_live(&container, &docker.name("api-0"), docker.digest());
        let world = Self::around(docker, deployer).await;
        world.until(State::InSync).await;
        world
    }

    async fn around(docker: Docker, deployer: Arc<FakeDeployer>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = new_database().await;
        let (nats, nats_url) = new_nats(folder.path()).await;
        let token = Secret::new("t0ken");
        let config = Config {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            database_url: Secret::new(&*database.1),
            nats_url,
            internal_token: token.clone(),
            deployer_url: serve(Arc::clone(&deployer), &token).await,
            docker_host: docker.host.clone(),
            platform: docker.platform.clone(),
            data: folder.path().join("data"),
            every: Duration::from_secs(1),
        };
        let monitor = monitor::start(config).await.expect("everything is there");
        let client = channel(&format!("http://{}", monitor.address())).expect("an address");
        let cancel = CancellationToken::new();
        Self {
            docker,
            deployer,
            pool: PgPool::connect(&database.1).await.expect("the database is there"),
            internal: Internal::new(&token).expect("valid"),
            client: DriftServiceClient::new(client),
            running: tokio::spawn(monitor.run(cancel.clone())),
            cancel,
            nats,
            database,
            _folder: folder,
        }
    }

    /// Everything the monitor lists.
    pub(crate) async fn list(&self) -> Vec<EnvironmentDrift> {
        let request = self.internal.request(ListDriftRequest::default());
        let answer = self.client.clone().list_drift(request).await.expect("answered");
        answer.into_inner().environments
    }

    /// Waits until the monitor says so by itself.
    pub(crate) async fn until(&self, state: State) -> EnvironmentDrift {
        let reached = async {
            loop {
                let found = self.list().await.into_iter().find(|it| it.state() == state);
                if let Some(found) = found {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let reached = tokio::time::timeout(PATIENCE, reached).await;
        match reached {
            Ok(found) => found,
            Err(_) => unreachable!("never {state:?}: {:?}", self.list().await),
        }
    }

    /// What the monitor says when it is asked to look now.
    pub(crate) async fn check(&self) -> EnvironmentDrift {
        let request = self.internal.request(CheckDriftRequest { name: PLACE.to_owned() });
        let answer = self.client.clone().check_drift(request).await.expect("answered");
        answer.into_inner().environment.expect("always there")
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
        drop(self.nats);
        let (admin, url) = &self.database;
        let name = url.rsplit('/').next().expect("a database");
        let mut connection = PgConnection::connect(admin).await.expect("Postgres is there");
        let drop = AssertSqlSafe(format!("drop database {name} with (force)"));
        sqlx::query(drop).execute(&mut connection).await.expect("dropped");
    }
}

/// A server that ends with the test, however that ends.
struct Nats(Child);

impl Drop for Nats {
    fn drop(&mut self) {
        let ended = self.0.kill().and_then(|()| self.0.wait());
        drop(ended);
    }
}

/// A new database: where to make and drop it, and where it is.
async fn new_database() -> (String, String) {
    let admin = variable("DATABASE_URL", "postgres://slipway:slipway@127.0.0.1:5433/sqlx_dev");
    let name = format!("monitor_{}", Uuid::now_v7().simple());
    let mut connection = PgConnection::connect(&admin).await.expect("Postgres is there");
    let create = AssertSqlSafe(format!("create database {name}"));
    sqlx::query(create).execute(&mut connection).await.expect("the right to create databases");
    let server = admin.rsplit_once('/').expect("a database").0;
    let url = format!("{server}/{name}");
    (admin, url)
}

async fn new_nats(folder: &std::path::Path) -> (Nats, String) {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = free.local_addr().expect("bound").port();
    drop(free);
    let nats = Command::new(variable("NATS_SERVER_BIN", "nats-server"))
        .args(["-js", "-a", "127.0.0.1", "-p", &port.to_string(), "-sd"])
        .arg(folder.join("nats"))
        .stderr(Stdio::null())
        .spawn()
        .expect("nats-server is installed");
    let url = format!("nats://127.0.0.1:{port}");
    Bus::connect(&url, "test").await.expect("it starts");
    (Nats(nats), url)
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
