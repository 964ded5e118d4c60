//! One service, in a runtime of its own: stopping it is SIGTERM, killing it is SIGKILL, and nothing of it
//! goes on after that.

use std::time::Duration;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// How long a service may take to stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running service.
#[derive(Debug)]
pub struct Running {
    name: &'static str,
    runtime: Option<Runtime>,
    cancel: CancellationToken,
    ended: Option<std::sync::mpsc::Receiver<anyhow::Result<()>>>,
}

impl Running {
    /// Runs what `serve` makes until it is stopped.
    pub fn start<F>(name: &'static str, serve: impl FnOnce(CancellationToken) -> F) -> Self
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name(name)
            .enable_all()
            .build()
            .expect("a runtime");
        let cancel = CancellationToken::new();
        let (sender, ended) = std::sync::mpsc::channel();
        let serving = serve(cancel.clone());
        runtime.spawn(async move {
            let result = serving.await;
            if let Err(error) = &result {
                tracing_of(name, error);
            }
            // Nobody listens to one that was killed.
            drop(sender.send(result));
        });
        Self { name, runtime: Some(runtime), cancel, ended: Some(ended) }
    }

    /// SIGTERM: it finishes what it does.
    pub fn stop(mut self) {
        self.cancel.cancel();
        let ended = self.ended.take().expect("it was started");
        let name = self.name;
        let result = ended.recv_timeout(PATIENCE);
        assert!(result.is_ok(), "{name} does not stop within {} s", PATIENCE.as_secs());
    }

    /// SIGKILL: nothing is finished.
    pub fn kill(mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[expect(clippy::print_stderr, reason = "the output of a test")]
fn tracing_of(name: &str, error: &anyhow::Error) {
    eprintln!("{name} ended: {error:#}");
}

impl Drop for Running {
    fn drop(&mut self) {
        self.cancel.cancel();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
