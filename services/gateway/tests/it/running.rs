//! A gateway on threads of its own, so that it can end without a word, as one that is killed.

use gateway::Config;
use std::net::SocketAddr;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

/// A gateway that runs until this is dropped.
pub(crate) struct Running(Option<Runtime>);

impl Running {
    /// Starts it: where webhooks arrive, where clients ask.
    pub(crate) async fn start(config: Config) -> (SocketAddr, SocketAddr, Self) {
        let mut threads = Builder::new_multi_thread();
        let runtime = threads.worker_threads(2).enable_all().build().expect("threads");
        let begun = runtime.spawn(async {
            let gateway = gateway::start(config).await.expect("the gateway starts");
            let addresses = (gateway.hooks_address(), gateway.api_address());
            tokio::spawn(gateway.run(CancellationToken::new()));
            addresses
        });
        let (hooks, api) = begun.await.expect("it listens");
        (hooks, api, Self(Some(runtime)))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Nothing is waited for: what it does is not done.
        self.0.take().expect("it ends once").shutdown_background();
    }
}
