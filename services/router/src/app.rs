//! Wiring: workers that serve users, and the control they share.

use crate::access_log::Writer;
use crate::capture::{Counts, Publisher, Taker};
use crate::config::Config;
use crate::metrics::Figures;
use crate::plane::Plane;
use crate::refused::Refused;
use crate::shadow::Mirror;
use crate::store::{Store, StoreError};
use crate::worker::{Shared, Worker};
use chrono::{DateTime, Utc};
use proto::v1::router_service_server::RouterServiceServer;
use rand::Rng;
use service::Clock;
use service::grpc::Server;
use service::health::Health;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::oneshot::{self, error::RecvError};
use tokio_util::sync::CancellationToken;

/// Connections the kernel keeps for us until they are accepted.
const BACKLOG: u32 = 4096;
/// Time between two tries to save a table that could not be saved.
const SAVE_EVERY: Duration = Duration::from_secs(2);

/// What the control serves from.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) plane: Arc<Plane>,
    pub(crate) health: Health,
    pub(crate) started: DateTime<Utc>,
    pub(crate) clock: Clock,
    pub(crate) samples: Arc<Counts>,
}

/// Why the router does not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum RouterError {
    /// An address cannot be listened on.
    #[error("listening on {0}")]
    Listen(SocketAddr, #[source] io::Error),
    /// The data directory cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file of the access log cannot be opened.
    #[error("opening the access log")]
    AccessLog(#[source] io::Error),
    /// A worker cannot be started.
    #[error("starting a worker")]
    Worker(#[source] io::Error),
    /// The control stopped.
    #[error("serving the control address")]
    Control(#[source] io::Error),
}

/// A router that listens, but does not serve yet.
#[derive(Debug)]
pub struct Router {
    app: App,
    shared: Shared,
    listeners: Vec<std::net::TcpListener>,
    control: TcpListener,
    log: Option<Writer>,
    publisher: Option<Publisher>,
    traffic_address: SocketAddr,
    control_address: SocketAddr,
}

/// Listens on both addresses and loads the last table.
pub async fn start(config: Config) -> Result<Router, RouterError> {
    let (store, stored) = Store::open(&config.data)?;
    let plane = Arc::new(Plane::new(store, stored));
    let dropped_lines = Arc::new(AtomicU64::new(0));
    let log = Writer::start(&config.access_log, dropped_lines.clone());
    let log = log.map_err(RouterError::AccessLog)?;
    let (traffic_address, listeners) = listeners(config.traffic, config.threads)
        .map_err(|error| RouterError::Listen(config.traffic, error))?;
    let control = TcpListener::bind(config.control).await;
    let control = control.map_err(|error| RouterError::Listen(config.control, error))?;
    let control_address =
        control.local_addr().map_err(|error| RouterError::Listen(config.control, error))?;
    let (refused, clock) = (Arc::new(Refused::default()), Clock::system());
    let health = Health::new("router");
    let samples = Arc::<Counts>::default();
    let (taker, publisher) = capture(&config, &samples).unzip();
    let (plane_of, refused_of) = (plane.clone(), refused.clone());
    let samples_of = samples.clone();
    let figures =
        Figures { plane: plane_of, refused: refused_of, dropped_lines, samples: samples_of };
    health.metrics().lock().register_collector(Box::new(figures));
    let (started, clock_of) = (clock.now(), clock.clone());
    let app = App { plane: plane.clone(), health, started, clock: clock_of, samples };
    let mirror = Mirror::start(plane.clone()).map_err(RouterError::Worker)?;
    let shared = Shared { plane, refused, config: Arc::new(config), clock, mirror, taker };
    tracing::info!(%traffic_address, %control_address, generation = app.plane.live().table.generation, "router listens");
    Ok(Router { app, shared, listeners, control, log, publisher, traffic_address, control_address })
}

/// Who takes requests and who publishes them, where that is possible.
fn capture(config: &Config, counts: &Arc<Counts>) -> Option<(Taker, Publisher)> {
    let url = config.nats_url.clone()?;
    let (taker, taken) = Taker::new(rand::rng().random(), counts.clone());
    Some((taker, Publisher::new(taken, url, counts.clone())))
}

impl Router {
    /// Where users' requests come in.
    pub fn traffic_address(&self) -> SocketAddr {
        self.traffic_address
    }

    /// Where the table is set.
    pub fn control_address(&self) -> SocketAddr {
        self.control_address
    }

    /// Serves until `cancel`, then finishes what is open. The control answers until the last worker has ended.
    pub async fn run(self, cancel: CancellationToken) -> Result<(), RouterError> {
        let Self { app, shared, listeners, control, log, publisher, .. } = self;
        let token = shared.config.internal_token.clone();
        let mut workers = Vec::new();
        for (i, listener) in listeners.into_iter().enumerate() {
            let lines = log.as_ref().map(Writer::lines);
            let stopping = cancel.clone();
            let shared = shared.clone();
            let work = move || Worker::run(listener, shared, lines, stopping);
            workers.push(spawn(format!("worker-{i}"), work).map_err(RouterError::Worker)?);
        }
        let routes = Server::new(&token).add(RouterServiceServer::new(app.clone())).into_router();
        let routes = routes.merge(app.health.routes());
        let over = CancellationToken::new();
        let ended = async {
            for worker in workers {
                told(worker.await, "a worker ended");
            }
            over.cancel();
        };
        let serving = service::http::serve(control, routes, over.clone());
        let publishes = over.clone();
        let publishing =
            publisher.map(|publisher| spawn("capture".to_owned(), || publisher.run(publishes)));
        let publishing = publishing.transpose().map_err(RouterError::Worker)?;
        let (served, (), ()) = tokio::join!(serving, ended, app.keep_saved(&over));
        if let Some(end) = publishing {
            told(end.await, "capture ended");
        }
        log.into_iter().for_each(Writer::finish);
        served.map_err(RouterError::Control)
    }
}

impl App {
    /// A table that could not be saved, because the disk was full, is saved as soon as there is room.
    async fn keep_saved(&self, over: &CancellationToken) {
        loop {
            tokio::select! {
                () = over.cancelled() => return,
                () = tokio::time::sleep(SAVE_EVERY) => {}
            }
            if let Some(saved) = self.plane.save_again().await {
                let saved = saved.map_err(|error| service::chain(&error));
                self.health.report("table on disk", saved);
            }
        }
    }
}

/// Runs `work` on a thread and an event loop of its own; the answer tells when it has ended.
fn spawn<Work>(
    name: String,
    work: impl FnOnce() -> Work + Send + 'static,
) -> io::Result<oneshot::Receiver<io::Result<()>>>
where
    Work: Future<Output = io::Result<()>>,
{
    let (ended, end) = oneshot::channel();
    std::thread::Builder::new().name(name).spawn(move || {
        let runtime =
            Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
        // The runtime goes before the end is told, and with it all that did not end in time.
        let end = runtime.and_then(|runtime| runtime.block_on(work()));
        drop(ended.send(end));
    })?;
    Ok(end)
}

/// Says how a thread ended that was not to end so.
fn told(ended: Result<io::Result<()>, RecvError>, what: &str) {
    if let Err(error) = ended.unwrap_or_else(|_| Err(io::Error::other("panicked"))) {
        tracing::error!(error = &error as &dyn std::error::Error, "{what}");
    }
}

/// One listener per worker on the same address; the kernel spreads connections over them.
fn listeners(
    address: SocketAddr,
    count: usize,
) -> io::Result<(SocketAddr, Vec<std::net::TcpListener>)> {
    let mut bound = address;
    let mut listeners = Vec::new();
    for _ in 0..count {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        socket.set_reuseport(count > 1)?;
        socket.bind(bound)?;
        let listener = socket.listen(BACKLOG)?;
        bound = listener.local_addr()?;
        listeners.push(listener.into_std()?);
    }
    Ok((bound, listeners))
}
