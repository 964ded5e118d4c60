//! Wiring: what this service is made of, and which event reaches which handler.

use crate::config::Config;
use crate::engine::{About, Engine, EngineError};
use crate::git::mirror::Mirrors;
use crate::log::follow::Hints;
use crate::metrics::Counts;
use crate::on;
use crate::peers::Peers;
use crate::registry::auth::RegistryAuth;
use crate::registry::client::Registry;
use crate::running::Running;
use crate::{grpc, sweep, worker};
use anyhow::Context as _;
use bus::{Bus, Handlers};
use events::EventType;
use service::Clock;
use service::health::Health;
use service::internal::{Internal, channel};
use sqlx::PgPool;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::{Notify, OnceCell};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The name of this service: its schema, its consumer, its outbox.
pub const SERVICE: &str = "builder";
/// Connections to Postgres: the slots, the relay, the log writers and the callers.
const CONNECTIONS: u32 = 12;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// Everything a handler or a worker needs.
#[derive(Debug)]
pub struct App {
    /// Settings.
    pub config: Config,
    /// The builder's tables.
    pub pool: PgPool,
    /// Time.
    pub clock: Clock,
    /// Where live log lines are published.
    pub bus: Bus,
    /// The container engine.
    pub engine: Engine,
    /// The registry.
    pub registry: Registry,
    /// Credentials from the configuration.
    pub registry_auth: RegistryAuth,
    /// Mirrors of repositories.
    pub mirrors: Mirrors,
    /// Other services.
    pub peers: Peers,
    /// Builds of this process.
    pub running: Running,
    /// Wakes followers of logs.
    pub hints: Hints,
    /// Wakes the worker.
    pub queue: Notify,
    /// Wakes the relay.
    pub outbox: Arc<Notify>,
    /// What is counted.
    pub counts: Counts,
    /// Work beside builds.
    pub tasks: TaskTracker,
    about: OnceCell<About>,
}

impl App {
    /// What the engine is, asked once.
    pub async fn about(&self) -> Result<&About, EngineError> {
        self.about.get_or_try_init(|| self.engine.about()).await
    }
}

/// The service, bound and ready to run.
#[derive(Debug)]
pub struct Builder {
    app: Arc<App>,
    listener: TcpListener,
    health: Health,
}

/// Which event reaches which handler.
pub fn handlers(app: &Arc<App>) -> Handlers {
    let app = Arc::clone(app);
    Handlers::new().on(EventType::SourcePushed, move |envelope| {
        let app = Arc::clone(&app);
        async move { on::source_pushed::handle(&app, envelope).await }
    })
}

/// Connects, migrates and binds.
pub async fn start(config: Config) -> anyhow::Result<Builder> {
    let listener = TcpListener::bind(config.address)
        .await
        .with_context(|| format!("listening on {}", config.address))?;
    let pool = pg::connect(config.database_url.expose(), SERVICE, CONNECTIONS).await?;
    pg::migrate_bus(&pool).await?;
    pg::migrate(&pool, SERVICE, &MIGRATOR).await?;
    let health = Health::new(SERVICE);
    let bus = Bus::connect(config.nats_url.expose(), SERVICE).await?.measured(health.metrics());
    let app = assemble(config, pool, bus, &health)?;
    Ok(Builder { app: Arc::new(app), listener, health })
}

fn assemble(config: Config, pool: PgPool, bus: Bus, health: &Health) -> anyhow::Result<App> {
    let engine = Engine::at(&config.docker_host)?;
    let internal = Internal::new(&config.internal_token)?;
    let peers = Peers::new(internal, channel(&config.gateway_url)?, channel(&config.deployer_url)?);
    let mirrors = Mirrors::open(config.data.join("builder/mirrors"));
    let registry_auth = match &config.registry_auth_file {
        None => RegistryAuth::default(),
        Some(path) => {
            let text =
                std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
            RegistryAuth::parse(&text).with_context(|| format!("reading {}", path.display()))?
        }
    };
    Ok(App {
        registry: Registry::new(engine.clone()),
        mirrors: mirrors.context("making the directory of mirrors")?,
        config,
        pool,
        clock: Clock::system(),
        bus,
        engine,
        registry_auth,
        peers,
        running: Running::default(),
        hints: Hints::default(),
        queue: Notify::new(),
        outbox: Arc::new(Notify::new()),
        counts: Counts::registered(health.metrics()),
        tasks: TaskTracker::new(),
        about: OnceCell::new(),
    })
}

impl Builder {
    /// Where it listens.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// What it is made of.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Works until `cancel`; builds that run then are given back.
    pub async fn run(self, cancel: CancellationToken) -> anyhow::Result<()> {
        let Self { app, listener, health } = self;
        let router = grpc::routes(&app).merge(health.routes());
        let (pool, bus) = (app.pool.clone(), app.bus.clone());
        let served = tokio::join!(
            service::http::serve(listener, router, cancel.clone()),
            bus::consume::run(bus.clone(), pool.clone(), handlers(&app), cancel.clone()),
            bus::relay::run(pool, bus, SERVICE, Arc::clone(&app.outbox), cancel.clone()),
            worker::run(&app, cancel.clone()),
            sweep::run(&app, &health, cancel),
        );
        app.tasks.close();
        served.0.context("serving")
    }
}
