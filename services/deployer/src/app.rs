//! Wiring: what the deployer holds, and the one table of what it reacts to.

use crate::config::Config;
use crate::docker::{Credentials, Engine};
use crate::metrics::Metrics;
use crate::router::Router;
use crate::{collect_by_itself, errand, grpc, on, removal, repair, schedule, sweep, timetable};
use anyhow::Context;
use bus::Bus;
use events::EventType;
use outgoing::{Outgoing, authorities};
use pg::sealed::Key;
use proto::v1::app_service_client::AppServiceClient;
use proto::v1::build_service_client::BuildServiceClient;
use proto::v1::instance_service_server::InstanceServiceServer;
use proto::v1::job_service_server::JobServiceServer;
use proto::v1::release_service_server::ReleaseServiceServer;
use proto::v1::secret_service_server::SecretServiceServer;
use service::Clock;
use service::health::Health;
use service::internal::Internal;
use sqlx::PgPool;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use uuid::Uuid;

pub(crate) static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// Connections: drivers hold one only while they write.
const CONNECTIONS: u32 = 12;

/// What every part of the deployer may use.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) pool: PgPool,
    pub(crate) engine: Engine,
    pub(crate) router: Router,
    /// Where the router serves users.
    pub(crate) traffic_address: SocketAddr,
    pub(crate) builder: BuildServiceClient<Channel>,
    pub(crate) gateway: AppServiceClient<Channel>,
    pub(crate) internal: Internal,
    /// Asks what people wrote down.
    pub(crate) outgoing: Outgoing,
    pub(crate) key: Key,
    pub(crate) clock: Clock,
    pub(crate) platform: Arc<str>,
    pub(crate) credentials: Arc<[Credentials]>,
    pub(crate) disk_floor: u64,
    pub(crate) cache_budget: u64,
    pub(crate) collect_every: Duration,
    pub(crate) wrecks_kept: Duration,
    /// Where files may lie for a while.
    pub(crate) data: Arc<Path>,
    pub(crate) metrics: Metrics,
    /// Names this process in leases.
    pub(crate) owner: Uuid,
    /// The relay looks at once.
    pub(crate) outbox: Arc<Notify>,
    /// The scheduler looks at once.
    pub(crate) due: Arc<Notify>,
    /// Drivers and watchers look at once.
    pub(crate) nudges: broadcast::Sender<()>,
}

impl App {
    /// Something was committed: everybody who waits for it looks at once.
    pub(crate) fn changed(&self) {
        self.outbox.notify_one();
        self.due.notify_one();
        // Nobody listening is fine.
        drop(self.nudges.send(()));
    }

    /// The credentials for the registry of `image`.
    pub(crate) fn credentials_for(&self, image: &str) -> Option<&Credentials> {
        let registry = image.split('/').next().unwrap_or_default();
        self.credentials.iter().find(|credentials| credentials.registry == registry)
    }
}

/// The deployer, ready to run.
#[derive(Debug)]
pub struct Deployer {
    app: App,
    bus: Bus,
    health: Health,
    listener: TcpListener,
    address: SocketAddr,
    router: axum::Router,
}

