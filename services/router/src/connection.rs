//! One connection of a client: HTTP/1.1 or HTTP/2, found out from its first bytes.

use crate::forward;
use crate::headers::Client;
use crate::upstream::http2::OnThisThread;
use crate::watch::{Command, Socket, Watch};
use crate::worker::{Open, Worker};
use http::HeaderValue;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use std::convert::Infallible;
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::net::TcpStream;

/// How often a silent HTTP/2 connection is asked whether it lives.
const PING_EVERY: Duration = Duration::from_secs(30);
/// How many requests one HTTP/2 connection may have open: nginx's 128, rounded up for gRPC.
const STREAMS: u32 = 256;
/// No method of HTTP/1.1 starts like the preface of HTTP/2.
const PREFACE: &[u8; 4] = b"PRI ";

/// Serves a connection until it ends or is told to.
pub(crate) async fn serve(
    worker: Rc<Worker>,
    stream: TcpStream,
    peer: IpAddr,
    watch: Arc<Watch>,
    _open: Open,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(error = &error as &dyn std::error::Error, "setting TCP_NODELAY");
    }
    let speaks = tokio::time::timeout(worker.limits().head_timeout, speaks_http2(&stream));
    let Ok(Ok(http2)) = speaks.await else { return };
    let peer = peer.to_canonical();
    let address = HeaderValue::from_str(&peer.to_string()).expect("an address is a header value");
    let client = Rc::new(Client { address, trusted: worker.trusts(peer) });
    let socket = Socket::new(stream, watch.clone());
    let head_bytes = worker.limits().head_bytes;
    if worker.is_stopping() {
        watch.finish();
    }
    let service = {
        let watch = watch.clone();
        service_fn(move |request| {
            let (worker, client, watch) = (worker.clone(), client.clone(), watch.clone());
            async move { Ok::<_, Infallible>(forward::answer(&worker, &client, &watch, request).await) }
        })
    };
    if http2 {
        watch.is_multiplexed();
        let connection = http2::Builder::new(OnThisThread)
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_EVERY)
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(u32::try_from(head_bytes).unwrap_or(u32::MAX))
            .serve_connection(socket, service);
        drive(connection, http2::Connection::graceful_shutdown, &watch).await;
    } else {
        let connection = http1::Builder::new()
            .header_read_timeout(None)
            .max_header_size(head_bytes)
            .serve_connection(socket, service)
            .with_upgrades();
        drive(connection, http1::UpgradeableConnection::graceful_shutdown, &watch).await;
    }
}

async fn drive<C, E>(connection: C, finish: fn(Pin<&mut C>), watch: &Watch)
where
    C: Future<Output = Result<(), E>>,
    E: std::error::Error + 'static,
{
    let mut connection = pin!(connection);
    let mut told = false;
    let ended = poll_fn(|cx| {
        let command = watch.command(cx);
        if command == Command::Close {
            return Poll::Ready(Ok(()));
        }
        // What has come is read first: a request that is here is answered, also when this is the end.
        let ended = connection.as_mut().poll(cx);
        if command != Command::Finish || told || ended.is_ready() {
            return ended;
        }
        told = true;
        finish(connection.as_mut());
        connection.as_mut().poll(cx)
    });
    if let Err(error) = ended.await {
        tracing::debug!(error = &error as &dyn std::error::Error, "connection of a client");
    }
}

/// Looks at the first bytes without taking them.
async fn speaks_http2(stream: &TcpStream) -> std::io::Result<bool> {
    let mut first = [0; PREFACE.len()];
    loop {
        let count = stream.peek(&mut first).await?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if count == first.len() || first[..count] != PREFACE[..count] {
            return Ok(first == *PREFACE);
        }
        // What was seen stays readable, so that waiting for more would not wait.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
