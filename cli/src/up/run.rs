//! The supervisor's life: alone on its data directory, it starts everything, stays, and stops everything.

use super::journal::Journal;
use super::postgres::Postgres;
use super::prepare::{self, Prepared};
use super::process::Process;
use super::supervise::{Board, Supervisor};
use super::{Error, Layout, Phase, State, stop};
use nix::fcntl::{Flock, FlockArg};
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

pub(crate) use super::prepare::Options;

/// Runs the platform until it is told to stop. `ready` is told where things answer.
pub(crate) async fn foreground(
    layout: &Layout,
    options: Options,
    echo: bool,
    ready: impl FnOnce(&State) -> Result<(), crate::error::Error>,
) -> Result<(), crate::error::Error> {
    prepare::directories(layout)?;
    let _alone = alone(layout)?;
    let journal = Arc::new(Journal::open(layout, echo)?);
    stop::end_leftovers(layout, |text| journal.note(text)).await?;
    let board = Board::new(layout.clone(), first_state()?);
    board.write()?;
    let stopping = stopping()?;
    let caller = caller();
    let prepared = prepare::prepare(layout, options, caller).inspect_err(|error| {
        board.fail(&error.to_string());
    })?;
    board.announce(&prepared.programs, prepared.addresses.clone())?;
    let Prepared { programs, postgres, .. } = prepared;
    let mut supervisor = Supervisor::new(layout, journal.clone(), board.clone());
    let started = tokio::select! {
        started = start(&mut supervisor, programs, postgres.as_ref()) => started,
        () = stopping.cancelled() => Err(Error::Stopped),
    };
    let outcome = match started {
        Ok(()) => {
            board.phase(Phase::Ready)?;
            journal.note("everything answers");
            let told = ready(&board.state());
            stopping.cancelled().await;
            told
        }
        Err(error) => {
            journal.note(&error.to_string());
            Err(error.into())
        }
    };
    board.phase(Phase::Stopping)?;
    journal.note("stopping");
    supervisor.stop().await;
    match &outcome {
        Err(error) => board.fail(&error.to_string()),
        Ok(()) => board.remove(),
    }
    outcome
}

async fn start(
    supervisor: &mut Supervisor,
    programs: Vec<super::plan::Program>,
    postgres: Option<&Postgres<'_>>,
) -> Result<(), Error> {
    for tier in super::plan::Tier::ALL {
        let (now, _later): (Vec<_>, Vec<_>) =
            programs.iter().cloned().partition(|program| program.tier == tier);
        supervisor.start(now).await?;
        if let (super::plan::Tier::Database, Some(postgres)) = (tier, postgres) {
            postgres.set_up(&super::plan::STATEFUL)?;
        }
    }
    Ok(())
}

fn first_state() -> Result<State, Error> {
    let supervisor = Process::current().ok_or(Error::Stopped)?;
    Ok(State {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        phase: Phase::Starting,
        failure: String::new(),
        supervisor,
        addresses: BTreeMap::new(),
        programs: Vec::new(),
    })
}

/// The lock that keeps a second supervisor away. The kernel lets go of it when this process ends.
fn alone(layout: &Layout) -> Result<Flock<std::fs::File>, Error> {
    let path = layout.lock();
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(Error::file("open", &path))?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|_| {
        let pid = State::read(layout).ok().flatten().map_or(0, |state| state.supervisor.pid);
        Error::Running { pid }
    })
}

/// Cancelled by the first signal that asks to stop.
fn stopping() -> Result<CancellationToken, Error> {
    let listen = |kind: SignalKind| -> Result<Signal, Error> {
        signal(kind).map_err(|source| Error::Start { program: "slipway".to_owned(), source })
    };
    let (mut terminate, mut interrupt) =
        (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    let stopping = CancellationToken::new();
    let told = stopping.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        told.cancel();
    });
    Ok(stopping)
}

/// The environment of the caller; what is not text cannot be meant for us.
fn caller() -> BTreeMap<String, String> {
    let text = |(key, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((key.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}
