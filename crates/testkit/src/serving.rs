//! A server of this machine for a fake at the wire, until that is dropped.

use axum::Router;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// Serves `router` from now on, and says where.
pub(crate) async fn serving(router: Router) -> (SocketAddr, AbortOnDropHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let serving = tokio::spawn(async move {
        axum::serve(listener, router).await.expect("it serves until the test ends");
    });
    (address, AbortOnDropHandle::new(serving))
}
