//! Wiring: what the gateway is made of, and the table of events it reacts to.

use crate::accept::AcceptError;
use crate::config::Config;
use crate::github::Client;
use crate::hooks::Limits;
use crate::metrics::Counts;
use crate::reconcile::Looks;
use crate::sources::Sources;
use crate::tokens::Tokens;
use crate::turns::Turns;
use crate::{NAME, ci, edge, hooks, notify, on, reconcile, report, retention, truths};
use arc_swap::ArcSwapOption;
use bus::{Bus, Handlers, Verdict};
use events::{AppName, Envelope, EventType, GitRef};
use outgoing::{InvalidAuthorities, Outgoing, authorities};
use proto::v1::build_service_client::BuildServiceClient;
use proto::v1::data_drift_service_client::DataDriftServiceClient;
use proto::v1::release_service_client::ReleaseServiceClient;
use proto::v1::secret_service_client::SecretServiceClient;
use service::Clock;
use service::health::Health;
use service::internal::Internal;
use sqlx::PgPool;
use sqlx::pool::PoolConnection;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

pub(crate) static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// Connections to Postgres. Deliveries hold one for one statement, so few serve many.
const CONNECTIONS: u32 = 16;
/// How often Postgres and NATS are asked whether they work.
const HEALTH_EVERY: Duration = Duration::from_secs(5);

