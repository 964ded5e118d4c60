//! One worker: a thread with its own event loop, listener, connections and pools. Nothing of a request is shared with
//! other workers but counters and the table.

use crate::access_log::{Lines, digit};
use crate::capture::Taker;
use crate::config::{Config, Limits};
use crate::connection;
use crate::live::Live;
use crate::network::Network;
use crate::plane::Plane;
use crate::problem::Refusal;
use crate::refused::Refused;
use crate::shadow::Mirror;
use crate::upstream::{Pool, http2};
use crate::watch::{Coarse, Watch};
use chrono::{DateTime, Utc};
use http::HeaderValue;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use service::Clock;
use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How often connections are looked at.
const TICK: Duration = Duration::from_secs(1);

/// What all workers get.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub(crate) plane: Arc<Plane>,
    pub(crate) refused: Arc<Refused>,
    pub(crate) config: Arc<Config>,
    pub(crate) clock: Clock,
    pub(crate) mirror: Mirror,
    /// Takes captured requests; nothing where they cannot be published.
    pub(crate) taker: Option<Taker>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) plane: Arc<Plane>,
    pub(crate) pool: Pool,
    pub(crate) shared_connections: http2::Shared,
    pub(crate) mirror: Mirror,
    refused: Arc<Refused>,
    config: Arc<Config>,
    live: RefCell<Arc<Live>>,
    random: RefCell<SmallRng>,
    log: Option<Lines>,
    taker: Option<Taker>,
    clock: Clock,
    /// The second that was written down last, and how.
    second: RefCell<(i64, String)>,
    started: Instant,
    ticked: Cell<Instant>,
    coarse: Coarse,
    watches: RefCell<Vec<Weak<Watch>>>,
    /// Connections and tunnels that are open.
    open: Cell<usize>,
    fewer: Notify,
    stopping: CancellationToken,
}

/// One open connection or tunnel, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Open(Rc<Worker>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.set(self.0.open.get() - 1);
        self.0.fewer.notify_waiters();
    }
}

impl Worker {
    /// Serves `listener` until told to stop, then finishes what is open within the drain deadline.
    pub(crate) async fn run(
        listener: std::net::TcpListener,
        shared: Shared,
        log: Option<Lines>,
        stopping: CancellationToken,
    ) -> std::io::Result<()> {
        let listener = TcpListener::from_std(listener)?;
        let worker = Rc::new(Self::new(shared, log, stopping));
        let limits = &worker.config.limits;
        tokio::select! {
            () = worker.accept(listener) => {}
            never = worker.keep_house(limits) => never,
        }
        worker.finish_open();
        let drained = tokio::time::timeout(worker.config.drain, async {
            tokio::select! {
                () = worker.until_fewer_than(1) => {}
                never = worker.keep_house(limits) => never,
            }
        });
        if drained.await.is_err() {
            tracing::warn!(open = worker.open.get(), "closing connections that are still busy");
        }
        Ok(())
    }

    fn new(shared: Shared, log: Option<Lines>, stopping: CancellationToken) -> Self {
        let Shared { plane, refused, config, clock, mirror, taker } = shared;
        Self {
            live: RefCell::new(plane.live()),
            plane,
            pool: Pool::default(),
            shared_connections: http2::Shared::default(),
            mirror,
            refused,
            config,
            random: RefCell::new(SmallRng::from_rng(&mut rand::rng())),
            log,
            taker,
            clock,
            second: RefCell::default(),
            started: Instant::now(),
            ticked: Cell::new(Instant::now()),
            coarse: Coarse::default(),
            watches: RefCell::default(),
            open: Cell::new(0),
            fewer: Notify::new(),
            stopping,
        }
    }

    async fn accept(self: &Rc<Self>, listener: TcpListener) {
        let limit = self.config.limits.connections.div_ceil(self.config.threads).max(1);
        loop {
            let next = async {
                self.until_fewer_than(limit).await;
                listener.accept().await
            };
            let accepted = tokio::select! {
                () = self.stopping.cancelled() => break,
                accepted = next => accepted,
            };
            self.accepted(accepted).await;
        }
        // Who is connected already, but not accepted, is answered too.
        while let Ok((stream, peer)) = self.accept_waiting(&listener).await {
            self.serve(stream, peer);
        }
    }

    async fn accept_waiting(
        &self,
        listener: &TcpListener,
    ) -> std::io::Result<(tokio::net::TcpStream, std::net::SocketAddr)> {
        tokio::select! {
            biased;
            accepted = listener.accept() => accepted,
            () = std::future::ready(()) => Err(std::io::ErrorKind::WouldBlock.into()),
        }
    }

