//! The command line, as people and scripts use it: the real program, its output, its exit status.

use crate::world::INTERNAL_TOKEN;
use crate::{ADMIN_TOKEN, World, program};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use testkit::eventually;

/// What is followed appears within this.
const PATIENCE: Duration = Duration::from_mins(3);

/// What a command did.
#[derive(Debug)]
pub struct Ran {
    /// The exit status.
    pub status: i32,
    /// What it printed.
    pub out: String,
    /// What it complained of.
    pub complaint: String,
}

impl Ran {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            status: output.status.code().unwrap_or(-1),
            out: text(&output.stdout),
            complaint: text(&output.stderr),
        }
    }

    /// Its output; panics unless it did what was asked.
    pub fn done(self) -> String {
        assert_eq!(self.status, 0, "{}{}", self.out, self.complaint);
        self.out
    }

    /// The output as JSON; panics when it is none, or the command failed.
    pub fn json(self) -> serde_json::Value {
        let out = self.done();
        serde_json::from_str(&out).unwrap_or_else(|error| unreachable!("{error}: {out}"))
    }

    /// Status and complaint of a command that failed, as one line.
    pub fn failed(self) -> String {
        assert_ne!(self.status, 0, "{}", self.out);
        let lines: Vec<&str> = self.complaint.lines().map(str::trim).collect();
        format!("{} {}", self.status, lines.join(" | "))
    }
}

/// A command that follows something and does not end by itself; killed when this is dropped.
#[derive(Debug)]
pub struct Follower {
    child: Child,
    said: tempfile::NamedTempFile,
}

impl Follower {
    /// What it has shown so far.
    pub fn shown(&self) -> String {
        std::fs::read_to_string(self.said.path()).unwrap_or_default()
    }

    /// Waits until it has shown `text`.
    pub async fn shows(&self, text: &str) {
        let what = format!("the command to show {text:?}");
        let shows =
            eventually(&what, 2 * PATIENCE, async || self.shown().contains(text).then_some(()));
        let shows = tokio::time::timeout(PATIENCE, shows).await;
        assert!(shows.is_ok(), "{text:?} is not in {:?}", self.shown());
    }

    /// Its exit status, if it has ended.
    pub fn ended(&mut self) -> Option<i32> {
        self.child.try_wait().expect("it is our child").map(|status| status.code().unwrap_or(-1))
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A command that runs.
#[derive(Debug)]
pub struct Begun(Child);

impl Begun {
    /// Waits for its end.
    pub fn ran(self) -> Ran {
        Ran::of(&self.0.wait_with_output().expect("it ends"))
    }
}

/// Runs `slipway` where there is no platform, with this variable; `line` is split at blanks.
pub fn slipway_alone((name, value): (&str, &str), line: &str) -> Ran {
    let mut command = Command::new(slipway());
    command.env_clear().env(name, value).args(line.split_whitespace());
    Ran::of(&command.output().expect("`cargo build --workspace --bins` made it"))
}

fn slipway() -> PathBuf {
    program("router").with_file_name("slipway")
}

impl World {
    /// Runs `slipway` as the administrator; `line` is split at blanks.
    pub fn slipway(&self, line: &str) -> Ran {
        self.slipway_as(ADMIN_TOKEN, line, "")
    }

    /// Runs `slipway` with this token and this on its standard input.
    pub fn slipway_as(&self, token: &str, line: &str, input: &str) -> Ran {
        self.begin(token, line, input).ran()
    }

    /// Runs `slipway` on the host of the platform, with what is there when nothing answers but the router.
    pub fn slipway_on_host(&self, line: &str) -> Ran {
        let token = self.data().join("internal-token");
        std::fs::write(&token, INTERNAL_TOKEN).expect("a file");
        let line = format!(
            "{line} --router {} --internal-token-file {}",
            self.router_control(),
            token.display()
        );
        self.slipway(&line)
    }

    /// Starts `slipway` as the administrator, and leaves it running.
    pub fn slipway_begins(&self, line: &str) -> Begun {
        self.begin(ADMIN_TOKEN, line, "")
    }

    /// Starts `slipway` as the administrator to follow something.
    pub fn slipway_follows(&self, line: &str) -> Follower {
        let said = tempfile::NamedTempFile::new().expect("a file");
        let mut command = self.command(ADMIN_TOKEN, line);
        command.stdin(Stdio::null()).stdout(said.reopen().expect("a file"));
        let child = command.spawn().expect("`cargo build --workspace --bins` made it");
        Follower { child, said }
    }

    fn command(&self, token: &str, line: &str) -> Command {
        let mut command = Command::new(slipway());
        command
            .env_clear()
            .env("SLIPWAY_SERVER", self.api())
            .env("SLIPWAY_TOKEN", token)
            .args(line.split_whitespace());
        command
    }

    fn begin(&self, token: &str, line: &str, input: &str) -> Begun {
        let mut command = self.command(token, line);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("`cargo build --workspace --bins` made it");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A command that reads nothing may have ended already.
        drop(stdin.write_all(input.as_bytes()));
        drop(stdin);
        Begun(child)
    }
}
