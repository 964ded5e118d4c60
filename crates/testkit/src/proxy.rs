//! A wire between a program and what it talks to, on TCP or a unix socket, that can be made bad. It runs in a thread
//! of its own, so that a test that waits for a program does not stop it.

mod carry;
mod end;

use carry::carry;
use end::{Address, End, Listener};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What the wire does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everything passes.
    Pass,
    /// Everything passes, each part this much later.
    Slow(Duration),
    /// Connections are taken, and nothing is ever said on them. Those that were caught in it stay silent also when it
    /// is over, as after a network that forgot them.
    BlackHole,
    /// Every connection is reset.
    Reset,
    /// A request that holds this text passes and is done; its answer is lost, and the connection with it.
    CutAnswers(&'static str),
}

/// A wire; gone when this is dropped, with all its connections.
#[derive(Debug)]
pub struct Proxy {
    mode: watch::Sender<Mode>,
    cuts: Arc<AtomicU64>,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// A wire from `listen` to `target`.
    pub fn tcp(listen: SocketAddr, target: SocketAddr) -> Self {
        let bound = std::net::TcpListener::bind(listen).expect("an address for the wire");
        bound.set_nonblocking(true).expect("a socket");
        let listener =
            move || tokio::net::TcpListener::from_std(bound).map(Listener::Tcp).expect("a runtime");
        Self::start(listener, Address::Tcp(target))
    }

    /// A wire from the socket `listen` to the socket `target`.
    pub fn unix(listen: &Path, target: &Path) -> Self {
        let bound = std::os::unix::net::UnixListener::bind(listen).expect("a path for the wire");
        bound.set_nonblocking(true).expect("a socket");
        let listener = move || {
            tokio::net::UnixListener::from_std(bound).map(Listener::Unix).expect("a runtime")
        };
        Self::start(listener, Address::Unix(target.to_owned()))
    }

    fn start(listener: impl FnOnce() -> Listener + Send + 'static, target: Address) -> Self {
        let (mode, modes) = watch::channel(Mode::Pass);
        let (cuts, stop) = (Arc::new(AtomicU64::new(0)), CancellationToken::new());
        let (counted, stopped) = (Arc::clone(&cuts), stop.clone());
        let work = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                tokio::select! {
                    () = stopped.cancelled() => {}
                    () = serve(listener(), target, modes, counted) => {}
                }
            });
        };
        let thread = std::thread::Builder::new().name("proxy".to_owned()).spawn(work);
        Self { mode, cuts, stop, thread: Some(thread.expect("a thread")) }
    }

    /// From now on the wire does this, to the connections there are as to new ones.
    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// How many answers were lost in [`Mode::CutAnswers`].
    pub fn cuts(&self) -> u64 {
        self.cuts.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            // One that panicked said so already.
            drop(thread.join());
        }
    }
}

async fn serve(
    listener: Listener,
    target: Address,
    modes: watch::Receiver<Mode>,
    cuts: Arc<AtomicU64>,
) {
    // Dropped with the wire, and all connections with it.
    let mut connections = JoinSet::new();
    loop {
        let Ok(client) = listener.accept().await else { continue };
        let (target, modes, cuts) = (target.clone(), modes.clone(), Arc::clone(&cuts));
        connections.spawn(connect(client, target, modes, cuts));
        while connections.try_join_next().is_some() {}
    }
}

async fn connect(
    client: End,
    target: Address,
    mut modes: watch::Receiver<Mode>,
    cuts: Arc<AtomicU64>,
) {
    let mode = *modes.borrow_and_update();
    match mode {
        Mode::BlackHole => std::future::pending().await,
        Mode::Reset => client.reset(),
        Mode::Pass | Mode::Slow(_) | Mode::CutAnswers(_) => match target.connect().await {
            Ok(server) => carry(client, server, modes, &cuts).await,
            Err(_) => client.reset(),
        },
    }
}

#[cfg(test)]
mod tests;
