//! Serves HTTP/1.1 and HTTP/2 without TLS on one listener, and stops without cutting anyone off.

use axum::Router;
use axum::extract::ConnectInfo;
use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceBuilder;

/// How long open requests may take after the service was told to stop.
const GRACE: Duration = Duration::from_secs(30);
/// How long a client may take to send the head of a request.
const HEADER_READ: Duration = Duration::from_secs(10);
/// How often an idle HTTP/2 connection is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(30);
/// How long the answer to that may take.
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// How many requests one HTTP/2 connection may have open.
const STREAMS: u32 = 1024;
/// What is read ahead of one connection: the head of a request fits, and a body waits at its sender.
const READ_AHEAD: usize = 64 << 10;
/// How long to wait when the machine is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves `router` until `cancel`, then waits up to 30 seconds for open requests.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    cancel: CancellationToken,
) -> io::Result<()> {
    let connections = builder();
    let graceful = GracefulShutdown::new();
    loop {
        tokio::select! {
            () = cancel.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let service = ServiceBuilder::new()
                        .map_request(move |request| told(request, peer))
                        .service(router.clone());
                    tokio::spawn(converse(connections.clone(), stream, service, graceful.watcher()));
                }
                Err(error) => pause_after(&error).await,
            },
        }
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("closing connections that are still busy");
    }
    Ok(())
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ)
        .max_buf_size(READ_AHEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_TIMEOUT)
        .max_concurrent_streams(STREAMS);
    builder
}

/// Says where a request comes from.
fn told(mut request: Request<Incoming>, peer: SocketAddr) -> Request<Incoming> {
    request.extensions_mut().insert(ConnectInfo(peer));
    request
}

async fn converse<S>(
    builder: Builder<TokioExecutor>,
    stream: TcpStream,
    service: S,
    watcher: Watcher,
) where
    S: tower::Service<Request<Incoming>, Response = Response, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
{
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "setting TCP_NODELAY");
    }
    let service = TowerToHyperService::new(service);
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection.into_owned()).await {
        tracing::debug!(error, "connection ended early");
    }
}

/// One connection that could not be accepted is no reason to stop, and none to spin.
async fn pause_after(error: &io::Error) {
    let of_the_client =
        matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset);
    if !of_the_client {
        tracing::warn!(%error, "accepting a connection");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}
