//! One program: started, logged, started again, and ended.

use super::Board;
use crate::up::backoff::Backoff;
use crate::up::child;
use crate::up::journal::Journal;
use crate::up::plan::Program;
use crate::up::process::Process;
use crate::up::rotate::Rotating;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, Command};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Keeps one program running until it is told to stop.
pub(super) struct Keeper {
    pub(super) program: Program,
    pub(super) log: PathBuf,
    pub(super) journal: Arc<Journal>,
    pub(super) board: Board,
    pub(super) stop: CancellationToken,
}

impl Keeper {
    /// Until it is told to stop.
    pub(super) async fn run(self) {
        let name = self.program.name;
        let mut backoff = Backoff::default();
        while !self.stop.is_cancelled() {
            let started = Instant::now();
            match self.start() {
                Ok(mut child) => {
                    let status = tokio::select! {
                        status = child.wait() => status,
                        () = self.stop.cancelled() => return self.end(child).await,
                    };
                    self.journal.note(&format!("{name} {}", ended(status)));
                }
                Err(error) => self.journal.note(&format!("{name} cannot be started: {error}")),
            }
            self.noted(self.board.died(name));
            let pause = backoff.after(started.elapsed());
            self.journal.note(&format!("{name} is started again in {} s", pause.as_secs()));
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.stop.cancelled() => return,
            }
        }
    }

    /// Starts the program in a process group of its own, so that signals of a terminal reach only us and
    /// what it starts itself can be ended with it.
    fn start(&self) -> std::io::Result<Child> {
        let program = &self.program;
        let (output, input) = std::io::pipe()?;
        let arguments = child::arguments(
            std::process::id(),
            program.account.as_ref(),
            program.stop,
            &program.argv,
        );
        let child = Command::new(std::env::current_exe()?)
            .args(arguments)
            .env_clear()
            .envs(&program.env)
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(input.try_clone()?)
            .stderr(input)
            .spawn()?;
        let log = Rotating::open(&self.log)?;
        tokio::spawn(copy(Receiver::from_owned_fd(output.into())?, log));
        let process = child.id().and_then(|pid| Process::running(i32::try_from(pid).ok()?));
        self.noted(self.board.process(program.name, process));
        Ok(child)
    }

    /// Asks the program to end, and kills what is left after its time.
    async fn end(&self, mut child: Child) {
        let name = self.program.name;
        let process = child.id().and_then(|pid| Process::running(i32::try_from(pid).ok()?));
        if let Some(process) = &process {
            process.signal(self.program.stop);
        }
        let grace = self.program.tier.grace();
        if let Ok(status) = tokio::time::timeout(grace, child.wait()).await {
            self.journal.note(&format!("{name} {}", ended(status)));
        } else {
            self.journal.note(&format!("{name} is killed after {} s", grace.as_secs()));
            if let Err(error) = child.kill().await {
                self.journal.note(&format!("{name} cannot be killed: {error}"));
            }
        }
        if let Some(process) = process {
            process.kill_group();
        }
        self.noted(self.board.process(name, None));
    }

    /// A full disk must not end the supervision.
    fn noted(&self, written: Result<(), crate::up::Error>) {
        if let Err(error) = written {
            self.journal.note(&error.to_string());
        }
    }
}

fn ended(status: std::io::Result<ExitStatus>) -> String {
    status.map_or_else(|error| format!("is lost: {error}"), |status| format!("ended: {status}"))
}

/// Copies what a program says to its log.
async fn copy(mut output: Receiver, mut log: Rotating) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = output.read(&mut buffer).await {
        // What does not fit on the disk is lost; the program must not be held up.
        let _full = log.write(&buffer[..length]);
    }
}