/// Why the gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address is taken or not ours.
    #[error("listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// No Postgres.
    #[error("connect to Postgres")]
    Connect(#[source] pg::ConnectError),
    /// The schema is not ready.
    #[error("prepare the schema")]
    Migrate(#[source] pg::MigrateError),
    /// No key for secrets at rest.
    #[error("open the key of the gateway")]
    Key(#[source] pg::sealed::SealError),
    /// The data folder cannot be made.
    #[error("make the data folder")]
    Data(#[source] std::io::Error),
    /// The internal token cannot be sent.
    #[error("use the internal token")]
    Token(#[source] service::internal::InvalidToken),
    /// The address of another service is not valid.
    #[error("the address {url} of another service is not valid")]
    Backend {
        /// The address.
        url: String,
    },
    /// The authorities to trust cannot be read.
    #[error(transparent)]
    Authorities(#[from] InvalidAuthorities),
}

/// What the gateway is made of. Clones share it.
pub(crate) type App = Arc<Parts>;

/// What the gateway is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    pub config: Config,
    pub pool: PgPool,
    pub clock: Clock,
    pub key: pg::sealed::Key,
    pub sources: Sources,
    pub tokens: Tokens,
    pub turns: Turns,
    pub limits: Limits,
    pub truth_limits: Limits,
    /// Of those who may not tell what was true: they take no place of those who may.
    pub refused_limits: Limits,
    pub looks: Looks,
    pub counts: Counts,
    pub health: Health,
    pub internal: Internal,
    pub secrets: SecretServiceClient<Channel>,
    pub releases: ReleaseServiceClient<Channel>,
    pub builds: BuildServiceClient<Channel>,
    pub data_drift: DataDriftServiceClient<Channel>,
    pub outgoing: Outgoing,
    /// Nothing where GitHub is neither told nor asked.
    pub github: Option<Client>,
    pub ci: ci::Looks,
    /// A report may be due.
    pub reporting: Notify,
    /// A notification may be due.
    pub notifying: Notify,
    /// Nothing until NATS answered for the first time; webhooks do not need it.
    pub bus: ArcSwapOption<Bus>,
    /// Long answers end when this is cancelled.
    pub ending: CancellationToken,
    wake: Arc<Notify>,
}

impl Parts {
    /// A connection for an arrival of `git_ref`.
    pub(crate) async fn connection(
        &self,
        app: &AppName,
        git_ref: &GitRef,
    ) -> Result<PoolConnection<sqlx::Postgres>, AcceptError> {
        self.pool.acquire().await.map_err(|source| AcceptError::Database {
            app: app.clone(),
            git_ref: git_ref.clone(),
            source,
        })
    }

    /// Something may be in the outbox.
    pub(crate) fn said(&self) {
        self.wake.notify_one();
    }
}

/// The one table event -> reaction: people and the forge are told.
pub(crate) fn handlers(app: &App) -> Handlers {
    let mut handlers = Handlers::new();
    for event_type in [
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
    ] {
        let handle = reaction(app, on::release_moved::handle);
        handlers = handlers.on(event_type, handle);
    }
    for event_type in [
        EventType::BuildQueued,
        EventType::BuildStarted,
        EventType::BuildSucceeded,
        EventType::BuildCancelled,
    ] {
        handlers = handlers.on(event_type, reaction(app, on::build_moved::handle));
    }
    for event_type in [EventType::DriftDetected, EventType::DriftHealed, EventType::DriftCleared] {
        handlers = handlers.on(event_type, reaction(app, on::drift_moved::handle));
    }
    for event_type in [EventType::InstanceUnhealthy, EventType::InstanceCrashed] {
        handlers = handlers.on(event_type, reaction(app, on::instance_ill::handle));
    }
    handlers = handlers.on(EventType::DiskFilled, reaction(app, on::disk_filled::handle));
    handlers = handlers.on(EventType::RunFinished, reaction(app, on::run_finished::handle));
    handlers.on(EventType::BuildFailed, reaction(app, on::build_failed::handle))
}

fn reaction<F>(
    app: &App,
    handle: fn(App, Envelope) -> F,
) -> impl Fn(Envelope) -> F + Send + Sync + use<F>
where
    F: Future<Output = Verdict> + Send + 'static,
{
    let app = app.clone();
    move |envelope| handle(app.clone(), envelope)
}

/// A gateway that listens and does not answer yet.
#[derive(Debug)]
pub struct Gateway {
    app: App,
    hooks: TcpListener,
    api: TcpListener,
    hooks_address: SocketAddr,
    api_address: SocketAddr,
}

/// Binds the addresses, connects to Postgres and prepares the schema.
pub async fn start(config: Config) -> Result<Gateway, StartError> {
    let (hooks, hooks_address) = listen(config.hooks_address).await?;
    let (api, api_address) = listen(config.api_address).await?;
    std::fs::create_dir_all(&config.data).map_err(StartError::Data)?;
    let key = pg::sealed::Key::load_or_create(&config.data.join("gateway.key"));
    let key = key.map_err(StartError::Key)?;
    let pool = pg::connect(config.database_url.expose(), NAME, CONNECTIONS);
    let pool = pool.await.map_err(StartError::Connect)?;
    pg::migrate_bus(&pool).await.map_err(StartError::Migrate)?;
    pg::migrate(&pool, NAME, &MIGRATOR).await.map_err(StartError::Migrate)?;
    let deployer = backend(&config.backends.deployer)?;
    let builder = backend(&config.backends.builder)?;
    let monitor = backend(&config.backends.monitor)?;
    let health = Health::new(NAME);
    let (internal, bootstrap) = (config.internal_token.clone(), config.bootstrap_token.clone());
    let local = config.local_repositories.clone();
    let more = config.ca_file.as_deref().map(authorities).transpose()?;
    let outgoing = Outgoing::new(config.private_targets.clone(), &more.unwrap_or_default());
    let github = config.github.clone();
    let github = github.map(|settings| Client::new(settings, outgoing.clone(), Clock::system()));
    let app = Arc::new(Parts {
        clock: Clock::system(),
        sources: Sources::new(pool.clone(), key.clone(), local),
        key,
        tokens: Tokens::new(pool.clone(), internal.clone(), bootstrap),
        turns: Turns::default(),
        limits: Limits::default(),
        truth_limits: Limits::of(truths::WORKING),
        refused_limits: Limits::default(),
        looks: Looks::default(),
        counts: Counts::registered(health.metrics()),
        health,
        internal: Internal::new(&internal).map_err(StartError::Token)?,
        secrets: SecretServiceClient::new(deployer.clone()),
        releases: ReleaseServiceClient::new(deployer),
        builds: BuildServiceClient::new(builder),
        data_drift: DataDriftServiceClient::new(monitor),
        outgoing,
        github,
        ci: ci::Looks::default(),
        reporting: Notify::new(),
        notifying: Notify::new(),
        bus: ArcSwapOption::empty(),
        ending: CancellationToken::new(),
        wake: Arc::default(),
        pool,
        config,
    });
    Ok(Gateway { app, hooks, api, hooks_address, api_address })
}

fn backend(url: &str) -> Result<Channel, StartError> {
    service::internal::channel(url).map_err(|_| StartError::Backend { url: url.to_owned() })
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

impl Gateway {
    /// Where webhooks arrive.
    pub const fn hooks_address(&self) -> SocketAddr {
        self.hooks_address
    }

    /// Where clients ask.
    pub const fn api_address(&self) -> SocketAddr {
        self.api_address
    }

    /// Serves until `cancel`, then ends what is open.
    pub async fn run(self, cancel: CancellationToken) -> std::io::Result<()> {
        let Self { app, hooks, api, .. } = self;
        let (hooks_router, api_router) = (hooks::router(app.clone()), edge::router(&app)?);
        let end = async {
            cancel.cancelled().await;
            app.ending.cancel();
            Ok(())
        };
        let serve_hooks = service::http::serve(hooks, hooks_router, cancel.clone());
        let serve_api = service::http::serve(api, api_router, cancel.clone());
        let (served, ..) = tokio::join!(
            async { tokio::try_join!(serve_hooks, serve_api, end) },
            speak(app.clone(), cancel.clone()),
            reconcile::run(app.clone(), cancel.clone()),
            retention::run(app.clone(), cancel.clone()),
            notify::run(app.clone(), cancel.clone()),
            report::run(app.clone(), cancel.clone()),
            watch(app.clone(), cancel.clone()),
        );
        served.map(drop)
    }
}

/// Connects to NATS, however long that takes, and then publishes what is in the outbox.
async fn speak(app: App, cancel: CancellationToken) {
    let bus = loop {
        let connected = tokio::select! {
            () = cancel.cancelled() => return,
            connected = Bus::connect(app.config.nats_url.expose(), NAME) => connected,
        };
        match connected {
            Ok(bus) => break bus.measured(app.health.metrics()),
            Err(error) => {
                let why = service::chain(&error);
                app.health.report("nats", Err(why));
                tokio::select! {
                    () = cancel.cancelled() => return,
                    () = tokio::time::sleep(HEALTH_EVERY) => {}
                }
            }
        }
    };
    app.bus.store(Some(Arc::new(bus.clone())));
    tokio::join!(
        bus::relay::run(app.pool.clone(), bus.clone(), NAME, app.wake.clone(), cancel.clone()),
        bus::consume::run(bus, app.pool.clone(), handlers(&app), cancel),
    );
}

/// Tells whether what the gateway needs works.
async fn watch(app: App, cancel: CancellationToken) {
    loop {
        let postgres = sqlx::query_scalar!(r#"select 1 as "one!""#).fetch_one(&app.pool).await;
        let postgres = postgres.map(drop).map_err(|error| service::chain(&error));
        app.health.report("postgres", postgres);
        if let Err(error) = count_parked(&app).await {
            tracing::debug!(%error, "parked events are not counted now");
        }
        if let Some(bus) = &*app.bus.load() {
            let connected = bus.is_connected();
            let nats = if connected { Ok(()) } else { Err("not connected".to_owned()) };
            app.health.report("nats", nats);
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(HEALTH_EVERY) => {}
        }
    }
}

async fn count_parked(app: &App) -> Result<(), sqlx::Error> {
    let counts = pg::parked::count(&mut *app.pool.acquire().await?).await?;
    app.counts.parked(&counts);
    Ok(())
}
