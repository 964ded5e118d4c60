//! Keeps programs running: starts each, starts it again when it dies, and ends it in good order.

mod board;
mod keep;

pub(super) use board::Board;

use super::journal::Journal;
use super::plan::{Program, Tier};
use super::{Error, Layout, files};
use futures_util::future::try_join_all;
use keep::Keeper;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often a program that starts is asked whether it answers.
const ASK: Duration = Duration::from_millis(100);
/// A program that died so often while starting will not get ready.
const HOPELESS: u32 = 3;
/// Lines of its log that a program's failure shows.
const LOG_LINES: usize = 15;

/// The programs that are kept running.
#[derive(Debug)]
pub(super) struct Supervisor {
    layout: Layout,
    journal: Arc<Journal>,
    board: Board,
    kept: Vec<Kept>,
}

#[derive(Debug)]
struct Kept {
    tier: Tier,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Supervisor {
    /// Keeps nothing yet.
    pub(super) fn new(layout: &Layout, journal: Arc<Journal>, board: Board) -> Self {
        Self { layout: layout.clone(), journal, board, kept: Vec::new() }
    }

    /// Starts the programs and waits until all answer.
    pub(super) async fn start(&mut self, programs: Vec<Program>) -> Result<(), Error> {
        for program in &programs {
            let stop = CancellationToken::new();
            let keeper = Keeper {
                program: program.clone(),
                log: self.layout.log(program.name),
                journal: self.journal.clone(),
                board: self.board.clone(),
                stop: stop.clone(),
            };
            let task = tokio::spawn(keeper.run());
            self.kept.push(Kept { tier: program.tier, stop, task });
        }
        // The first that cannot get ready ends the wait for all.
        try_join_all(programs.iter().map(|program| self.await_ready(program))).await?;
        Ok(())
    }

    async fn await_ready(&self, program: &Program) -> Result<(), Error> {
        let begun = Instant::now();
        loop {
            let said = match program.ready.ask().await {
                Ok(()) => break,
                Err(said) => said,
            };
            let restarts = self.board.restarts(program.name);
            let why = if restarts >= HOPELESS {
                format!("it ended {restarts} times")
            } else if begun.elapsed() > program.tier.patience() {
                let seconds = program.tier.patience().as_secs();
                format!("it does not answer within {seconds} s ({said})")
            } else {
                tokio::time::sleep(ASK).await;
                continue;
            };
            let log = files::tail(&self.layout.log(program.name), LOG_LINES);
            return Err(Error::NotReady { program: program.name.to_owned(), why, log });
        }
        self.journal.note(&format!("{} is ready", program.name));
        self.board.ready(program.name)
    }

    /// Ends everything, the last started first.
    pub(super) async fn stop(&mut self) {
        for tier in Tier::ALL.into_iter().rev() {
            let (now, later) = self.kept.drain(..).partition(|kept: &Kept| kept.tier == tier);
            self.kept = later;
            for kept in &now {
                kept.stop.cancel();
            }
            for kept in now {
                if kept.task.await.is_err() {
                    self.journal.note("a keeper broke down");
                }
            }
        }
    }
}
