//! A server of this machine for a fake at the wire, until that is dropped.

use axum::Router;
use axum::serve::Listener;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// Serves `router` from now on, and says where.
pub(crate) async fn serving(router: Router) -> (SocketAddr, AbortOnDropHandle<()>) {
    serving_at(port().await, router)
}

/// A port of this machine that nobody else has.
pub(crate) async fn port() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a port")
}

/// The same for who listens in a way of its own.
pub(crate) fn serving_at(
    listener: impl Listener<Addr = SocketAddr>,
    router: Router,
) -> (SocketAddr, AbortOnDropHandle<()>) {
    let address = listener.local_addr().expect("bound");
    let serving = tokio::spawn(async move {
        axum::serve(listener, router).await.expect("it serves until the test ends");
    });
    (address, AbortOnDropHandle::new(serving))
}