/// Connects, migrates, and listens; nothing is driven before [`Deployer::run`].
pub async fn start(config: Config) -> anyhow::Result<Deployer> {
    std::fs::create_dir_all(&config.data).context("make the data directory")?;
    let pool = pg::connect(config.database_url.expose(), crate::NAME, CONNECTIONS).await?;
    pg::migrate_bus(&pool).await?;
    pg::migrate(&pool, crate::NAME, &MIGRATOR).await?;
    let health = Health::new(crate::NAME);
    let bus = Bus::connect(config.nats_url.expose(), crate::NAME).await?;
    let bus = bus.measured(health.metrics());
    let internal = Internal::new(&config.internal_token)?;
    let engine = Engine::connect(&config.docker_host).await?;
    let more = config.ca_file.as_deref().map(authorities).transpose()?.unwrap_or_default();
    let app = App {
        pool,
        metrics: Metrics::registered(health.metrics(), &engine.probes),
        engine,
        router: Router::new(&config.router_url, internal.clone())?,
        traffic_address: config.traffic_address,
        builder: BuildServiceClient::new(service::internal::channel(&config.builder_url)?),
        gateway: AppServiceClient::new(service::internal::channel(&config.gateway_url)?),
        internal,
        outgoing: Outgoing::new(config.private_targets, &more),
        key: Key::load_or_create(&config.data.join("secrets.key"))?,
        clock: Clock::system(),
        platform: config.platform.into(),
        credentials: crate::credentials::read(config.registry_auth_file.as_deref())?.into(),
        disk_floor: config.disk_floor,
        cache_budget: config.cache_budget,
        collect_every: config.collect_every,
        wrecks_kept: config.wrecks_kept,
        data: config.data.into(),
        owner: service::new_id(),
        outbox: Arc::new(Notify::new()),
        due: Arc::new(Notify::new()),
        nudges: broadcast::channel(16).0,
    };
    let router = service::grpc::Server::new(&config.internal_token)
        .add(ReleaseServiceServer::new(grpc::Releases(app.clone())))
        .add(SecretServiceServer::new(grpc::Secrets(app.clone())))
        .add(InstanceServiceServer::new(grpc::Instances(app.clone())))
        .add(JobServiceServer::new(grpc::Jobs(app.clone())))
        .into_router()
        .merge(health.routes());
    let listener = TcpListener::bind(config.address).await.context("listen")?;
    let address = listener.local_addr()?;
    Ok(Deployer { app, bus, health, listener, address, router })
}

/// What the deployer reacts to.
pub(crate) fn handlers(app: &App) -> bus::Handlers {
    let (built, drifted, cleared) = (app.clone(), app.clone(), app.clone());
    bus::Handlers::new()
        .on(EventType::BuildSucceeded, move |envelope| {
            let app = built.clone();
            async move { Box::pin(on::build_succeeded::handle(&app, envelope)).await }
        })
        .on(EventType::DriftDetected, move |envelope| {
            let app = drifted.clone();
            async move { on::drift_detected::handle(&app, envelope).await }
        })
        .on(EventType::DriftCleared, move |envelope| {
            let app = cleared.clone();
            async move { on::drift_cleared::handle(&app, envelope).await }
        })
}

/// The types of events the deployer reacts to.
pub const REACTS_TO: &[EventType] =
    &[EventType::BuildSucceeded, EventType::DriftDetected, EventType::DriftCleared];

impl Deployer {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves and drives until `cancel`.
    pub async fn run(self, cancel: CancellationToken) -> anyhow::Result<()> {
        let Self { app, bus, health, listener, router, .. } = self;
        let relay = bus::relay::run(
            app.pool.clone(),
            bus.clone(),
            crate::NAME,
            app.outbox.clone(),
            cancel.clone(),
        );
        let consume =
            bus::consume::run(bus.clone(), app.pool.clone(), handlers(&app), cancel.clone());
        let (served, (), (), (), (), (), (), (), (), (), ()) = tokio::join!(
            service::http::serve(listener, router, cancel.clone()),
            relay,
            consume,
            schedule::run(app.clone(), cancel.clone()),
            sweep::run(app.clone(), cancel.clone()),
            collect_by_itself::run(app.clone(), health.metrics(), cancel.clone()),
            removal::run(app.clone(), cancel.clone()),
            repair::run(app.clone(), cancel.clone()),
            errand::run(app.clone(), cancel.clone()),
            timetable::run(app.clone(), cancel.clone()),
            report_health(&app, &bus, &health, cancel.clone()),
        );
        served.context("serve")
    }
}

async fn report_health(app: &App, bus: &Bus, health: &Health, cancel: CancellationToken) {
    loop {
        let postgres = sqlx::query_scalar!("select 1").fetch_one(&app.pool).await;
        health.report("postgres", postgres.map(drop).map_err(|error| error.to_string()));
        let nats = bus.is_connected().then_some(()).ok_or("not connected");
        health.report("nats", nats.map_err(str::to_owned));
        let engine = app.engine.ping().await;
        health.report("docker", engine.map_err(|error| service::chain(&error)));
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(5)) => {}
        }
    }
}
