//! A gateway on threads of its own, so that it can end without a word, as one that is killed.

use gateway::Config;
use std::net::SocketAddr;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A gateway that runs until this is dropped.
pub(crate) struct Running {
    threads: Option<(Runtime, JoinHandle<()>)>,
    cancel: CancellationToken,
}

impl Running {
    /// Starts it: where webhooks arrive, where clients ask.
    pub(crate) async fn start(config: Config) -> (SocketAddr, SocketAddr, Self) {
        let mut threads = Builder::new_multi_thread();
        let runtime = threads.worker_threads(2).enable_all().build().expect("threads");
        let begun = runtime.spawn(async { gateway::start(config).await.expect("it starts") });
        let gateway = begun.await.expect("it listens");
        let (hooks, api) = (gateway.hooks_address(), gateway.api_address());
        let cancel = CancellationToken::new();
        let run = Box::pin(gateway.run(cancel.clone()));
        let running = runtime.spawn(async { run.await.expect("it ends as it was told") });
        (hooks, api, Self { threads: Some((runtime, running)), cancel })
    }

    /// Ends it where it stands.
    pub(crate) fn kill(mut self) {
        let (runtime, _) = self.threads.take().expect("it runs");
        runtime.shutdown_background();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.cancel.cancel();
        if let Some((runtime, running)) = self.threads.take() {
            // Nobody waits for it, but it ends what it began.
            std::thread::spawn(move || runtime.block_on(running));
        }
    }
}
