//! The life of a process: telemetry, work, signals, flush.

use crate::{Env, Shutdown, shutdown::Signals, telemetry::Telemetry};
use std::process::ExitCode;
use std::time::Duration;

/// Exit status of a service that had to be abandoned.
const ABANDONED: u8 = 3;
/// Services wait for IO; a few threads keep memory small.
const WORKER_THREADS: usize = 2;
/// How long blocking work may delay the end of the process.
const LAST_MOMENTS: Duration = Duration::from_millis(500);

/// Runs a service until it ends or is told to: 0 when all is well, 1 with an error, 3 when it did not
/// stop after SIGTERM or SIGINT within 45 seconds or before a second signal.
pub fn main<Run, Work>(name: &'static str, run: Run) -> ExitCode
where
    Run: FnOnce(Env, Shutdown) -> Work,
    Work: Future<Output = anyhow::Result<()>>,
{
    let built = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKER_THREADS)
        .thread_name(name)
        .enable_all()
        .build();
    let Ok(runtime) = built else { return ExitCode::FAILURE };
    let code = runtime.block_on(async {
        let telemetry = Telemetry::install(name, &Env::process());
        let code = live(run).await;
        telemetry.flush().await;
        code
    });
    runtime.shutdown_timeout(LAST_MOMENTS);
    code
}

async fn live<Run, Work>(run: Run) -> ExitCode
where
    Run: FnOnce(Env, Shutdown) -> Work,
    Work: Future<Output = anyhow::Result<()>>,
{
    let shutdown = Shutdown::default();
    let signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return failed(&error.into()),
    };
    tokio::select! {
        ended = run(Env::process(), shutdown.clone()) => match ended {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => failed(&error),
        },
        () = signals.until_patience_ends(&shutdown) => ExitCode::from(ABANDONED),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    tracing::error!(error = format!("{error:#}"), "ended with an error");
    ExitCode::FAILURE
}
