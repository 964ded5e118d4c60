//! Whether the connection was lost. An answer that was awaited on a connection that broke never comes, so
//! whoever waits for one also watches the link and does not sit out a timeout.

use tokio::sync::watch;

/// How often there was a connection, told by the client.
#[derive(Debug, Clone)]
pub(crate) struct Connects(watch::Receiver<u64>);

impl Connects {
    /// The count, and what raises it.
    pub(crate) fn new() -> (watch::Sender<u64>, Self) {
        let (sender, receiver) = watch::channel(0);
        (sender, Self(receiver))
    }

    /// The link as it is now.
    pub(crate) fn link(&self) -> Link {
        let mut receiver = self.0.clone();
        receiver.mark_unchanged();
        Link(receiver)
    }
}

/// One connection, from a point in time on.
#[derive(Debug)]
pub(crate) struct Link(watch::Receiver<u64>);

impl Link {
    /// Waits until the connection was lost and another one is there.
    pub(crate) async fn replaced(&mut self) {
        if self.0.changed().await.is_err() {
            // The client is gone, and with it everything that could be awaited.
            std::future::pending::<()>().await;
        }
    }
}
