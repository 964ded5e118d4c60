//! What the monitor is made of, and what it reacts to.

use crate::builder::Builder;
use crate::config::Config;
use crate::data::Samples;
use crate::deployer::Deployer;
use crate::engine::Engine;
use crate::grpc::Drift;
use crate::grpc_data::DataDrift;
use crate::metrics::Metrics;
use crate::owner::Owner;
use crate::router::Router;
use crate::watch::Happened;
use crate::{SERVICE, ask, data, heal, liveness, on, watch};
use anyhow::Context;
use bus::{Bus, Handlers};
use events::{EventType, ReleaseId};
use futures_util::FutureExt;
use parking_lot::Mutex;
use pg::sealed::Key;
use proto::v1::data_drift_service_server::DataDriftServiceServer;
use proto::v1::drift_service_server::DriftServiceServer;
use service::Clock;
use service::grpc::Server;
use service::health::Health;
use service::internal::{Internal, channel};
use sqlx::PgPool;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub(crate) static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
/// Looks happen one after the other; the rest are calls and the relay.
const CONNECTIONS: u32 = 4;

/// Everything a reaction may need.
#[derive(Debug)]
pub struct App {
    pub(crate) pool: PgPool,
    pub(crate) clock: Clock,
    pub(crate) deployer: Deployer,
    pub(crate) owner: Owner,
    pub(crate) builder: Builder,
    pub(crate) router: Router,
    pub(crate) heal: heal::Limits,
    pub(crate) restart: liveness::Pace,
    pub(crate) engine: Engine,
    pub(crate) health: Health,
    pub(crate) metrics: Metrics,
    pub(crate) happened: Happened,
    /// Where captured requests are kept.
    pub(crate) samples: Samples,
    /// Another release lives somewhere.
    pub(crate) another_lives: Notify,
    /// Wakes the relay of the outbox.
    pub(crate) relay: Arc<Notify>,
    /// What values of variables are compared by.
    variables: [u8; 32],
    releases: Mutex<BTreeSet<ReleaseId>>,
}

impl App {
    /// One that keeps what it knows in `pool`; whoever it asks may come up later.
    pub(crate) fn new(config: Config, pool: PgPool) -> anyhow::Result<Self> {
        let health = Health::new(SERVICE);
        std::fs::create_dir_all(&config.data).context("make SLIPWAY_DATA")?;
        let key = Key::load_or_create(&config.data.join("monitor.key"))?;
        let internal = Internal::new(&config.internal_token)?;
        let deployer = channel(&config.deployer_url).context("read SLIPWAY_DEPLOYER_URL")?;
        let builder = channel(&config.builder_url).context("read SLIPWAY_BUILDER_URL")?;
        let router = channel(&config.router_url).context("read SLIPWAY_ROUTER_URL")?;
        Ok(Self {
            pool,
            clock: Clock::system(),
            deployer: Deployer::new(deployer.clone(), internal.clone()),
            owner: Owner::new(deployer, internal.clone()),
            builder: Builder::new(builder, internal.clone()),
            router: Router::new(router, internal),
            heal: config.heal,
            restart: config.restart,
            engine: Engine::at(config.docker_host, config.platform),
            metrics: Metrics::register(health.metrics()),
            health,
            happened: Happened::default(),
            samples: config.samples,
            another_lives: Notify::new(),
            relay: Arc::default(),
            variables: key.fingerprint(b"variables"),
            releases: Mutex::default(),
        })
    }

    /// What a value is compared by.
    pub(crate) fn fingerprint(&self, value: &str) -> String {
        hex::encode(&pg::sealed::fingerprint(&self.variables, value.as_bytes())[..8])
    }

    /// The key of [`Self::fingerprint`], for who fingerprints what was released.
    pub(crate) const fn fingerprint_key(&self) -> &[u8; 32] {
        &self.variables
    }

