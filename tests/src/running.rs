//! One service, as the program that customers run: stopping it is SIGTERM, killing it is SIGKILL, pausing it is
//! SIGSTOP.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use testkit::awaited;

/// How long a service may take to stop.
const PATIENCE: Duration = Duration::from_mins(5);

/// A running service; killed when this is dropped.
#[derive(Debug)]
pub struct Running {
    name: &'static str,
    child: Child,
}

impl Running {
    /// Starts `slipway-<name>` with these settings; what it says is appended to `log`.
    pub fn start(name: &'static str, settings: &[(&'static str, String)], log: &Path) -> Self {
        let program = program(name);
        let log = OpenOptions::new().create(true).append(true).open(log).expect("a log");
        let mut command = Command::new(&program);
        command
            .env_clear()
            .envs(kept())
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log);
        let child = command.spawn();
        let child = child.unwrap_or_else(|error| {
            unreachable!(
                "{}: {error}; run `cargo build --workspace --bins` first",
                program.display()
            )
        });
        Self { name, child }
    }

    /// The id of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGTERM: it finishes what it does.
    pub fn stop(mut self) {
        self.send(Signal::SIGTERM);
        let name = self.name;
        awaited(PATIENCE, || format!("{name} does not stop"), || self.ended());
    }

    /// SIGKILL: nothing is finished.
    pub fn kill(mut self) {
        self.end();
    }

    /// SIGSTOP: it stands still, and does not know it.
    pub fn pause(&self) {
        self.send(Signal::SIGSTOP);
    }

    /// SIGCONT: it goes on as if no time had passed.
    pub fn go_on(&self) {
        self.send(Signal::SIGCONT);
    }

    /// Whether it ended by itself.
    pub fn ended(&mut self) -> bool {
        self.child.try_wait().expect("it is our child").is_some()
    }

    fn send(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().try_into().expect("an id of a process"));
        kill(pid, signal).expect("it can be signalled");
    }

    fn end(&mut self) {
        // One that has ended already cannot be killed, which is what is wanted.
        drop(self.child.kill());
        self.child.wait().expect("it ends");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// The program of a service, in the folder of what runs or one above it: tests lie in `<profile>/deps`, the
/// benchmarks in `<profile>`.
pub fn program(name: &str) -> PathBuf {
    let running = std::env::current_exe().expect("what runs has a path");
    let program = format!("slipway-{name}");
    let mut places = running.ancestors().skip(1).map(|folder| folder.join(&program));
    places.find(|place| place.is_file()).unwrap_or_else(|| PathBuf::from(program))
}

/// What a program needs of the environment: where git is found, and where its settings lie.
#[expect(clippy::disallowed_methods, reason = "it is handed on, not read")]
fn kept() -> impl Iterator<Item = (String, String)> {
    std::env::vars().filter(|(name, _)| ["PATH", "HOME", "TMPDIR", "LANG"].contains(&name.as_str()))
}