    async fn accepted(
        self: &Rc<Self>,
        accepted: std::io::Result<(tokio::net::TcpStream, std::net::SocketAddr)>,
    ) {
        match accepted {
            Ok((stream, peer)) => self.serve(stream, peer),
            Err(error) if is_of_client(&error) => {}
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "accepting a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }

    fn serve(self: &Rc<Self>, stream: tokio::net::TcpStream, peer: std::net::SocketAddr) {
        let watch = Arc::new(Watch::new(self.coarse.clone()));
        self.watches.borrow_mut().push(Arc::downgrade(&watch));
        let task = connection::serve(self.clone(), stream, peer.ip(), watch, self.opened());
        drop(tokio::task::spawn_local(task));
    }

    /// Counts a connection or a tunnel.
    pub(crate) fn opened(self: &Rc<Self>) -> Open {
        self.open.set(self.open.get() + 1);
        Open(self.clone())
    }

    async fn until_fewer_than(&self, limit: usize) {
        loop {
            let fewer = self.fewer.notified();
            if self.open.get() < limit {
                return;
            }
            fewer.await;
        }
    }

    fn finish_open(&self) {
        self.watches.borrow().iter().filter_map(Weak::upgrade).for_each(|watch| watch.finish());
    }

    /// Closes what takes too long, follows the table, and writes the log, for ever.
    async fn keep_house(&self, limits: &Limits) -> ! {
        let mut tick = tokio::time::interval(TICK);
        let flush = async {
            match &self.log {
                Some(log) => log.flush_in_time().await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(flush);
        loop {
            tokio::select! {
                () = &mut flush => {}
                _ = tick.tick() => self.tick(limits),
            }
        }
    }

    fn tick(&self, limits: &Limits) {
        let now = Instant::now();
        self.ticked.set(now);
        let millis = now.duration_since(self.started).as_millis();
        let millis = u64::try_from(millis).unwrap_or(u64::MAX);
        self.coarse.store(millis, Relaxed);
        self.watches.borrow_mut().retain(|watch| match watch.upgrade() {
            Some(watch) => {
                watch.tick(limits);
                true
            }
            None => false,
        });
        self.pool.tidy(now);
        drop(self.live());
    }

    /// The table in force, as this worker knows it; connections to what is gone from it are closed.
    pub(crate) fn live(&self) -> Arc<Live> {
        let mut live = self.live.borrow_mut();
        if !self.plane.is_in_force(&live) {
            *live = self.plane.live();
            self.pool.follow(&live);
            self.shared_connections.follow(&live);
        }
        live.clone()
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.config.limits
    }

    pub(crate) fn trusts(&self, peer: IpAddr) -> bool {
        self.config.trusted_proxies.iter().any(|network: &Network| network.contains(peer))
    }

    pub(crate) fn roll(&self) -> u64 {
        self.random.borrow_mut().random()
    }

    /// A new identity for a request.
    pub(crate) fn request_id(&self) -> HeaderValue {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let random: u128 = self.random.borrow_mut().random();
        let digit = |i: usize| DIGITS[(random >> (4 * i)) as usize & 15];
        let text: [u8; 32] = std::array::from_fn(digit);
        HeaderValue::from_bytes(&text).expect("digits are a header value")
    }

    pub(crate) fn taker(&self) -> Option<&Taker> {
        self.taker.as_ref()
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(crate) fn log(&self) -> Option<&Lines> {
        self.log.as_ref()
    }

    /// Writes the time, as `2026-11-21T04:05:06.789Z`.
    pub(crate) fn time(&self, line: &mut Vec<u8>) {
        let now = self.clock.now();
        let mut second = self.second.borrow_mut();
        if second.0 != now.timestamp() {
            *second = (now.timestamp(), now.format("%Y-%m-%dT%H:%M:%S").to_string());
        }
        line.extend_from_slice(second.1.as_bytes());
        let millis = u64::from(now.timestamp_subsec_millis().min(999));
        line.push(b'.');
        line.extend_from_slice(&[100, 10, 1].map(|place| digit(millis / place)));
        line.push(b'Z');
    }

    /// The time of the last tick: good enough for what is idle for a minute.
    pub(crate) fn about_now(&self) -> Instant {
        self.ticked.get()
    }

    /// A request that belongs to no release was refused.
    pub(crate) fn refused(&self, refusal: Refusal) {
        self.refused.count(refusal);
    }

    /// Waits until the router is told to stop.
    pub(crate) async fn stopping(&self) {
        self.stopping.cancelled().await;
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }
}

fn is_of_client(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionReset)
}