    /// Those of `named` that exist. Of one that cannot be asked for it is assumed: without evidence
    /// nothing is an orphan.
    pub(crate) async fn existing(
        &self,
        named: impl Iterator<Item = ReleaseId>,
    ) -> BTreeSet<ReleaseId> {
        let mut existing = BTreeSet::new();
        for release in named.collect::<BTreeSet<_>>() {
            let known = self.releases.lock().contains(&release);
            let answer = if known {
                Ok(true)
            } else {
                self.deployer.release(release).await.map(|it| it.is_some())
            };
            match answer {
                Ok(false) => {}
                Ok(true) => {
                    self.releases.lock().insert(release);
                    existing.insert(release);
                }
                Err(_) => {
                    existing.insert(release);
                }
            }
        }
        existing
    }
}

/// The table event -> reaction.
pub fn handlers(app: &Arc<App>) -> Handlers {
    [
        EventType::ReleaseCreated,
        EventType::ReleaseWaiting,
        EventType::ReleaseStarted,
        EventType::ReleaseProgressed,
        EventType::ReleaseLive,
        EventType::ReleaseRolledBack,
        EventType::ReleaseFailed,
        EventType::ReleaseCancelled,
        EventType::ReleaseSuperseded,
        EventType::ReleaseStuck,
    ]
    .into_iter()
    .fold(Handlers::new(), |handlers, event_type| {
        let app = Arc::clone(app);
        handlers.on(event_type, move |envelope| {
            std::future::ready(on::release_moved::handle(&app, &envelope))
        })
    })
}

/// A monitor that listens and has not begun to look.
#[derive(Debug)]
pub struct Monitor {
    app: Arc<App>,
    bus: Bus,
    listener: TcpListener,
    address: SocketAddr,
    server: Server,
    every: Duration,
}

/// Connects to everything but the engine, which may come up later, and binds the address.
pub async fn start(config: Config) -> anyhow::Result<Monitor> {
    let listener =
        TcpListener::bind(config.address).await.context("bind SLIPWAY_MONITOR_ADDRESS")?;
    let address = listener.local_addr()?;
    let pool = pg::connect(config.database_url.expose(), SERVICE, CONNECTIONS).await?;
    pg::migrate_bus(&pool).await?;
    pg::migrate(&pool, SERVICE, &MIGRATOR).await?;
    let (every, token, nats_url) =
        (config.every, config.internal_token.clone(), config.nats_url.clone());
    let app = Arc::new(App::new(config, pool)?);
    let bus = Bus::connect(nats_url.expose(), SERVICE).await?.measured(app.health.metrics());
    let drift = DriftServiceServer::new(Drift(Arc::clone(&app)));
    let of_data = DataDriftServiceServer::new(DataDrift(Arc::clone(&app)));
    let server = Server::new(&token).add(drift).add(of_data);
    Ok(Monitor { app, bus, listener, address, server, every })
}

impl Monitor {
    /// Where it answers.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Looks, listens and answers until `cancel`.
    pub async fn run(self, cancel: CancellationToken) -> anyhow::Result<()> {
        let Self { app, bus, listener, server, every, .. } = self;
        let router = server.into_router().merge(app.health.routes());
        let mut tasks = JoinSet::new();
        let served = service::http::serve(listener, router, cancel.clone());
        tasks.spawn(async { served.await.context("serve calls") });
        let (pool, relay) = (app.pool.clone(), Arc::clone(&app.relay));
        let relayed = bus::relay::run(pool, bus.clone(), SERVICE, relay, cancel.clone());
        tasks.spawn(relayed.map(Ok));
        let counted = data::count(Arc::clone(&app), bus.clone(), cancel.clone());
        tasks.spawn(counted.map(Ok));
        tasks.spawn(data::run(Arc::clone(&app), cancel.clone()).map(Ok));
        let consumed = bus::consume::run(bus, app.pool.clone(), handlers(&app), cancel.clone());
        tasks.spawn(consumed.map(Ok));
        tasks.spawn(watch::run(Arc::clone(&app), every, cancel.clone()).map(Ok));
        tasks.spawn(ask::run(Arc::clone(&app), cancel.clone()).map(Ok));
        tasks.spawn(watch::listen(app, cancel.clone()).map(Ok));
        let mut outcome = Ok(());
        while let Some(ended) = tasks.join_next().await {
            // One that ends by itself ends all.
            cancel.cancel();
            let ended = ended.context("a task of the monitor panicked").flatten();
            outcome = outcome.and(ended);
        }
        outcome
    }
}
