//! Ends the platform, and what a supervisor that was killed left behind.

use super::process::Process;
use super::{Error, Layout, State};
use nix::sys::signal::Signal;
use std::time::Duration;
use tokio::time::Instant;

/// How long the supervisor may take: services, registry, NATS and Postgres end one after the other.
const ORDERLY: Duration = Duration::from_secs(100);
/// How long a process that nobody supervises may take.
const ALONE: Duration = Duration::from_secs(20);
/// How long a killed process may take to go.
const KILLED: Duration = Duration::from_secs(10);
/// How often one looks.
const LOOK: Duration = Duration::from_millis(50);

/// Stops the platform of `layout`; says how many processes that ended, or nothing when there was none.
pub(crate) async fn down(layout: &Layout) -> Result<Option<usize>, Error> {
    let Some(state) = State::read(layout)? else { return Ok(None) };
    let before = state.alive();
    if before.is_empty() {
        remove(layout)?;
        return Ok(None);
    }
    if state.supervisor.is_alive() {
        state.supervisor.signal(Signal::SIGTERM);
        let supervisor = [("supervisor".to_owned(), state.supervisor.clone())];
        gone(&supervisor, ORDERLY).await;
    }
    // It may have started programs again since; it is gone now, so what it wrote last is final.
    let last = State::read(layout)?.unwrap_or(state);
    end(&last.alive()).await?;
    remove(layout)?;
    Ok(Some(before.len()))
}

/// Ends what runs of an earlier supervisor that was killed. Its lock is ours.
pub(super) async fn end_leftovers(layout: &Layout, note: impl Fn(&str)) -> Result<(), Error> {
    let Some(state) = State::read(layout)? else { return Ok(()) };
    let left = state.alive();
    for (name, process) in &left {
        note(&format!("{name} (pid {}) is left from an earlier run and is ended", process.pid));
    }
    end(&left).await
}

/// Asks, waits, kills, waits.
async fn end(processes: &[(String, Process)]) -> Result<(), Error> {
    for (name, process) in processes {
        process.signal(if name == "postgres" { Signal::SIGINT } else { Signal::SIGTERM });
    }
    gone(processes, ALONE).await;
    for (_, process) in processes.iter().filter(|(_, process)| process.is_alive()) {
        process.kill_group();
        process.signal(Signal::SIGKILL);
    }
    gone(processes, KILLED).await;
    let is_left = |(_, process): &&(String, Process)| process.is_alive();
    let left: Vec<_> = processes.iter().filter(is_left).collect();
    if left.is_empty() {
        return Ok(());
    }
    let told = left.iter().map(|(name, process)| format!("{name} (pid {})", process.pid));
    Err(Error::Left(told.collect::<Vec<_>>().join(", ")))
}

async fn gone(processes: &[(String, Process)], patience: Duration) {
    let begun = Instant::now();
    while processes.iter().any(|(_, process)| process.is_alive()) && begun.elapsed() < patience {
        tokio::time::sleep(LOOK).await;
    }
}

fn remove(layout: &Layout) -> Result<(), Error> {
    match std::fs::remove_file(layout.state()) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::file("remove", &layout.state())(error))
        }
        _ => Ok(()),
    }
}
